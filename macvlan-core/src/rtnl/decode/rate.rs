//! Decodes rate limits, after a `struct tcmsg`.

use nix::libc::{TCA_KIND, TCA_OPTIONS};

use crate::netlink::attributes::{attributes, text_of, u32_of};
use crate::rtnl::uapi::{TC_H_INGRESS, TC_H_ROOT, TCA_TBF_PARMS, TCA_TBF_RATE64};
use crate::value::rate::Rate;

/// Returns a link whose root discipline is a token bucket filter, with its rate, after a
/// `struct tcmsg`.
pub(crate) fn rate(payload: &[u8]) -> Option<(u32, Rate)> {
    let (header, rest) = payload.split_first_chunk::<20>()?;
    let is_tbf = attributes(rest).any(|(kind, value)| kind == TCA_KIND && text_of(value) == "tbf");
    if !is_tbf || u32_of(&header[12..])? != TC_H_ROOT {
        return None;
    }
    let (_, options) = attributes(rest).find(|(kind, _)| *kind == TCA_OPTIONS)?;
    let mut bytes = None;
    for (kind, value) in attributes(options) {
        match kind {
            // The order of the two attributes does not matter: the larger number is the rate.
            TCA_TBF_PARMS => bytes = bytes.max(value.get(8..).and_then(u32_of).map(u64::from)),
            TCA_TBF_RATE64 => {
                bytes = bytes.max(value.first_chunk().copied().map(u64::from_ne_bytes));
            }
            _ => {}
        }
    }
    let rate = Rate::bits_per_second(bytes?.saturating_mul(8)).ok()?;
    Some((u32_of(&header[4..])?, rate))
}

/// Returns whether a token bucket filter has another limit, burst or peak rate than a [`Rate`]
/// gives it, after a `struct tcmsg`.
pub(crate) fn has_own_parameters(payload: &[u8], link: u32) -> bool {
    let Some((_, rate)) = rate(payload).filter(|(index, _)| *index == link) else {
        return false;
    };
    let options = attributes(payload.get(20..).unwrap_or_default())
        .find(|(kind, _)| *kind == TCA_OPTIONS)
        .and_then(|(_, options)| attributes(options).find(|(kind, _)| *kind == TCA_TBF_PARMS));
    let Some((_, parameters)) = options else { return false };
    // `struct tc_tbf_qopt`: two `struct tc_ratespec` of 12 bytes, limit, buffer.
    let number = |at: usize| parameters.get(at..).and_then(u32_of).unwrap_or_default();
    let (peak_rate, limit, ticks) = (number(20), number(24), u64::from(number(28)));
    // The time in which the burst is sent, in ticks of 64 ns.
    let expected =
        u128::from(rate.burst()) * 1_000_000_000 / 64 / u128::from(rate.bytes_per_second()).max(1);
    let differs = u32::try_from(expected)
        .is_ok_and(|expected| u64::from(expected).abs_diff(ticks) > u64::from(expected) / 50 + 1);
    peak_rate != 0 || limit != rate.limit() || differs
}

/// Returns the kind of a queueing discipline of a link that was added by an administrator and is
/// not a rate limit, after a `struct tcmsg`; only at the root.
pub(crate) fn foreign_qdisc(payload: &[u8], link: u32) -> Option<String> {
    let (header, rest) = payload.split_first_chunk::<20>()?;
    let (_, kind) = attributes(rest).find(|(kind, _)| *kind == TCA_KIND)?;
    let (kind, parent) = (text_of(kind), u32_of(&header[12..])?);
    // The kernel's own disciplines have no handle.
    let is_made = u32_of(&header[8..])? != 0;
    let is_outermost = parent == TC_H_ROOT || parent == TC_H_INGRESS;
    let is_foreign = is_made && is_outermost && (kind != "tbf" || parent == TC_H_INGRESS);
    (u32_of(&header[4..])? == link && is_foreign).then_some(kind)
}
