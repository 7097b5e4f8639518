//! Attaches a container in an asynchronous program, and reads the events about it as a stream:
//! `tokio PID PARENT ADDRESS/LENGTH`

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;

use futures_core::Stream as _;
use macvlan_core::{Endpoint, Event, Handle, Host, NetNs};
use tokio::task::spawn_blocking;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    if let Err(error) = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run())) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, parent, address] = &arguments[..] else {
        return Err("usage: tokio PID PARENT ADDRESS/LENGTH".into());
    };
    let (host, container) = (Host::open()?, NetNs::from_pid(pid.parse()?)?);
    let endpoint = Endpoint::new("eth0", parent)?.address(address.parse()?);
    let mut events = pin!(Handle::in_netns(&container)?.event_stream()?);

    // The calls block, but only for the kernel's time. A clone of a `Host` shares its socket.
    let attaching = (host.clone(), container.clone());
    let eth0 = spawn_blocking(move || attaching.0.attach(&endpoint, &attaching.1)).await??;
    while let Some(event) = poll_fn(|context| events.as_mut().poll_next(context)).await {
        match event? {
            Event::NewAddress(info) if info.link == eth0.index() => {
                println!("{} has {}", eth0.name(), info.address);
                break;
            }
            _ => {}
        }
    }
    spawn_blocking(move || host.detach(&eth0)).await??;
    println!("detached");
    Ok(())
}
