//! The fuzzer of texts without libFuzzer: its seeds, and damaged ones.

use macvlan_tests::damaged;

#[path = "../../../fuzz/src/text.rs"]
#[allow(unreachable_pub)]
mod fuzzer;

#[test]
fn a_parser_refuses_a_text_or_reads_again_what_it_displays() {
    let seeds =
        include_str!("../../../fuzz/seeds/text.txt").lines().filter(|line| !line.starts_with('#'));
    for seed in seeds.map(str::as_bytes) {
        fuzzer::check(seed);
        damaged(seed).for_each(|text| fuzzer::check(&text));
    }
}
