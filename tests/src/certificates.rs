//! Certificates for a server and its client, created by `openssl` at run time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::directory::Directory;
use crate::harness::Outcome;

/// A certificate authority, with certificates for a server on 127.0.0.1 and for a client; and
/// another authority, with another client's certificate.
#[derive(Debug)]
pub struct Certificates(Directory);

impl Certificates {
    /// Creates them.
    pub fn make() -> Outcome<Self> {
        let made = Self(Directory::new()?);
        for (authority, names) in [("ca", &["server", "client"][..]), ("other", &["stranger"])] {
            made.authority(authority)?;
            for name in names {
                made.sign(authority, name)?;
            }
        }
        Ok(made)
    }

    /// Returns the file of a certificate, such as `ca.pem`, `server.pem` or `server.key`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn authority(&self, name: &str) -> Outcome {
        let subject = format!("/CN={name}");
        self.openssl(&["req", "-x509", "-subj", &subject, "-days", "2"], name, "pem")
    }

    fn sign(&self, authority: &str, name: &str) -> Outcome {
        let subject = format!("/CN={name}");
        self.openssl(&["req", "-subj", &subject], name, "csr")?;
        fs::write(self.path("extensions"), "subjectAltName=IP:127.0.0.1\n")?;
        let file = |name: String| self.path(&name).display().to_string();
        run(Command::new("openssl").args(["x509", "-req", "-days", "2", "-CAcreateserial"]).args([
            "-in",
            &file(format!("{name}.csr")),
            "-CA",
            &file(format!("{authority}.pem")),
            "-CAkey",
            &file(format!("{authority}.key")),
            "-extfile",
            &file("extensions".to_owned()),
            "-out",
            &file(format!("{name}.pem")),
        ]))
    }

    /// Creates a key, and a file from it.
    fn openssl(&self, arguments: &[&str], name: &str, suffix: &str) -> Outcome {
        let (key, out) =
            (self.path(&format!("{name}.key")), self.path(&format!("{name}.{suffix}")));
        let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let file = |path: &Path| path.display().to_string();
        run(Command::new("openssl").args(arguments).args(new_key).args([
            "-keyout",
            &file(&key),
            "-out",
            &file(&out),
        ]))
    }
}

fn run(command: &mut Command) -> Outcome {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}
