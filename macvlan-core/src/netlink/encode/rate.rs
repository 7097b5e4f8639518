//! How much a link may send: `tc qdisc`.

use crate::netlink::Request;
use crate::netlink::write::{NESTED, Payload};
use crate::rate::Rate;

// linux/rtnetlink.h, linux/pkt_sched.h
const RTM_NEWQDISC: u16 = 36;
const TC_H_ROOT: u32 = 0xffff_ffff;
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_TBF_PARMS: u16 = 1;
const TCA_TBF_RATE64: u16 = 4;
const TCA_TBF_BURST: u16 = 6;
const TC_LINKLAYER_ETHERNET: u8 = 1;
/// `1:`, the number that the discipline gets.
const HANDLE: u32 = 0x1_0000;

/// `tc qdisc add dev … root handle 1: tbf rate … burst … limit …`.
pub(crate) fn set_rate(link: u32, rate: Rate) -> Request {
    // `struct tcmsg`
    let mut message = Payload::new(&[
        &[0; 4],
        &link.to_ne_bytes(),
        &HANDLE.to_ne_bytes(),
        &TC_H_ROOT.to_ne_bytes(),
        &[0; 4],
    ]);
    message.text(TCA_KIND, "tbf");
    let bytes = rate.bytes_per_second();
    message.nested(TCA_OPTIONS | NESTED, |options| {
        options.attribute(TCA_TBF_PARMS, &parameters(bytes, rate.limit()));
        if u32::try_from(bytes).is_err() {
            options.attribute(TCA_TBF_RATE64, &bytes.to_ne_bytes());
        }
        options.number(TCA_TBF_BURST, rate.burst());
    });
    Request::create((RTM_NEWQDISC, message))
}

/// `struct tc_tbf_qopt`: two `struct tc_ratespec`, of which the second stays empty; the limit; and two
/// numbers in the kernel's own unit of time, in whose place stands the attribute for the burst.
fn parameters(bytes_per_second: u64, limit: u32) -> [u8; 36] {
    let mut parameters = [0; 36];
    parameters[1] = TC_LINKLAYER_ETHERNET;
    let rate = u32::try_from(bytes_per_second).unwrap_or(u32::MAX);
    parameters[8..12].copy_from_slice(&rate.to_ne_bytes());
    parameters[24..28].copy_from_slice(&limit.to_ne_bytes());
    parameters
}
