//! The steps of a migration: all of them are done, or undone.

use macvlan_core::Cancel;

use crate::container::docker::{Daemon, NoResult};
use crate::failure::{Done, Failure, interrupted, status};
use crate::verbs::docker::described::{Endpoint, Network};
use crate::verbs::docker::request::Request;

/// A request, and the one that undoes it.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) request: Request,
    undo: Request,
}

impl Step {
    /// Removes what Docker keeps of a connection that it has refused.
    ///
    /// It keeps the settings, and does not start the container again when their network is gone.
    /// It removes those of a running container only when the network is gone, and by force.
    fn forget(&self, daemon: &Daemon) -> Done {
        let Request::Connect { name, endpoint } = &self.request else { return Ok(()) };
        let container = &endpoint.container;
        let path = format!("/containers/{container}/json");
        let found = daemon.get(&format!("inspect container {container:?}"), &path)?;
        if found["NetworkSettings"]["Networks"][name].is_null() {
            return Ok(());
        }
        let (name, container) = (name.clone(), container.clone());
        let undo = Request::Disconnect { name, container, force: true };
        undo.send(daemon).map_err(|reason| Failure::from(reason).and(by_hand(&undo)))
    }
}

/// Returns the steps that make a network with its containers again under another name.
///
/// `endpoints` are the containers as they are, and as they are to be. A container is in the old
/// network until it is about to be in the new one.
pub(super) fn of(
    network: &Network,
    (name, driver): (&str, &str),
    endpoints: &[(Endpoint, Endpoint)],
) -> Vec<Step> {
    let (old, new) = (network.name.clone(), name.to_owned());
    let create =
        Request::Create { network: network.clone(), name: new.clone(), driver: driver.to_owned() };
    let mut steps = vec![Step { request: create, undo: Request::Remove { name: new.clone() } }];
    for (is, to_be) in endpoints {
        let container = is.container.clone();
        let connect = |name: &String, endpoint: &Endpoint| Request::Connect {
            name: name.clone(),
            endpoint: endpoint.clone(),
        };
        let disconnect = |name: &String| Request::Disconnect {
            name: name.clone(),
            container: container.clone(),
            force: false,
        };
        steps.push(Step { request: disconnect(&old), undo: connect(&old, is) });
        steps.push(Step { request: connect(&new, to_be), undo: disconnect(&new) });
    }
    steps
}

/// Does the steps. If one of them fails, undoes those before it in reverse order, and tells which
/// could not be undone.
pub(super) fn run(steps: &[Step], daemon: &Daemon, cancel: &Cancel) -> Done {
    for (at, step) in steps.iter().enumerate() {
        let done = if cancel.is_cancelled() {
            Err(NoResult::Refused(Failure::new(
                interrupted(),
                "cannot finish the migration: interrupted by a signal",
            )))
        } else {
            step.request.send(daemon)
        };
        let Err(reason) = done else { continue };
        // One without an answer may have been done, or be done later; an undo of nothing is refused.
        if matches!(reason, NoResult::Unknown(_)) {
            let _ = step.undo.send(daemon);
        }
        let mut failure = Failure::from(reason);
        let mut undone = true;
        for step in steps[..at].iter().rev() {
            if let Request::Connect { endpoint, .. } = &step.undo {
                failure = endpoint.mac_of_its_own().into_iter().fold(failure, |failure, mac| {
                    failure.and(other(format!(
                        "container {:?} had the MAC address {mac}; Docker gives it another one when it \
                         connects it again",
                        endpoint.container
                    )))
                });
            }
            if let Err(reason) = step.undo.send(daemon) {
                undone = false;
                failure = failure.and(reason.into()).and(by_hand(&step.undo));
            }
        }
        if let Err(kept) = step.forget(daemon) {
            undone = false;
            failure = failure.and(kept);
        }
        if undone {
            failure = failure.and(other("all steps before it were undone"));
        }
        return Err(failure);
    }
    Ok(())
}

fn by_hand(undo: &Request) -> Failure {
    other(format!("to be undone by hand: {undo}"))
}

fn other(message: impl Into<String>) -> Failure {
    Failure::new(status::OTHER, message)
}
