//! `macvlan ensure`.

use clap::Args;

use crate::container;
use crate::endpoint::EndpointOptions;
use crate::failure::Done;
use crate::output::{lines, texts};
use crate::session::Session;
use crate::signal::Signals;
use crate::verbs::attach::{describe, line, print_plan, progress, refused};

/// Attach an interface if it is missing, and repair differences.
///
/// A repair that is refused does not undo earlier ones.
#[derive(Args)]
pub(crate) struct Ensure {
    /// Replace a link that cannot be changed, such as one on another parent
    #[arg(long)]
    replace: bool,
    /// Print the steps that are needed now as commands of `ip`, and do nothing
    #[arg(short = 'n', long)]
    plan: bool,
    #[command(flatten)]
    endpoint: EndpointOptions,
}

impl Ensure {
    pub(crate) fn run(self, session: &Session) -> Done {
        let endpoint = self.endpoint.endpoint()?;
        let host = session.host()?;
        let netns = container::find(&self.endpoint.container)?.netns;
        if self.plan {
            let plan = host.plan_ensure(&endpoint, &netns, self.replace);
            return print_plan(session, &plan.map_err(refused)?);
        }
        let signals = Signals::catch()?;
        let host = host.cancelled_by(signals.cancel());
        let waiting = progress(&endpoint);
        let ensured = if self.replace {
            host.ensure_or_replace(&endpoint, &netns).map_err(refused)?
        } else {
            host.ensure(&endpoint, &netns).map_err(refused)?
        };
        drop(waiting);
        let repaired = texts(&ensured.repaired);
        let plain = || {
            let repaired = repaired.iter().map(|one| format!("repaired: {one}"));
            lines(std::iter::once(line(&ensured.attachment)).chain(repaired))
        };
        session.print(plain, || {
            let mut described = describe(&ensured.attachment);
            described["repaired"] = repaired.clone().into();
            described
        })
    }
}
