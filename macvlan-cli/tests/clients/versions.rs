//! The versions of the engines.

use macvlan_tests::{Debian, Outcome};

use crate::common::{machine, scenes};

/// They are as docs/testing.md lists them.
fn are_documented(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    let mut engines =
        vec![("docker.io", "Docker"), ("podman", "Podman"), ("containerd", "containerd")];
    let row = match debian {
        Debian::Bookworm => "| 12, bookworm",
        Debian::Trixie => {
            engines.push(("netavark", "netavark"));
            "| 13, trixie"
        }
    };
    let page = include_str!("../../../docs/testing.md");
    let row = page.lines().find(|line| line.starts_with(row)).ok_or("no such row")?;
    for (package, engine) in engines {
        let version = machine.ok(&format!("dpkg-query -W -f '${{Version}}' {package}"))?;
        let numbers: Vec<&str> = version.split('.').take(2).collect();
        let words = format!("{engine} {}", numbers.join("."));
        assert!(row.contains(&words), "{words} is not in {row}");
    }
    Ok(())
}

scenes! {
    are_documented,
}
