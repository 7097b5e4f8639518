//! Damaged input for decoders and parsers.

/// Returns each prefix, and the bytes with one of them changed in ways that are likely to do harm:
/// zero, one, all ones, each bit flipped.
pub fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let prefixes = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let changes = (0..bytes.len()).flat_map(|at| {
        let byte = bytes[at];
        let flipped = (0..8).map(move |bit| byte ^ 1 << bit);
        [0, 1, 0xff].into_iter().chain(flipped).map(move |to| (at, to))
    });
    prefixes.chain(changes.map(|(at, to)| {
        let mut copy = bytes.to_vec();
        copy[at] = to;
        copy
    }))
}
