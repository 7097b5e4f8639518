//! Measures the library's distance from the floor: `reach [--rounds N] [--siblings N,N,…]
//! [--program NAME=COMMAND]…`. Programs are of the kind described by [`macvlan_benches::Program`].
//!
//! A program that is woken for each attach has colder caches than this process, in any language. So
//! programs are also shown separately, relative to the first of them, which should be the floor
//! (`--program "floor=target/release/attach_once --floor"`).

use macvlan_benches::floor::{BEST, Floor, SAFE};
use macvlan_benches::{Contender, Outcome, Program, Rust, Stage, race, table};

fn main() -> Outcome {
    let (mut rounds, mut siblings, mut programs) = (200, vec![0], Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--rounds" => rounds = value.parse()?,
            "--siblings" => {
                siblings = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--program" => {
                let (name, command) = value.split_once('=').ok_or("NAME=COMMAND")?;
                programs.push((name.to_owned(), command.to_owned()));
            }
            _ => return Err(format!("what is {option}?").into()),
        }
    }
    for count in siblings {
        let stage = Stage::with_siblings(count)?;
        let parent = stage.parent()?;
        let rows = stage.netns().run(|| -> Outcome<_> {
            let mut floor = Floor::new("the floor", parent, BEST)?;
            let mut safe = Floor::new("the floor, all or nothing", parent, SAFE)?;
            let mut rust = Rust::new()?;
            let mut others: Vec<Program> = programs
                .iter()
                .map(|(name, command)| Program::start(name, command))
                .collect::<Outcome<_>>()?;
            let mut contenders: Vec<&mut dyn Contender> = vec![&mut floor, &mut safe, &mut rust];
            contenders.extend(others.iter_mut().map(|other| other as &mut dyn Contender));
            race(&mut contenders, rounds)
        })??;
        println!("With {count} siblings on the parent:\n\n{}", table(&rows));
        let of_their_own = &rows[rows.len() - programs.len()..];
        if of_their_own.len() > 1 {
            println!("The programs alone:\n\n{}", table(of_their_own));
        }
    }
    Ok(())
}
