//! The library as a program of its own, of the kind that [`macvlan_benches::Program`] describes: to
//! let two builds of it take turns (`reach --program before=… --program after=…`).

use std::io::{BufRead, Write};

use macvlan_benches::{Contender, Outcome, Rust};

fn main() -> Outcome {
    let mut rust = Rust::new()?;
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    for line in input.lines() {
        let time = rust.attach(line?.trim().parse()?)?;
        writeln!(output, "{}", time.as_nanos())?;
        output.flush()?;
    }
    Ok(())
}
