//! Compares other tools that do the same work: `peers [--rounds N] [--row N] [--to FILE] [--peer
//! NAME=EVERY=WHAT=COMMAND]…`, called by `benches/peers/run`. Prints the results as JSON, or writes
//! them to FILE.
//!
//! Each does the work once in EVERY rounds of one race, in which `ip` checks that the results are
//! the same. WHAT is `all`; or `v4` for a tool that sets up only IPv4; or `alone` for one that has
//! to be alone on the parent, and so cannot race. Then each detaches, attaches to N containers in a
//! row unless that would take more than a minute, and is traced by `strace`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use macvlan_benches::floor::{BEST, Floor};
use macvlan_benches::{Contender, Outcome, Program, Quantiles, Rust, Stage, race, witness};
use serde_json::{Value, json};

/// The number of detaches that are timed.
const DETACHED: usize = 20;
/// The time limit for a row of containers.
const PATIENCE: Duration = Duration::from_secs(60);

struct Arguments {
    rounds: usize,
    row: usize,
    to: Option<String>,
    peers: Vec<Peer>,
}

struct Peer {
    name: String,
    every: usize,
    what: What,
    command: String,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    All,
    V4,
    Alone,
}

impl Arguments {
    fn read() -> Outcome<Self> {
        let mut read = Self { rounds: 200, row: 1000, to: None, peers: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(option) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
            match option.as_str() {
                "--rounds" => read.rounds = value.parse()?,
                "--row" => read.row = value.parse()?,
                "--to" => read.to = Some(value),
                "--peer" => read.peers.push(Peer::read(&value)?),
                _ => return Err(format!("what is {option}?").into()),
            }
        }
        Ok(read)
    }
}

impl Peer {
    fn read(text: &str) -> Outcome<Self> {
        let parts: Vec<&str> = text.splitn(4, '=').collect();
        let [name, every, what, command] = parts[..] else {
            return Err(format!("{text:?} is not NAME=EVERY=WHAT=COMMAND").into());
        };
        let what = match what {
            "all" => What::All,
            "v4" => What::V4,
            "alone" => What::Alone,
            _ => return Err(format!("what is {what}?").into()),
        };
        let every = every.parse::<std::num::NonZero<usize>>()?.get();
        Ok(Self { name: name.to_owned(), every, what, command: command.to_owned() })
    }

    fn start(&self) -> Outcome<Program> {
        let program = Program::start(&self.name, &self.command)?.once_in(self.every);
        Ok(if self.what == What::V4 { program.without_v6() } else { program })
    }
}

fn main() -> Outcome {
    let arguments = Arguments::read()?;
    let stage = Stage::with_siblings(0)?;
    let parent = stage.parent()?;
    let results = stage.netns().run(|| run(parent, &arguments))??;
    let text = serde_json::to_string_pretty(&results)?;
    match arguments.to {
        Some(path) => std::fs::write(path, text)?,
        None => println!("{text}"),
    }
    Ok(())
}

fn run(parent: u32, Arguments { rounds, row, peers, .. }: &Arguments) -> Outcome<Value> {
    let (solitary, sociable): (Vec<&Peer>, Vec<&Peer>) =
        peers.iter().partition(|peer| peer.what == What::Alone);
    let mut floor = Floor::new("the floor", parent, BEST)?;
    let mut rust = Rust::new()?;
    let mut programs: Vec<Program> =
        sociable.iter().map(|peer| peer.start()).collect::<Outcome<_>>()?;
    let mut contenders: Vec<&mut dyn Contender> = vec![&mut floor, &mut rust];
    contenders.extend(programs.iter_mut().map(|program| program as &mut dyn Contender));
    let raced = race(&mut contenders, *rounds)?;
    // Some keep namespaces open until they end.
    drop(programs);
    Stage::bury(rounds * peers.len());

    let ourselves = std::env::current_exe()?.with_file_name("attach_once");
    let ourselves = ourselves.to_str().filter(|_| ourselves.exists());
    let mut rows = vec![
        measured(&mut floor, &raced[0], None, *row, None)?,
        measured(&mut rust, &raced[1], None, *row, ourselves)?,
    ];
    for (peer, attached) in sociable.iter().zip(&raced[2..]) {
        rows.push(measured(&mut peer.start()?, attached, None, *row, Some(&peer.command))?);
    }
    for peer in solitary {
        let mut program = peer.start()?;
        let (attached, detached) = attach_alone(&mut program, rounds.div_ceil(peer.every))?;
        let command = Some(peer.command.as_str());
        rows.push(measured(&mut program, &attached, Some(detached), *row, command)?);
    }
    Ok(json!({ "rounds": rounds, "row": row, "rows": rows }))
}

