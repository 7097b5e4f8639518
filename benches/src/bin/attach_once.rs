//! The library as a separate program, or with `--floor` the floor, of the kind described by
//! [`macvlan_benches::Program`]. Used to alternate two builds (`reach --program before=… --program
//! after=…`), to compare with programs in other languages, and for tracing.

use std::io::{BufRead, Write};

use macvlan_benches::floor::{BEST, Floor};
use macvlan_benches::{Contender, Outcome, Rust};
use macvlan_core::Handle;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut contender: Box<dyn Contender> = match arguments.as_slice() {
        [floor, parent] if floor == "--floor" => {
            let parent = Handle::open()?.link(parent.as_str())?.index;
            Box::new(Floor::new("the floor", parent, BEST)?)
        }
        [_parent] => Box::new(Rust::new()?),
        _ => return Err("usage: attach_once [--floor] PARENT".into()),
    };
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    for line in input.lines() {
        let line = line?;
        let time = match line.trim().strip_prefix('-') {
            Some(pid) => contender.detach(pid.parse()?)?,
            None => contender.attach(line.trim().parse()?)?,
        };
        writeln!(output, "{}", time.as_nanos())?;
        output.flush()?;
    }
    Ok(())
}
