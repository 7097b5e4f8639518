//! Whatever a user may write: a parser refuses it, or what it has read is written so that it is read
//! as the same again. The first byte chooses the parser.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use macvlan_core::{
    AddrGenMode, Address, Assignment, DuplicateDetection, LinkId, LinkName, MacAddr, Mode, Parent,
    Rate, Route, RouteKind, Rule, Scope, VlanProtocol,
};

fn parse<T: Debug + Display + FromStr<Err: Debug + Display> + PartialEq>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => {
            let written = value.to_string();
            assert_eq!(written.parse::<T>().as_ref().ok(), Some(&value), "{written:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match first {
        b'a' => parse::<Address>(text),
        b'b' => parse::<Assignment>(text),
        b'c' => parse::<Route>(text),
        b'd' => parse::<Rule>(text),
        b'e' => parse::<MacAddr>(text),
        b'f' => parse::<LinkName>(text),
        b'g' => parse::<LinkId>(text),
        b'h' => parse::<Parent>(text),
        b'i' => parse::<Rate>(text),
        b'j' => parse::<Scope>(text),
        b'k' => {
            parse::<Mode>(text);
            parse::<RouteKind>(text);
            parse::<VlanProtocol>(text);
            parse::<AddrGenMode>(text);
            parse::<DuplicateDetection>(text);
        }
        _ => {}
    }
});
