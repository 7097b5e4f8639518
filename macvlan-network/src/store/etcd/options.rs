//! Options for connecting to etcd.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::life::Life;
use crate::name::check_name;

/// Options for connecting to etcd as a host.
///
/// ```no_run
/// use macvlan_network::{EtcdOptions, EtcdStore};
///
/// let options = EtcdOptions::new("host-1", ["https://10.0.0.7:2379"])
///     .ca(std::path::PathBuf::from("/etc/etcd/ca.pem"))
///     .user("macvlan", "secret");
/// let store = EtcdStore::open(&options)?;
/// # Ok::<(), macvlan_network::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct EtcdOptions {
    endpoints: Vec<String>,
    pub(super) host: String,
    pub(super) prefix: String,
    pub(super) timeout: Duration,
    pub(super) ttl: Duration,
    pub(super) life: Life,
    pub(super) agent: bool,
    pub(super) login: Option<Login>,
    ca: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
}

/// An etcd user.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) name: String,
    pub(super) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Certificates or a key, in PEM format.
#[derive(Clone)]
#[non_exhaustive]
pub enum Pem {
    /// A file, which is read when the store is opened.
    File(PathBuf),
    /// The PEM text.
    Text(Vec<u8>),
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // The text may be a key.
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}

impl From<PathBuf> for Pem {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for Pem {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<Vec<u8>> for Pem {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(text)
    }
}

impl Pem {
    fn read(&self, what: &str, label: &str) -> Result<Vec<u8>> {
        let (operation, text) = match self {
            Self::File(path) => {
                let operation = format!("read {what} {}", path.display());
                let text = fs::read(path).map_err(|error| Error::file(operation.clone(), error))?;
                (operation, text)
            }
            Self::Text(text) => (format!("read {what}"), text.clone()),
        };
        let is_there = text.split(|byte| *byte == b'\n').any(|line| {
            line.starts_with(b"-----BEGIN ") && line.trim_ascii_end().ends_with(label.as_bytes())
        });
        if is_there {
            return Ok(text);
        }
        let label = label.trim_end_matches('-').to_lowercase();
        Err(Error::invalid(operation, format!("no {label} was found in PEM format")))
    }
}

/// The certificates that were read for TLS.
pub(super) struct Certificates {
    pub(super) ca: Vec<u8>,
    /// This host's certificate and its key.
    pub(super) own: Option<(Vec<u8>, Vec<u8>)>,
}

impl EtcdOptions {
    /// Makes options for a host with a unique name, and for endpoints of etcd.
    ///
    /// Endpoints are like `http://10.0.0.7:2379`, or `https://` with [`EtcdOptions::ca`].
    pub fn new<E: Into<String>>(
        host: impl Into<String>,
        endpoints: impl IntoIterator<Item = E>,
    ) -> Self {
        Self {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            host: host.into(),
            prefix: "/macvlan/".to_owned(),
            timeout: Duration::from_secs(5),
            ttl: Duration::from_secs(60),
            life: Life::Process,
            agent: false,
            login: None,
            ca: None,
            certificate: None,
            key: None,
        }
    }

    /// Sets the prefix of all keys. Defaults to `/macvlan/`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        if !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        self
    }

    /// Sets the time limit for an answer. Defaults to 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long this host counts as alive without contact. Defaults to 60 s.
    ///
    /// The time starts when its last process with an open store ends or loses contact with etcd.
    /// After that, other hosts may collect the leases of its containers. If processes end at once,
    /// see [`EtcdOptions::life`].
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets by what this host counts as alive when this process has ended. Defaults to
    /// [`Life::Process`].
    ///
    /// With another one, a process gets leases only while an agent runs on this host or the host is
    /// declared ([`ErrorKind::HostNotAlive`](crate::ErrorKind::HostNotAlive)).
    /// [`Networks::check_life`](crate::Networks::check_life) checks this beforehand.
    pub fn life(mut self, life: Life) -> Self {
        self.life = life;
        self
    }

