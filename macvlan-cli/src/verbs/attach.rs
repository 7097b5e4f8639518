//! `macvlan attach`.

use clap::Args;
use macvlan_core::{Attachment, Endpoint, Error, ErrorKind};
use serde_json::{Value, json};

use crate::container;
use crate::endpoint::EndpointOptions;
use crate::failure::{Done, Failure};
use crate::output::style::{Role, paint};
use crate::output::texts;
use crate::progress::Progress;
use crate::session::Session;
use crate::signal::Signals;

/// Names the option by which the library's hint is followed.
pub(crate) fn refused(error: Error) -> Failure {
    let hint = error.hint().map(str::to_owned);
    let says = |end| hint.as_ref().is_some_and(|hint| hint.ends_with(end));
    let option = match error.kind() {
        ErrorKind::NeedsReplacement if says("allow its replacement") => "`--replace`",
        ErrorKind::GatewayUnreachable if says("or set onlink") => {
            "`--on-link-gateways`, or `onlink` in a `--route`"
        }
        _ => return error.into(),
    };
    Failure::from(error).by(hint.as_deref(), option)
}

/// Attach an interface to a container.
#[derive(Args)]
pub(crate) struct Attach {
    /// Print the steps as commands of `ip`, and do nothing
    #[arg(short = 'n', long)]
    plan: bool,
    #[command(flatten)]
    endpoint: EndpointOptions,
}

impl Attach {
    pub(crate) fn run(self, session: &Session) -> Done {
        let endpoint = self.endpoint.endpoint()?;
        if self.plan {
            return print_plan(session, &endpoint.plan()?.to_string());
        }
        let host = session.host()?;
        let container = container::find(&self.endpoint.container)?;
        let signals = Signals::catch()?;
        let host = host.cancelled_by(signals.cancel());
        let waiting = progress(&endpoint);
        let attachment = host.attach(&endpoint, &container.netns).map_err(refused)?;
        drop(waiting);
        session.print(|| line(&attachment), || describe(&attachment))
    }
}

/// Prints the steps that were not done, one on each line.
pub(crate) fn print_plan(session: &Session, plan: &str) -> Done {
    let steps = || plan.lines().map(Into::into).collect::<Vec<Value>>();
    session.print(|| plan.to_owned(), || json!({ "plan": steps() }))
}

/// Shows progress if an attach waits.
pub(crate) fn progress(endpoint: &Endpoint) -> Option<Progress> {
    let parent = endpoint.get_parent();
    endpoint.waits().then(|| Progress::start(format!("probing and announcing on {parent}")))
}

/// Returns an attachment as a line: the name, the MAC address and the addresses.
pub(crate) fn line(attachment: &Attachment) -> String {
    let mut words = vec![
        paint(Role::Name, attachment.name().as_str()),
        paint(Role::Mac, &attachment.mac().to_string()),
    ];
    words.extend(attachment.addresses().iter().map(|one| paint(Role::Address, &one.to_string())));
    words.join(" ")
}

/// Returns an attachment as JSON.
pub(crate) fn describe(attachment: &Attachment) -> Value {
    let mut described = json!({
        "name": attachment.name().as_str(),
        "index": attachment.index(),
        "kind": attachment.kind(),
        "mac": attachment.mac().to_string(),
        "mtu": attachment.mtu(),
        "parent": attachment.parent().to_string(),
        "addresses": texts(attachment.addresses()),
        "routes": texts(attachment.routes()),
        "rules": texts(attachment.rules()),
    });
    if let Some(tap) = attachment.tap_path() {
        described["tap"] = tap.display().to_string().into();
    }
    described
}
