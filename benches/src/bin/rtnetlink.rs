//! A peer: rtnetlink's own handle, on tokio; of the kind described by [`macvlan_benches::Program`].

use std::fs::File;
use std::io::{BufRead, Write};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use macvlan_benches::Outcome;
use macvlan_benches::work::{GATEWAYS, NAME, V4, V6};
use netlink_packet_route::address::AddressHeaderFlags;
use netlink_packet_route::link::MacVlanMode;
use nix::sched::{CloneFlags, setns};
use rtnetlink::{Handle, LinkMacVlan, LinkUnspec, RouteMessageBuilder, new_connection};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let parent = std::env::args().nth(1).ok_or("the parent?")?;
    let (connection, host, _) = new_connection()?;
    tokio::spawn(connection);
    let parent = index_of(&host, &parent).await?;
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    for line in input.lines() {
        let line = line?;
        let start = Instant::now();
        let time: Duration = if let Some(pid) = line.strip_prefix('-') {
            let inside = Inside::of(pid)?;
            let eth0 = index_of(&inside.handle, NAME).await?;
            inside.handle.link().del(eth0).execute().await?;
            drop(inside);
            start.elapsed()
        } else {
            attach(&host, parent, &line).await?;
            start.elapsed()
        };
        writeln!(output, "{}", time.as_nanos())?;
        output.flush()?;
    }
    Ok(())
}

struct Inside {
    netns: File,
    handle: Handle,
    task: tokio::task::JoinHandle<()>,
}

impl Inside {
    fn of(pid: &str) -> Outcome<Self> {
        let home = File::open("/proc/thread-self/ns/net")?;
        let netns = File::open(format!("/proc/{pid}/ns/net"))?;
        setns(&netns, CloneFlags::CLONE_NEWNET)?;
        let opened = new_connection();
        setns(&home, CloneFlags::CLONE_NEWNET)?;
        let (connection, handle, _) = opened?;
        Ok(Self { netns, handle, task: tokio::spawn(connection) })
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn index_of(handle: &Handle, name: &str) -> Outcome<u32> {
    let mut links = handle.link().get().match_name(name.to_owned()).execute();
    Ok(links.try_next().await?.ok_or("no such link")?.header.index)
}

async fn attach(host: &Handle, parent: u32, pid: &str) -> Outcome {
    let inside = Inside::of(pid)?;
    let link = LinkMacVlan::new(NAME, parent, MacVlanMode::Bridge)
        .setns_by_fd(inside.netns.as_raw_fd())
        .up()
        .build();
    host.link().add(link).execute().await?;
    let handle = &inside.handle;
    let eth0 = index_of(handle, NAME).await?;
    handle.address().add(eth0, IpAddr::from(V4.0), V4.1).execute().await?;
    let mut v6 = handle.address().add(eth0, IpAddr::from(V6.0), V6.1);
    v6.message_mut().header.flags = AddressHeaderFlags::Nodad;
    v6.execute().await?;
    let v4 = RouteMessageBuilder::<std::net::Ipv4Addr>::new().gateway(GATEWAYS.0);
    handle.route().add(v4.output_interface(eth0).build()).execute().await?;
    let v6 = RouteMessageBuilder::<std::net::Ipv6Addr>::new().gateway(GATEWAYS.1);
    handle.route().add(v6.output_interface(eth0).build()).execute().await?;
    let lo = rtnetlink::LinkMessageBuilder::<LinkUnspec>::new().index(1).up().build();
    handle.link().change(lo).execute().await?;
    Ok(())
}
