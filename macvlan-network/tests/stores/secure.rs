//! An etcd with access control: TLS, certificates, users and passwords.
#![deny(dead_code)]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::{ask, default_routes, ip, on_ens33};
use crate::large::assert_plain;
use etcd_client::{Permission, PermissionType};
use macvlan_core::NetNs;
use macvlan_network::{ConnectOptions, ErrorKind, EtcdOptions, EtcdStore, Networks, Pem, Result};
use macvlan_tests::{Certificates, Etcd, Lab, Need, Outcome, PATIENCE, eventually, need};

fn open(etcd: &Etcd, options: EtcdOptions) -> Outcome<Result<EtcdStore>> {
    Ok(etcd.netns().run(|| EtcdStore::open(&options.timeout(PATIENCE)))?)
}

#[track_caller]
fn assert_refused(refused: Result<EtcdStore>, kind: ErrorKind, words: &str) {
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "no {words:?} in: {error}");
    assert_plain(&error);
}

/// Creates a network, and connects and disconnects a container.
fn works(lab: &Lab, store: EtcdStore) -> Outcome {
    let networks = Networks::new(lab.a.host.clone(), store)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    let inside = NetNs::anonymous()?;
    assert_eq!(lan.connect(&ConnectOptions::new("c1"), &inside)?.addresses(), [ip("10.1.0.2")]);
    assert!(networks.reconcile()?.is_empty());
    lan.disconnect_from("c1", &inside)?;
    Ok(lan.remove()?)
}

fn over_tls_with_certificates() -> Outcome {
    let (lab, certificates) = (Lab::new()?, Certificates::make()?);
    let etcd = Etcd::with_tls(&certificates)?;
    let path = |name: &str| -> PathBuf { certificates.path(name) };
    let plain = |endpoint: &str| EtcdOptions::new("a", [endpoint]);
    let with_ca = || plain(Etcd::SECURE).ca(path("ca.pem"));
    let all = || with_ca().certificate(path("client.pem")).key(path("client.key"));
    works(&lab, open(&etcd, all())??)?;
    // As text, and with an endpoint without a scheme.
    let text = |name: &str| -> Outcome<Pem> { Ok(fs::read(path(name))?.into()) };
    let options = plain("127.0.0.1:2379").ca(text("ca.pem")?);
    let options = options.certificate(text("client.pem")?).key(text("client.key")?);
    works(&lab, open(&etcd, options)??)?;

    let own = "requires another client certificate";
    for (options, kind, words) in [
        (with_ca(), ErrorKind::StoreRefused, own),
        (
            with_ca().certificate(path("stranger.pem")).key(path("stranger.key")),
            ErrorKind::StoreRefused,
            own,
        ),
        (all().ca(path("other.pem")), ErrorKind::StoreRefused, "not signed by the given CA"),
        (all().key(path("stranger.key")), ErrorKind::InvalidValue, "cannot be used"),
        (
            all().certificate(path("client.key")),
            ErrorKind::InvalidValue,
            "no certificate was found",
        ),
        (all().key(path("client.pem")), ErrorKind::InvalidValue, "no private key was found"),
        (all().ca(path("missing.pem")), ErrorKind::File, "missing.pem"),
        (with_ca().key(path("client.key")), ErrorKind::InvalidValue, "without its certificate"),
        (plain(Etcd::SECURE), ErrorKind::InvalidValue, "needs a CA"),
        (plain(Etcd::ENDPOINT).ca(path("ca.pem")), ErrorKind::InvalidValue, "not encrypted"),
    ] {
        assert_refused(open(&etcd, options)?, kind, words);
    }
    // The certificate is for 127.0.0.1.
    let elsewhere = EtcdOptions::new("a", ["https://localhost:2379"]).ca(path("ca.pem"));
    let error = open(&etcd, elsewhere)?.unwrap_err();
    assert_plain(&error);
    // Unencrypted, to an etcd that only speaks TLS.
    let options = plain(Etcd::ENDPOINT);
    let error = etcd.netns().run(|| EtcdStore::open(&options.timeout(Duration::from_secs(2))))?;
    assert_plain(&error.unwrap_err());
    Ok(())
}

fn one_without_tls_says_so() -> Outcome {
    need(Need::Etcd)?;
    let (certificates, etcd) = (Certificates::make()?, Etcd::start()?);
    let options = EtcdOptions::new("a", [Etcd::SECURE]).ca(certificates.path("ca.pem"));
    assert_refused(open(&etcd, options)?, ErrorKind::StoreRefused, "does not use TLS");
    Ok(())
}

