//! Rate limits: `tc qdisc`.

use netlink_packet_core::NLA_F_NESTED;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::tc::TcMessage;
use nix::libc::{RTM_NEWQDISC, TCA_KIND, TCA_OPTIONS};

use crate::netlink::Request;
use crate::netlink::attributes::Payload;
use crate::rtnl::uapi::{
    TC_H_ROOT, TC_LINKLAYER_ETHERNET, TCA_TBF_BURST, TCA_TBF_PARMS, TCA_TBF_RATE64,
};
use crate::value::rate::Rate;

/// `tc qdisc replace dev … root tbf rate … burst … limit …`. The kernel chooses the handle, so an
/// existing discipline with a particular handle does not conflict.
pub(super) fn replace_rate(link: u32, rate: Rate) -> Request {
    Request::replace((RTM_NEWQDISC, token_bucket(link, rate)))
}

/// `tc qdisc show`, which lists the disciplines of all links.
pub(crate) fn get_qdiscs() -> Request {
    Request::new(Message::GetQueueDiscipline(TcMessage::default()))
}

/// Writes `struct tcmsg` and the attributes, which netlink-packet-route lacks for this discipline.
fn token_bucket(link: u32, rate: Rate) -> Payload {
    let (link, parent) = (link.to_ne_bytes(), TC_H_ROOT.to_ne_bytes());
    let mut message = Payload::new(&[&[0; 4], &link, &[0; 4], &parent, &[0; 4]]);
    message.text(TCA_KIND, "tbf");
    let bytes = rate.bytes_per_second();
    message.nested(TCA_OPTIONS | NLA_F_NESTED, |options| {
        options.attribute(TCA_TBF_PARMS, &parameters(bytes, rate.limit()));
        if u32::try_from(bytes).is_err() {
            options.attribute(TCA_TBF_RATE64, &bytes.to_ne_bytes());
        }
        options.number(TCA_TBF_BURST, rate.burst());
    });
    message
}

/// Makes a `struct tc_tbf_qopt`: two `struct tc_ratespec`, of which the second is empty; the limit;
/// and two times, which the attribute for the burst replaces.
fn parameters(bytes_per_second: u64, limit: u32) -> [u8; 36] {
    let mut parameters = [0; 36];
    parameters[1] = TC_LINKLAYER_ETHERNET;
    let rate = u32::try_from(bytes_per_second).unwrap_or(u32::MAX);
    parameters[8..12].copy_from_slice(&rate.to_ne_bytes());
    parameters[24..28].copy_from_slice(&limit.to_ne_bytes());
    parameters
}