    /// Sets whether this process is an agent, which keeps this host alive for processes with
    /// [`Life::Agent`]. Defaults to false.
    ///
    /// `macvlan agent` is one.
    pub fn agent(mut self, agent: bool) -> Self {
        self.agent = agent;
        self
    }

    /// Sets the user to log in as, if etcd has authentication enabled.
    ///
    /// The user's role must allow reading and writing all keys with the prefix.
    #[doc(alias = "--user")]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some(Login { name: name.into(), password: password.into() });
        self
    }

    /// Sets the certificates of etcd's authorities (CA), for `https://` endpoints.
    ///
    /// The system's authorities are not trusted by default. On Debian they are in
    /// `/etc/ssl/certs/ca-certificates.crt`.
    #[doc(alias = "--cacert")]
    pub fn ca(mut self, ca: impl Into<Pem>) -> Self {
        self.ca = Some(ca.into());
        self
    }

    /// Sets the certificate chain that this host presents to etcd. Requires [`EtcdOptions::key`].
    #[doc(alias = "--cert")]
    pub fn certificate(mut self, certificate: impl Into<Pem>) -> Self {
        self.certificate = Some(certificate.into());
        self
    }

    /// Sets the key of the [`EtcdOptions::certificate`].
    #[doc(alias = "--key")]
    pub fn key(mut self, key: impl Into<Pem>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Checks the options as far as possible without contacting etcd.
    ///
    /// [`EtcdStore::open`](crate::EtcdStore::open) also does this.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for an invalid host name;
    /// without an endpoint, or with one that is not a URL of etcd; for an `https://` endpoint
    /// without a CA, or certificates with an `http://` endpoint; for a certificate without its key,
    /// or a key without its certificate; for a user without a name or a password.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String, hint: &'static str| {
            Err(Error::invalid("use these options of etcd", why).with_hint(hint))
        };
        check_name(&self.host, "a host's name")?;
        if self.endpoints.is_empty() {
            let hint = "specify at least one, such as http://10.0.0.7:2379";
            return refuse("no endpoint is given".to_owned(), hint);
        }
        for endpoint in &self.endpoints {
            check_endpoint(endpoint)?;
        }
        match (&self.certificate, &self.key) {
            (Some(_), None) => {
                return refuse(
                    "a certificate is given without its key".to_owned(),
                    "specify the key too",
                );
            }
            (None, Some(_)) => {
                let why = "a key is given without its certificate".to_owned();
                return refuse(why, "specify the certificate too");
            }
            _ => {}
        }
        let has_tls = self.ca.is_some() || self.certificate.is_some();
        for url in self.urls() {
            let is_https = url.starts_with(HTTPS);
            if is_https && self.ca.is_none() {
                let hint = "specify the CA that signed etcd's certificate; those of the system are in \
                            /etc/ssl/certs/ca-certificates.crt on Debian";
                return refuse(format!("{url} needs a CA"), hint);
            }
            if has_tls && !is_https {
                let why = format!("certificates are given, but {url} is not encrypted");
                return refuse(why, "use https:// endpoints, or no certificates");
            }
        }
        let is_empty = |login: &Login| login.name.is_empty() || login.password.is_empty();
        if self.login.as_ref().is_some_and(is_empty) {
            let why = "the user's name or password is empty".to_owned();
            return refuse(why, "specify both, or neither");
        }
        Ok(())
    }

    /// Returns the endpoints, each with its scheme.
    pub(super) fn urls(&self) -> Vec<String> {
        let scheme = if self.ca.is_some() { HTTPS } else { HTTP };
        let url = |endpoint: &String| {
            let scheme = if endpoint.contains("://") { "" } else { scheme };
            format!("{scheme}{endpoint}")
        };
        self.endpoints.iter().map(url).collect()
    }

    /// Reads the certificates for TLS; `None` without TLS.
    pub(super) fn read_certificates(&self) -> Result<Option<Certificates>> {
        let Some(ca) = &self.ca else { return Ok(None) };
        let certificates = "CERTIFICATE-----";
        let ca = ca.read("the CA's certificates", certificates)?;
        let own = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some((
                certificate.read("the certificate", certificates)?,
                key.read("the key", "PRIVATE KEY-----")?,
            )),
            _ => None,
        };
        Ok(Some(Certificates { ca, own }))
    }
}

