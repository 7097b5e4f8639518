//! Operations on the kernel: attach, detach, ensure, check, a VLAN parent on demand, a long list;
//! and attach by its number of steps, so that a change that adds a request is noticed.
//!
//! Uses a separate host. Namespaces are created before the clock starts and deleted after it has
//! stopped. That takes longer than the measured operations, so samples are small.

use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode};
use macvlan_benches::{Outcome, PARENT, Stage, work};
use macvlan_core::{Address, Attachment, Endpoint, Handle, Host, NetNs, Route};
use macvlan_tests::{Need, Stop, need};

/// The number of links in the list.
const LINKS: usize = 1000;
/// The time for the kernel to delete the namespaces of one sample.
const BURIAL: Duration = Duration::from_millis(60);

fn main() -> Outcome {
    // The measuring thread is in the host's namespace, like a program that attaches.
    let stage = Stage::with_siblings(0)?;
    stage.netns().run(|| -> Outcome {
        let mut criterion = Criterion::default().configure_from_args();
        let host = Host::open()?;
        attach(&mut criterion, &host)?;
        attach_by_steps(&mut criterion, &host)?;
        detach(&mut criterion, &host)?;
        looking(&mut criterion, &host)?;
        vlan_on_demand(&mut criterion, &host)?;
        criterion.final_summary();
        Ok(())
    })??;
    listing()
}

/// A few iterations in each sample, whatever their duration.
fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(500));
    group
}

/// Measures attaching this endpoint, each time to a new namespace.
fn bench_attach(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    host: &Host,
    endpoint: &Endpoint,
) {
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|times| {
            let places = namespaces(times);
            let start = Instant::now();
            let attached: Vec<Attachment> =
                places.iter().map(|at| must(host.attach(endpoint, at))).collect();
            let time = start.elapsed();
            drop((attached, places));
            std::thread::sleep(BURIAL);
            time
        });
    });
}

fn attach(criterion: &mut Criterion, host: &Host) -> Outcome {
    let mut group = group(criterion, "attach");
    let endpoint = work::endpoint(PARENT)?;
    bench_attach(&mut group, BenchmarkId::from_parameter("the hot path"), host, &endpoint);
    group.finish();
    Ok(())
}

fn attach_by_steps(criterion: &mut Criterion, host: &Host) -> Outcome {
    let bare = || Ok::<_, macvlan_core::Error>(Endpoint::new(work::NAME, PARENT)?.lo_up(false));
    let mut group = group(criterion, "attach by steps");
    for count in [0, 1, 2, 4, 8, 16] {
        let mut endpoint = bare()?;
        for number in 1..=count {
            endpoint = endpoint.address(format!("10.77.0.{number}/16").parse::<Address>()?);
        }
        bench_attach(&mut group, BenchmarkId::new("addresses", count), host, &endpoint);
    }
    for count in [0, 1, 2, 4, 8, 16] {
        let mut endpoint = bare()?.address("10.77.0.1/16".parse()?);
        for number in 1..=count {
            endpoint = endpoint
                .route(format!("10.{}.0.0/16 via 10.77.0.2", 100 + number).parse::<Route>()?);
        }
        bench_attach(&mut group, BenchmarkId::new("an address and routes", count), host, &endpoint);
    }
    bench_attach(&mut group, BenchmarkId::new("lo", 1), host, &bare()?.lo_up(true));
    group.finish();
    Ok(())
}

/// Each waits about 16 ms for the kernel.
fn detach(criterion: &mut Criterion, host: &Host) -> Outcome {
    let endpoint = work::endpoint(PARENT)?;
    let mut group = group(criterion, "detach");
    group.sample_size(10).measurement_time(Duration::from_secs(1));
    group.bench_function("waiting", |bencher| {
        bencher.iter_custom(|times| {
            let places = namespaces(times);
            let attached: Vec<Attachment> =
                places.iter().map(|at| must(host.attach(&endpoint, at))).collect();
            let start = Instant::now();
            for attachment in attached {
                must(host.detach(&attachment));
            }
            start.elapsed()
        });
    });
    group.finish();
    Ok(())
}

/// No changes are made.
fn looking(criterion: &mut Criterion, host: &Host) -> Outcome {
    let endpoint = work::endpoint(PARENT)?;
    let netns = NetNs::anonymous()?;
    host.attach(&endpoint, &netns)?;
    let mut group = group(criterion, "when all is right");
    group.measurement_time(Duration::from_secs(1));
    group.bench_function("ensure", |bencher| {
        bencher.iter(|| assert!(must(host.ensure(&endpoint, &netns)).repaired.is_empty()));
    });
    group.bench_function("check", |bencher| {
        bencher.iter(|| assert!(must(host.check(&endpoint, &netns)).is_empty()));
    });
    group.finish();
    Ok(())
}

/// The VLAN is created for each attach, and deleted with it.
fn vlan_on_demand(criterion: &mut Criterion, host: &Host) -> Outcome {
    match need(Need::Vlan) {
        Ok(()) => {}
        Err(Stop::Ignored(why)) => {
            println!("VLAN parent on demand: left out, {why}");
            return Ok(());
        }
        Err(stop) => return Err(format!("{stop:?}").into()),
    }
    let endpoint = work::endpoint(&format!("{PARENT}.100"))?;
    let mut group = group(criterion, "VLAN parent on demand");
    group.sample_size(10).measurement_time(Duration::from_millis(50));
    group.bench_function("attach", |bencher| {
        bencher.iter_custom(|times| {
            let places = namespaces(times);
            let mut time = Duration::ZERO;
            for netns in &places {
                let start = Instant::now();
                let attachment = must(host.attach(&endpoint, netns));
                time += start.elapsed();
                must(host.detach(&attachment));
            }
            time
        });
    });
    group.finish();
    Ok(())
}

fn listing() -> Outcome {
    let stage = Stage::with_siblings(LINKS)?;
    let handle = Handle::in_netns(stage.siblings().ok_or("no siblings")?)?;
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = group(&mut criterion, "list");
    group.measurement_time(Duration::from_secs(1));
    group.bench_function(format!("{LINKS} links"), |bencher| {
        bencher.iter(|| assert!(must(handle.links()).len() > LINKS));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn namespaces(count: u64) -> Vec<NetNs> {
    (0..count).map(|_| must(NetNs::anonymous())).collect()
}

/// criterion has no way to return an error.
fn must<T>(result: macvlan_core::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
