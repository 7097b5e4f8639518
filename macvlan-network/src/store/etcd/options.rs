//! How to reach etcd.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::name::check_name;

/// How to reach etcd, and who this is.
#[derive(Debug, Clone)]
#[must_use]
pub struct EtcdOptions {
    endpoints: Vec<String>,
    pub(super) host: String,
    pub(super) prefix: String,
    pub(super) timeout: Duration,
    pub(super) ttl: Duration,
    pub(super) persistent: bool,
    pub(super) login: Option<Login>,
    ca: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
}

/// A user of etcd's.
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

/// Certificates, or a key, in PEM.
#[derive(Clone)]
#[non_exhaustive]
pub enum Pem {
    /// In a file, which is read when the store is opened.
    File(PathBuf),
    /// As text.
    Text(Vec<u8>),
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // It may be a key.
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
        Err(Error::invalid(operation, format!("there is no {label} in it, in PEM")))
    }
}

/// What was read for TLS.
pub(super) struct Certificates {
    pub(super) ca: Vec<u8>,
    /// This host's certificate and its key.
    pub(super) own: Option<(Vec<u8>, Vec<u8>)>,
}

impl EtcdOptions {
    /// Of this host, by a name that no other has, at these endpoints: `http://10.0.0.7:2379`, or `https://`
    /// with [`EtcdOptions::ca`].
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
            persistent: false,
            login: None,
            ca: None,
            certificate: None,
            key: None,
        }
    }

    /// What all keys begin with; `/macvlan/` when not given.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        if !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        self
    }

    /// How long to wait for an answer; 5 s when not given.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For how long this host counts as alive after its last process with an open store has ended, or
    /// can reach etcd no more; 60 s when not given. Then others may collect its containers' leases.
    ///
    /// On a host without a process that stays, such as an agent, see [`EtcdOptions::persistent`].
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets whether this host counts as alive also when no process of it has the store open, across reboots,
    /// until [`Networks::forget_host`](crate::Networks::forget_host) is called on another host; no when not said.
    /// For processes that end at once, such as a CNI plugin's: their containers' leases are collected by this
    /// host alone.
    ///
    /// The first process that says so makes it so, whatever later ones say. A host that breaks down keeps its
    /// addresses and its name until it is forgotten.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// Sets the user of etcd's that this host logs in as, where etcd has authentication enabled. The user's
    /// role has to read and write all keys with the prefix.
    #[doc(alias = "--user")]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some(Login { name: name.into(), password: password.into() });
        self
    }

    /// Sets the certificates of the authorities that sign etcd's certificate, for endpoints with `https://`.
    /// Those of the system are none of them; Debian has these in `/etc/ssl/certs/ca-certificates.crt`.
    #[doc(alias = "--cacert")]
    pub fn ca(mut self, ca: impl Into<Pem>) -> Self {
        self.ca = Some(ca.into());
        self
    }

    /// Sets the certificate, with those that lead to its authority, that this host shows to etcd. It takes its
    /// [`EtcdOptions::key`].
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

    /// Checks all that can be known before etcd is asked. [`EtcdStore::open`](crate::EtcdStore::open) does so,
    /// too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue): the host's name is none; there is no endpoint, or one is
    /// not a URL of etcd's; an `https://` endpoint without a CA, certificates for one without `https://`, a
    /// certificate without its key, or a key without its certificate; a user without a name or a password.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String, hint: &'static str| {
            Err(Error::invalid("use these options of etcd", why).with_hint(hint))
        };
        check_name(&self.host, "a host's name")?;
        if self.endpoints.is_empty() {
            let hint = "give one at least, such as http://10.0.0.7:2379";
            return refuse("there is no endpoint".to_owned(), hint);
        }
        for endpoint in &self.endpoints {
            check_endpoint(endpoint)?;
        }
        match (&self.certificate, &self.key) {
            (Some(_), None) => {
                return refuse("a certificate is given, and no key".to_owned(), "give its key");
            }
            (None, Some(_)) => {
                let why = "a key is given, and no certificate".to_owned();
                return refuse(why, "give the certificate that it is the key of");
            }
            _ => {}
        }
        let has_tls = self.ca.is_some() || self.certificate.is_some();
        for url in self.urls() {
            let is_https = url.starts_with(HTTPS);
            if is_https && self.ca.is_none() {
                let hint = "give the certificates of the CA that signs etcd's; those of the system are in \
                            /etc/ssl/certs/ca-certificates.crt on Debian";
                return refuse(format!("{url} takes a CA"), hint);
            }
            if has_tls && !is_https {
                let why = format!("{url} is not encrypted, and certificates are given");
                return refuse(why, "give endpoints with https://, or no certificates");
            }
        }
        let is_empty = |login: &Login| login.name.is_empty() || login.password.is_empty();
        if self.login.as_ref().is_some_and(is_empty) {
            let why = "the user's name or password is empty".to_owned();
            return refuse(why, "give both, or no user");
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

    /// Reads what is needed for TLS; none without it.
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
        // What is before it may be a password, which is not shown.
        let why = format!("the endpoint at {host} has a user in it");
        return Err(Error::invalid("use an endpoint of etcd", why)
            .with_hint("give the user and the password by themselves"));
    }
    let is_bad = |one: char| one.is_whitespace() || one.is_control() || "/?#\\\"<>".contains(one);
    if host.is_empty() || host.contains(is_bad) {
        let why = format!("{endpoint:?} is not http:// or https://, a host and a port");
        return Err(Error::invalid("use an endpoint of etcd", why)
            .with_hint("give one such as http://10.0.0.7:2379"));
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
            (EtcdOptions::new("a", none), "there is no endpoint"),
            (EtcdOptions::new("a/b", ["http://a:1"]), "only letters"),
            (options(""), "is not http://"),
            (options("http://"), "is not http://"),
            (options("ftp://a:1"), "is not http://"),
            (options("http://a:1/v3"), "is not http://"),
            (options("http://root:pw@a:1"), "the endpoint at a:1 has a user"),
            (options("https://a:1"), "takes a CA"),
            (options("http://a:1").ca(pem()), "not encrypted"),
            (options("http://a:1").certificate(pem()).key(pem()), "not encrypted"),
            (options("https://a:1").certificate(pem()), "no key"),
            (options("https://a:1").ca(pem()).key(pem()), "no certificate"),
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
            assert!(error.to_string().contains("no certificate in it"), "{error}");
        }
        let options = options("https://a:1").ca(Path::new("/no/such/file"));
        let Err(error) = options.read_certificates() else { panic!("there is no such file") };
        assert_eq!((error.kind(), error.errno()), (ErrorKind::File, Some(libc::ENOENT)), "{error}");
    }
}
