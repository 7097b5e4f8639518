//! Macvtap endpoints: the interface of a virtual machine, whose monitor reads and writes its
//! frames.
#![deny(dead_code)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Instant;

use macvlan_core::{Attachment, Endpoint, ErrorKind, MacAddr, Mode};
use macvlan_tests::{
    Container, Lab, Need, Outcome, PATIENCE, Wire, ip_do, ip_link, need, on_each_kernel, silent,
    with_devices,
};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The `struct virtio_net_hdr` before every frame, unless the monitor sets otherwise; all zero
/// without offloads.
const VIRTIO_HEADER: usize = 10;
/// An EtherType for experiments (IEEE 802).
const EXPERIMENT: [u8; 2] = [0x88, 0xb5];

fn attach(lab: &Lab, container: &Container) -> Outcome<Attachment> {
    let endpoint = Endpoint::macvtap("tap0", "ens33")?;
    Ok(lab.a.host.attach(&endpoint, &container.netns()?)?)
}

/// Waits for a frame, as a monitor reads it.
fn read_frame(tap: &mut File, wanted: impl Fn(&[u8]) -> bool) -> Outcome<Option<Vec<u8>>> {
    let deadline = Instant::now() + PATIENCE;
    let mut buffer = [0; 2000];
    while Instant::now() < deadline {
        let mut events = [PollFd::new(tap.as_fd(), PollFlags::POLLIN)];
        if poll(&mut events, PollTimeout::from(100_u16))? == 0 {
            continue;
        }
        let length = tap.read(&mut buffer)?;
        let frame = buffer[..length].get(VIRTIO_HEADER..).unwrap_or_default();
        if wanted(frame) {
            return Ok(Some(frame.to_vec()));
        }
    }
    Ok(None)
}

fn written_frames_are_on_the_wire() -> Outcome {
    on_each_kernel();
    need(Need::Macvtap)?;
    let (lab, container) = (Lab::new()?, Container::start()?);
    let attachment = attach(&lab, &container)?;
    let link = ip_link(&container.netns()?, "tap0");
    assert_eq!(link["linkinfo"]["info_kind"], "macvtap");
    assert_eq!(link["address"], attachment.mac().to_string());
    let path = attachment.tap_path().ok_or("no path")?;
    assert_eq!(path.to_string_lossy(), format!("/dev/tap{}", link["ifindex"]));

    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    let mut tap = File::from(with_devices(|| attachment.open_tap())??);
    let payload = [[0x5a; 40], [0xa5; 40]].concat();
    let frame = [&[0xff; 6][..], &attachment.mac().octets(), &EXPERIMENT, &payload].concat();
    tap.write_all(&[&[0; VIRTIO_HEADER][..], &frame].concat())?;
    assert_eq!(wire.find(|heard| heard == frame)?, Some(frame));
    Ok(())
}

fn received_frames_can_be_read() -> Outcome {
    need(Need::Macvtap)?;
    let (lab, container) = (Lab::new()?, Container::start()?);
    let attachment = attach(&lab, &container)?;
    let mut tap = File::from(with_devices(|| attachment.open_tap())??);
    // Host b has a neighbour entry for the machine, and sends it an echo request.
    let (ip, mac) = ("192.168.15.77", attachment.mac());
    ip_do(&lab.b.netns, &format!("neighbour add {ip} lladdr {mac} dev ens33 nud permanent"));
    std::thread::scope(|scope| -> Outcome {
        let asking = scope.spawn(|| silent(&lab.b.netns, ip));
        let to_us = |frame: &[u8]| frame.starts_with(&mac.octets()) && frame[12..14] == [8, 0];
        let frame = read_frame(&mut tap, to_us)?.ok_or("the echo request does not come")?;
        assert_eq!(frame[30..34], [192, 168, 15, 77], "it is to that address: {frame:02x?}");
        assert!(asking.join().is_ok_and(|silent| silent), "nobody answers");
        Ok(())
    })
}

/// Each open file is a separate queue, as a monitor with several processors has them.
fn several_queues() -> Outcome {
    need(Need::Macvtap)?;
    let (lab, container) = (Lab::new()?, Container::start()?);
    let mac: MacAddr = "02:42:c0:a8:0f:0a".parse()?;
    let endpoint = Endpoint::macvtap("tap0", "ens33")?.mode(Mode::Vepa)?.mac(mac).queues(3, 3);
    let attachment = lab.a.host.attach(&endpoint, &container.netns()?)?;
    let link = ip_link(&container.netns()?, "tap0");
    assert_eq!(link["num_tx_queues"], 3);
    assert_eq!(link["linkinfo"]["info_data"]["mode"], "vepa");
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    let mut queues = Vec::new();
    for number in 0..3 {
        queues.push(File::from(with_devices(|| attachment.open_tap())??));
        for (at, queue) in queues.iter_mut().enumerate() {
            let payload = [[number, u8::try_from(at)?]; 25].concat();
            let frame = [&[0xff; 6][..], &mac.octets(), &EXPERIMENT, &payload].concat();
            queue.write_all(&[&[0; VIRTIO_HEADER][..], &frame].concat())?;
            assert_eq!(wire.find(|heard| heard == frame)?, Some(frame));
        }
    }
    Ok(())
}

fn other_links_have_no_device() -> Outcome {
    let (lab, container) = (Lab::new()?, Container::start()?);
    let attachment = lab.a.host.attach(&Endpoint::new("eth0", "ens33")?, &container.netns()?)?;
    assert_eq!(attachment.tap_path(), None);
    let error = attachment.open_tap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue);
    assert!(error.to_string().contains("a macvlan has no device file"), "{error}");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    written_frames_are_on_the_wire,
    received_frames_can_be_read,
    several_queues,
    other_links_have_no_device,
}
