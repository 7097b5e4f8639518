//! Requests that change networks of Docker, as its API takes them and as commands of a shell.

use std::fmt::{self, Display};

use serde_json::{Value, json};

use crate::container::docker::{Daemon, NoResult};
use crate::verbs::docker::described::{Endpoint, Network};

/// A request.
#[derive(Debug, Clone)]
pub(super) enum Request {
    /// Create the network under another name, by this driver.
    Create {
        network: Network,
        name: String,
        driver: String,
    },
    Remove {
        name: String,
    },
    /// Connect a container to the network of this name.
    Connect {
        name: String,
        endpoint: Endpoint,
    },
    /// Disconnect a container; by force also from a network that does not exist.
    Disconnect {
        name: String,
        container: String,
        force: bool,
    },
}

impl Request {
    /// Returns the method, the path and the body for the API.
    fn parts(&self) -> (&'static str, String, Option<Value>) {
        match self {
            Self::Create { network, name, driver } => {
                ("POST", "/networks/create".to_owned(), Some(network.body(name, driver)))
            }
            Self::Remove { name } => ("DELETE", format!("/networks/{name}"), None),
            Self::Connect { name, endpoint } => {
                let body =
                    json!({ "Container": endpoint.container, "EndpointConfig": endpoint.config() });
                ("POST", format!("/networks/{name}/connect"), Some(body))
            }
            Self::Disconnect { name, container, force } => {
                let body = json!({ "Container": container, "Force": force });
                ("POST", format!("/networks/{name}/disconnect"), Some(body))
            }
        }
    }

    /// Returns the request as an object.
    pub(super) fn describe(&self) -> Value {
        let (method, path, body) = self.parts();
        json!({ "method": method, "path": path, "body": body, "command": self.to_string() })
    }

    /// Sends the request.
    pub(super) fn send(&self, daemon: &Daemon) -> Result<(), NoResult> {
        let operation = match self {
            Self::Create { name, .. } => format!("create network {name:?}"),
            Self::Remove { name } => format!("remove network {name:?}"),
            Self::Connect { name, endpoint } => {
                format!("connect container {:?} to network {name:?}", endpoint.container)
            }
            Self::Disconnect { name, container, .. } => {
                format!("disconnect container {container:?} from network {name:?}")
            }
        };
        let (method, path, body) = self.parts();
        daemon.send(&operation, method, &path, body.as_ref()).map(drop)
    }
}

impl Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = Vec::new();
        match self {
            Self::Create { network, name, driver } => {
                words.extend(["docker", "network", "create"].map(str::to_owned));
                words.extend(network.options(driver));
                words.push(name.clone());
            }
            Self::Remove { name } => {
                words.extend(["docker", "network", "rm", name].map(str::to_owned));
            }
            Self::Connect { name, endpoint } => {
                words.extend(["docker", "network", "connect"].map(str::to_owned));
                words.extend(endpoint.options());
                words.extend([name.clone(), endpoint.container.clone()]);
            }
            Self::Disconnect { name, container, force } => {
                words.extend(["docker", "network", "disconnect"].map(str::to_owned));
                words.extend(force.then(|| "--force".to_owned()));
                words.extend([name.clone(), container.clone()]);
            }
        }
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        f.write_str(&quoted.join(" "))
    }
}

/// Quotes a word for the shell, if needed.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("tier=web"), "tier=web");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's; $(x)"), "'it'\\''s; $(x)'");
        assert_eq!(quoted(""), "''");
    }
}
