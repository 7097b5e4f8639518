//! Selects a container's interfaces by their names.

use macvlan_core::{Attachment, Host, LinkName};

use crate::container::Container;
use crate::failure::{Done, Failure};

/// Returns the interfaces with these names; without names the only one.
pub(crate) fn named(
    host: &Host,
    container: &Container,
    names: &[LinkName],
) -> Done<Vec<Attachment>> {
    for name in names {
        refuse_access(host, container, *name)?;
    }
    let found = all(host, container)?;
    match (names, &found[..]) {
        ([], [_]) => Ok(found),
        ([], _) => Err(Failure::usage(format!(
            "cannot select an interface: container {container} has {}; name those that are meant",
            list(&found)
        ))),
        _ => {
            if let Some(missing) = names.iter().find(|name| !has(&found, name)) {
                return Err(Failure::not_found(format!(
                    "cannot select {missing}: container {container} has only {} on this host's links",
                    list(&found)
                )));
            }
            Ok(found.into_iter().filter(|one| names.contains(&one.name())).collect())
        }
    }
}

/// Refuses the host's link of `macvlan access`, which is not an endpoint's.
fn refuse_access(host: &Host, container: &Container, name: LinkName) -> Done {
    if container.netns.id() != host.netns().id() {
        return Ok(());
    }
    let handle = host.handle()?;
    let parent = || handle.link(handle.link(name).ok()?.parent?).ok();
    let Some(parent) = parent() else { return Ok(()) };
    if host.find_access(&*parent.name)? != Some(name) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "cannot select {name}: it is the host's way to its containers; `macvlan access remove {}` removes it",
        parent.name
    )))
}

/// Returns all interfaces, at least one.
pub(crate) fn all(host: &Host, container: &Container) -> Done<Vec<Attachment>> {
    let mut found = host.attachments(&container.netns)?;
    found.sort_by(|one, other| one.name().as_str().cmp(other.name().as_str()));
    if found.is_empty() {
        return Err(Failure::not_found(format!(
            "cannot select an interface: container {container} has none on this host's links"
        )));
    }
    Ok(found)
}

fn has(found: &[Attachment], name: &LinkName) -> bool {
    found.iter().any(|one| one.name() == *name)
}

fn list(found: &[Attachment]) -> String {
    let names: Vec<String> = found.iter().map(|one| one.name().to_string()).collect();
    names.join(", ")
}