/// A row of the table.
fn measured(
    contender: &mut dyn Contender,
    attached: &Quantiles,
    detached: Option<Quantiles>,
    row: usize,
    command: Option<&str>,
) -> Outcome<Value> {
    let detached = detached.map_or_else(|| detach(contender), Ok)?;
    eprintln!("{}: {:.1} µs", attached.name, attached.median);
    let each = Duration::from_secs_f64(attached.median * 1e-6);
    let in_a_row = if each * u32::try_from(row)? > PATIENCE {
        None
    } else {
        Some(attach_row(contender, row)?.as_secs_f64())
    };
    let traced = command.map(|command| traced(&attached.name, command)).transpose()?.flatten();
    Ok(json!({
        "name": attached.name,
        "count": attached.count,
        "median": attached.median,
        "p99": attached.p99,
        "detach": detached.median,
        "row": in_a_row,
        "requests": traced.map(|traced| traced.requests),
        "processes": traced.map(|traced| traced.processes),
    }))
}

fn detach(contender: &mut dyn Contender) -> Outcome<Quantiles> {
    let containers = Stage::containers(DETACHED)?;
    let mut times = Vec::new();
    for container in &containers {
        contender.attach(container.pid())?;
        times.push(contender.detach(container.pid())?);
    }
    Stage::end(containers);
    Ok(Quantiles::of(contender.name(), times))
}

/// Returns the times of attaching and detaching for a tool whose IPv6 address is subject to
/// duplicate address detection, which would find the same address on the same parent.
fn attach_alone(contender: &mut dyn Contender, times: usize) -> Outcome<(Quantiles, Quantiles)> {
    let (mut attaching, mut detaching) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let containers = Stage::containers(1)?;
        attaching.push(contender.attach(containers[0].pid())?);
        witness(&containers[0].netns()?, false)
            .map_err(|error| format!("{}: {error}", contender.name()))?;
        detaching.push(contender.detach(containers[0].pid())?);
        Stage::end(containers);
    }
    let name = contender.name();
    Ok((Quantiles::of(name, attaching), Quantiles::of(name, detaching)))
}

/// Returns the wall-clock time, including the time to call a program.
fn attach_row(contender: &mut dyn Contender, row: usize) -> Outcome<Duration> {
    let containers = Stage::containers(row)?;
    let start = Instant::now();
    for container in &containers {
        contender.attach(container.pid())?;
    }
    let time = start.elapsed();
    Stage::end(containers);
    Ok(time)
}

/// The cost of one attach.
#[derive(Clone, Copy)]
struct Traced {
    requests: usize,
    processes: usize,
}

/// Returns the number of netlink requests and processes of one attach: half of the difference
/// between three attaches and one. `None` without `strace`.
fn traced(name: &str, command: &str) -> Outcome<Option<Traced>> {
    let path = std::env::temp_dir().join(format!("macvlan-peers-{}", std::process::id()));
    let tool = "strace -f -qq -s 65536 -e trace=sendto,sendmsg,execve -o";
    let count = |attaches: usize| -> Outcome<Option<Traced>> {
        let Ok(mut program) = Program::start(name, &format!("{tool} {} {command}", path.display()))
        else {
            return Ok(None);
        };
        for _ in 0..attaches {
            let containers = Stage::containers(1)?;
            program.attach(containers[0].pid())?;
            Stage::end(containers);
        }
        drop(program);
        let trace = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        let requests = trace.matches("nlmsg_flags=NLM_F_REQUEST").count();
        // A process may execute several programs in sequence.
        let started = |line: &&str| line.contains("execve") && line.ends_with(" = 0");
        let who = |line: &str| line.split(' ').next().map(str::to_owned);
        let processes =
            trace.lines().filter(started).filter_map(who).collect::<BTreeSet<_>>().len();
        Ok(Some(Traced { requests, processes }))
    };
    let (Some(one), Some(three)) = (count(1)?, count(3)?) else { return Ok(None) };
    Ok(Some(Traced {
        requests: three.requests.saturating_sub(one.requests) / 2,
        processes: three.processes.saturating_sub(one.processes) / 2,
    }))
}