const HTTP: &str = "http://";
const HTTPS: &str = "https://";

fn check_endpoint(endpoint: &str) -> Result<()> {
    let address = [HTTPS, HTTP].iter().find_map(|scheme| endpoint.strip_prefix(scheme));
    let address = address.unwrap_or(endpoint);
    let host = address.strip_suffix('/').unwrap_or(address);
    if let Some((_, host)) = host.rsplit_once('@') {
        // The part before the host may contain a password, which is not shown.
        let why = format!("the endpoint at {host} contains a user");
        return Err(Error::invalid("use an endpoint of etcd", why)
            .with_hint("specify the user and the password separately"));
    }
    let is_bad = |one: char| one.is_whitespace() || one.is_control() || "/?#\\\"<>".contains(one);
    if host.is_empty() || host.contains(is_bad) {
        let why = format!("{endpoint:?} is not http:// or https://, a host and a port");
        return Err(Error::invalid("use an endpoint of etcd", why)
            .with_hint("use one such as http://10.0.0.7:2379"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn options(endpoint: &str) -> EtcdOptions {
        EtcdOptions::new("a", [endpoint])
    }

    fn pem() -> Pem {
        Pem::Text(b"-----BEGIN CERTIFICATE-----\n".to_vec())
    }

    #[test]
    fn what_fits_is_accepted() {
        for options in [
            options("http://10.0.0.7:2379"),
            options("http://10.0.0.7:2379/").user("root", "secret"),
            options("[fd00::7]:2379"),
            options("https://etcd.example:2379").ca(pem()),
            options("etcd.example:2379").ca(pem()).certificate(pem()).key(pem()),
        ] {
            options.check().unwrap();
        }
        assert_eq!(options("a:1").urls(), ["http://a:1"]);
        assert_eq!(options("a:1").ca(pem()).urls(), ["https://a:1"]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let none: [&str; 0] = [];
        for (options, words) in [
            (EtcdOptions::new("a", none), "no endpoint is given"),
            (EtcdOptions::new("a/b", ["http://a:1"]), "can only contain letters"),
            (options(""), "is not http://"),
            (options("http://"), "is not http://"),
            (options("ftp://a:1"), "is not http://"),
            (options("http://a:1/v3"), "is not http://"),
            (options("http://root:pw@a:1"), "the endpoint at a:1 contains a user"),
            (options("https://a:1"), "needs a CA"),
            (options("http://a:1").ca(pem()), "not encrypted"),
            (options("http://a:1").certificate(pem()).key(pem()), "not encrypted"),
            (options("https://a:1").certificate(pem()), "without its key"),
            (options("https://a:1").ca(pem()).key(pem()), "without its certificate"),
            (options("http://a:1").user("", "pw"), "password is empty"),
            (options("http://a:1").user("root", ""), "password is empty"),
        ] {
            let error = options.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
            assert!(error.to_string().contains(words), "no {words:?} in: {error}");
            assert!(!error.to_string().contains("root"), "{error}");
        }
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let key = Pem::Text(b"-----BEGIN PRIVATE KEY-----\nsecret\n".to_vec());
        let options = options("https://a:1").user("root", "secret").ca(pem()).key(key);
        let shown = format!("{options:?}");
        assert!(shown.contains("root") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn what_is_not_pem_is_refused() {
        for text in ["", "certificate", "-----BEGIN PRIVATE KEY-----\n"] {
            let options = options("https://a:1").ca(text.as_bytes().to_vec());
            let Err(error) = options.read_certificates() else { panic!("{text:?} is accepted") };
            assert!(error.to_string().contains("no certificate was found"), "{error}");
        }
        let options = options("https://a:1").ca(Path::new("/no/such/file"));
        let Err(error) = options.read_certificates() else { panic!("there is no such file") };
        assert_eq!((error.kind(), error.errno()), (ErrorKind::File, Some(libc::ENOENT)), "{error}");
    }
}