/// Enables authentication in etcd for `root`, `ours`, which has the required permissions, and
/// `other`, which has not.
fn enable_users(etcd: &Etcd) -> Outcome {
    ask(etcd, |mut client| async move {
        for user in ["root", "ours", "other"] {
            client.user_add(user, "secret", None).await?;
            client.role_add(user).await?;
            client.user_grant_role(user, user).await?;
        }
        for (role, prefix) in [("ours", "/macvlan/"), ("other", "/other/")] {
            let may = Permission::new(PermissionType::Readwrite, prefix).with_prefix();
            client.role_grant_permission(role, may).await?;
        }
        client.auth_enable().await.map(drop)
    })
}

fn with_a_user_and_a_password() -> Outcome {
    let lab = Lab::new()?;
    let mut etcd = Etcd::with_options(["--auth-token-ttl", "1"])?;
    let plain = || EtcdOptions::new("a", [Etcd::ENDPOINT]);
    let refused = ErrorKind::StoreRefused;
    assert_refused(open(&etcd, plain().user("root", "secret"))?, refused, "remove the user");
    let before = Networks::new(lab.a.host.clone(), open(&etcd, plain())??)?;
    enable_users(&etcd)?;

    assert_refused(open(&etcd, plain())?, refused, "requires a user and a password");
    let wrong = plain().user("ours", "wrong");
    assert_refused(open(&etcd, wrong)?, refused, "refuses the user and the password");
    let nobody = plain().user("nobody", "secret");
    assert_refused(open(&etcd, nobody)?, refused, "refuses the user and the password");
    assert_refused(
        open(&etcd, plain().user("other", "secret"))?,
        refused,
        "not allowed to do this",
    );
    let error = before.list().unwrap_err();
    assert_eq!((error.kind(), error.is_permission_denied()), (refused, true), "{error}");
    assert_plain(&error);

    let user = || plain().user("ours", "secret");
    works(&lab, open(&etcd, user())??)?;
    works(&lab, open(&etcd, plain().user("root", "secret"))??)?;
    // A token is valid for a second, and none survives a restart of etcd.
    let networks = Networks::new(lab.a.host.clone(), open(&etcd, user())??)?;
    let lan = networks.create(&on_ens33("lan", "10.1.0.0/24")?)?;
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(networks.list()?.len(), 1);
    etcd.end()?;
    etcd.start_again()?;
    let inside = NetNs::anonymous()?;
    eventually("etcd cannot be reached", || {
        match lan.connect(&ConnectOptions::new("c1"), &inside) {
            Err(error) if error.kind() == ErrorKind::StoreUnavailable => Ok(false),
            result => Ok(result.map(|_| true)?),
        }
    })?;
    Ok(())
}

/// A network that the store does not tell about is not one without routes.
fn a_network_that_is_denied_is_an_error() -> Outcome {
    let (lab, etcd) = (Lab::new()?, Etcd::start()?);
    let plain = || EtcdOptions::new("a", [Etcd::ENDPOINT]);
    let inside = NetNs::anonymous()?;
    let networks = Networks::new(lab.a.host.clone(), open(&etcd, plain())??)?;
    for (name, net) in [("one", "10.1.0.0/24"), ("two", "10.2.0.0/24")] {
        networks.create(&on_ens33(name, net)?)?.connect(&ConnectOptions::new("c1"), &inside)?;
    }
    assert_eq!(default_routes(&inside), ["10.1.0.1 dev eth0"]);
    let denied = format!("/macvlan/net/{}", networks.network("two")?.id());
    ask(&etcd, |mut client| async move {
        for user in ["root", "ours"] {
            client.user_add(user, "secret", None).await?;
            client.role_add(user).await?;
            client.user_grant_role(user, user).await?;
        }
        let behind = format!("{denied}h");
        for (first, end) in [("/macvlan/", &*denied), (&*behind, "/macvlan0")] {
            let may = Permission::new(PermissionType::Readwrite, first).with_range_end(end);
            client.role_grant_permission("ours", may).await?;
        }
        client.auth_enable().await.map(drop)
    })?;
    let networks =
        Networks::new(lab.a.host.clone(), open(&etcd, plain().user("ours", "secret"))??)?;
    let error = networks.network("one")?.disconnect("c1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    over_tls_with_certificates,
    one_without_tls_says_so,
    with_a_user_and_a_password,
    a_network_that_is_denied_is_an_error,
}
