//! Random numbers and ids.

/// Returns a random number.
pub(crate) fn number() -> u128 {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    u128::from_ne_bytes(bytes)
}

/// Returns a random id of 64 hexadecimal digits, like Docker's.
pub(crate) fn id() -> String {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    hex(&bytes)
}

/// Formats bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
        text
    })
}

/// Fills a buffer; the kernel has had getrandom(2) since 3.17, and it cannot fail after boot.
#[allow(clippy::expect_used)]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the kernel gives random bytes");
}
