//! Prints what changes in a container's network until its last interface is gone: `watch PID`

use std::error::Error;

use macvlan_core::{Event, Handle, NetNs};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid] = &arguments[..] else {
        return Err("usage: watch PID".into());
    };
    let inside = Handle::in_netns(&NetNs::from_pid(pid.parse()?)?)?;
    let watch = inside.watch()?;
    println!("watching");
    for event in watch {
        match event? {
            Event::NewLink(link) => println!("{} is {}", link.name, link.state),
            Event::NewAddress(info) => println!("+ address {}", info.address),
            Event::DelAddress(info) => println!("- address {}", info.address),
            Event::NewRoute(info) => println!("+ route {}", info.route),
            Event::DelRoute(info) => println!("- route {}", info.route),
            // More came than the socket's buffer holds: what exists has to be read again.
            Event::Lost => println!("{} links", inside.links()?.len()),
            Event::DelLink(link) => {
                println!("{} is gone", link.name);
                break;
            }
            _ => {}
        }
    }
    Ok(())
}
