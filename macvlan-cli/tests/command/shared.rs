//! Networks that many hosts share, in etcd.

use std::fmt::Write as _;

use macvlan_core::NetNs;
use macvlan_tests::{Certificates, Directory, Etcd, Need, Outcome, need};

use crate::common::{command, fails, output, texts};

/// Runs the command in etcd's namespace, with a configuration file.
fn configured(
    etcd: &NetNs,
    directory: &Directory,
    arguments: &str,
) -> Outcome<(Option<i32>, String, String)> {
    let mut command = command(&format!("network {arguments}"));
    command.env("MACVLAN_CONFIG", directory.path().join("macvlan.toml"));
    let ended = output(etcd, command)?;
    let (out, err) = texts(&ended);
    Ok((ended.status.code(), out, err))
}

fn by_an_option_or_the_configuration() -> Outcome {
    need(Need::Etcd)?;
    let (etcd, directory) = (Etcd::start()?, Directory::new()?);
    let netns = etcd.netns();
    let endpoint = Etcd::ENDPOINT;
    let create = "create lan --parent ens33 --subnet 10.1.0.0/24";
    // It warns that there is no parent.
    let ended =
        output(netns, command(&format!("network --etcd {endpoint} --host-name host-a {create}")))?;
    assert!(ended.status.success() && texts(&ended).1.contains("macvlan: warning: "), "{ended:?}");
    std::fs::write(
        directory.path().join("macvlan.toml"),
        format!(
            "[etcd]\nendpoints = [{endpoint:?}]\nhost = \"host-b\"\nprefix = \"/macvlan/\"\ntimeout = \"3s\"\nttl = \"60s\"\nlife = \"process\"\n"
        ),
    )?;
    let (status, out, err) = configured(netns, &directory, "list --json")?;
    assert!(status == Some(0) && out.contains("\"Scope\": \"global\""), "{out}{err}");
    // A database that is given comes before it.
    let db = directory.path().join("n.db");
    let (status, out, _) = configured(netns, &directory, &format!("list --db {}", db.display()))?;
    assert_eq!((status, out.as_str()), (Some(0), ""));
    fails(netns, 2, &format!("network --etcd {endpoint} --db {} list", db.display()))?;
    let said = fails(netns, 1, "network --etcd http://127.0.0.1:1 --host-name a list")?;
    assert!(
        said.contains("cannot use etcd: etcd cannot be reached at http://127.0.0.1:1: "),
        "{said}"
    );
    Ok(())
}

fn with_certificates_and_a_password() -> Outcome {
    need(Need::Etcd)?;
    let (certificates, directory) = (Certificates::make()?, Directory::new()?);
    let etcd = Etcd::with_tls(&certificates)?;
    let mut config = format!("[etcd]\nendpoints = [{:?}]\nhost = \"host-a\"\n", Etcd::SECURE);
    for (key, file) in [("ca", "ca.pem"), ("certificate", "client.pem"), ("key", "client.key")] {
        writeln!(config, "{key} = {:?}", certificates.path(file).display().to_string())?;
    }
    let path = directory.path().join("macvlan.toml");
    std::fs::write(&path, &config)?;
    let (status, _, err) =
        configured(etcd.netns(), &directory, "create lan --parent ens33 --subnet 10.1.0.0/24")?;
    assert!(status == Some(0), "{err}");
    std::fs::write(directory.path().join("password"), "secret\n")?;
    let password = directory.path().join("password").display().to_string();
    std::fs::write(
        &path,
        format!("{config}user = \"macvlan\"\npassword-file = {password:?}\npassword = \"x\"\n"),
    )?;
    let (status, _, err) = configured(etcd.netns(), &directory, "list")?;
    assert!(status == Some(2) && err.contains("a password and a password-file"), "{err}");
    std::fs::write(
        &path,
        format!("{config}user = \"macvlan\"\npassword-file = \"/no/such/file\"\n"),
    )?;
    let (status, _, err) = configured(etcd.netns(), &directory, "list")?;
    assert!(status == Some(3) && err.contains("cannot read /no/such/file"), "{err}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    by_an_option_or_the_configuration,
    with_certificates_and_a_password,
}
