#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| macvlan_fuzz::frame::check(bytes));
