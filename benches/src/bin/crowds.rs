//! Measures batches: detaching by the hundred, detaching without waiting, and attaching from a
//! pool: `crowds [COUNT]`.

use std::time::{Duration, Instant};

use macvlan_benches::floor::{BEST, Floor};
use macvlan_benches::{Contender, Outcome, PARENT, Quantiles, Stage, table, work};
use macvlan_core::{Attachment, Endpoint, Host, NetNs};

fn main() -> Outcome {
    let count = std::env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    let stage = Stage::with_siblings(0)?;
    let parent = stage.parent()?;
    stage.netns().run(|| -> Outcome {
        let host = Host::open()?;
        println!(
            "| {count} macvlans | attached | detached one after the other | at once | speedup |"
        );
        println!("|---|---|---|---|---|");
        detaching(&host, "in as many namespaces", count, || {
            NetNs::anonymous().map_err(Into::into)
        })?;
        let shared = NetNs::anonymous()?;
        detaching(&host, "in one namespace", count, || Ok(shared.clone()))?;
        without_waiting(&host)?;
        from_a_pool(&host, parent, count)
    })?
}

fn detaching(
    host: &Host,
    place: &str,
    count: usize,
    mut netns: impl FnMut() -> Outcome<NetNs>,
) -> Outcome {
    // The namespaces exist for as long as their handles.
    let mut attached = || -> Outcome<(Vec<NetNs>, Vec<Attachment>, Duration)> {
        let places = (0..count).map(|_| netns()).collect::<Outcome<Vec<NetNs>>>()?;
        let endpoints = (0..count)
            .map(|number| Endpoint::new(format!("eth{number}"), PARENT))
            .collect::<Result<Vec<_>, _>>()?;
        let start = Instant::now();
        let results = host.attach_all(endpoints.iter().zip(&places));
        let took = start.elapsed();
        Ok((places, results.into_iter().collect::<Result<_, _>>()?, took))
    };
    let (_places, attachments, attaching) = attached()?;
    let start = Instant::now();
    for attachment in attachments {
        host.detach(&attachment)?;
    }
    let one_by_one = start.elapsed();
    let (_places, attachments, _) = attached()?;
    let start = Instant::now();
    let results = host.detach_all(&attachments);
    let together = start.elapsed();
    for result in results {
        result?;
    }
    println!(
        "| {place} | {} | {} | {} | {:.0} × |",
        describe(attaching),
        describe(one_by_one),
        describe(together),
        one_by_one.as_secs_f64() / together.as_secs_f64()
    );
    Ok(())
}

fn without_waiting(host: &Host) -> Outcome {
    let endpoint = work::endpoint(PARENT)?;
    let mut times = Vec::new();
    for _ in 0..50 {
        let netns = NetNs::anonymous()?;
        let attachment = host.attach(&endpoint, &netns)?;
        let start = Instant::now();
        let detaching = host.detach_later(&attachment);
        times.push(start.elapsed());
        detaching.wait()?;
    }
    println!("\n{}", table(&[Quantiles::of("`detach_later`, until it returns", times)]));
    Ok(())
}

fn from_a_pool(host: &Host, parent: u32, count: usize) -> Outcome {
    let mut floor = Floor::new("the floor", parent, BEST)?;
    let pool = host.pool(PARENT, count)?;
    let containers = Stage::containers(count)?;
    let endpoint = work::endpoint(PARENT)?;
    let (mut on_the_floor, mut pooled): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    let mut attachments = Vec::new();
    for container in &containers {
        on_the_floor.push(floor.attach(container.pid())?);
        let start = Instant::now();
        attachments.push(pool.attach(&endpoint)?);
        pooled.push(start.elapsed());
    }
    for (netns, _) in attachments.iter().take(1) {
        macvlan_benches::witness(netns, false)?;
    }
    let rows =
        [Quantiles::of("the floor", on_the_floor), Quantiles::of("attach from a pool", pooled)];
    println!("{}", table(&rows));
    let all = attachments.iter().map(|(_, attachment)| attachment);
    host.detach_all(all).into_iter().collect::<Result<Vec<_>, _>>()?;
    Stage::end(containers);
    Ok(())
}

fn describe(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
