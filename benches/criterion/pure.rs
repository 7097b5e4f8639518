//! Operations without system calls: an endpoint's plan; and with `--cfg macvlan_internals`, encoding
//! requests and decoding the kernel's answers.

use std::hint::black_box;

use criterion::Criterion;
use macvlan_benches::{Outcome, PARENT, work};
use macvlan_core::Assignment;

fn main() -> Outcome {
    let mut criterion = Criterion::default().configure_from_args();
    parse(&mut criterion);
    plan(&mut criterion)?;
    #[cfg(macvlan_internals)]
    internals::all(&mut criterion)?;
    #[cfg(not(macvlan_internals))]
    eprintln!("without encoding and decoding: they take RUSTFLAGS=\"--cfg macvlan_internals\"");
    criterion.final_summary();
    Ok(())
}

fn parse(criterion: &mut Criterion) {
    criterion.bench_function("parse/assignment", |bencher| {
        bencher.iter(|| black_box("172.16.213.180/16@172.16.213.2").parse::<Assignment>());
    });
}

fn plan(criterion: &mut Criterion) -> Outcome {
    criterion.bench_function("plan/endpoint from text", |bencher| {
        bencher.iter(|| work::endpoint(black_box(PARENT)));
    });
    let endpoint = work::endpoint(PARENT)?;
    criterion.bench_function("plan/plan", |bencher| bencher.iter(|| black_box(&endpoint).plan()));
    Ok(())
}

#[cfg(macvlan_internals)]
mod internals {
    use std::hint::black_box;

    use criterion::{Criterion, Throughput};
    use macvlan_benches::work::{GATEWAYS, NAME, V4, V6};
    use macvlan_benches::{Outcome, PARENT, Stage, listing};
    use macvlan_core::internals::{decode_links, encode_attach};
    use macvlan_core::{Address, Link, MacvlanOptions, Mode, Route};

    /// The approximate number of links in the decoded listing.
    const LINKS: usize = 100;

    pub(super) fn all(criterion: &mut Criterion) -> Outcome {
        encode(criterion)?;
        decode(criterion)
    }

    fn encode(criterion: &mut Criterion) -> Outcome {
        let link = Link::macvlan(NAME, PARENT, MacvlanOptions::new(Mode::Bridge))?.up(true);
        let addresses: [Address; 2] =
            [format!("{}/{}", V4.0, V4.1).parse()?, format!("{}/{} nodad", V6.0, V6.1).parse()?];
        let routes = [Route::default_via(GATEWAYS.0.into()), Route::default_via(GATEWAYS.1.into())];
        criterion.bench_function("encode/an attach", |bencher| {
            bencher.iter(|| {
                encode_attach(black_box(&link), black_box(&addresses), black_box(&routes))
            });
        });
        Ok(())
    }

    /// Returns this kernel's actual answers for its links.
    fn decode(criterion: &mut Criterion) -> Outcome {
        let stage = Stage::with_siblings(LINKS)?;
        let siblings = stage.siblings().ok_or("no siblings")?;
        let bytes = siblings.run(listing::links)??;
        let links: usize = bytes.iter().map(|bytes| decode_links(bytes)).sum();
        if links <= LINKS {
            return Err(format!("{links} links were decoded").into());
        }
        let mut group = criterion.benchmark_group("decode");
        group.throughput(Throughput::Elements(links.try_into()?));
        group.bench_function(format!("{links} links"), |bencher| {
            bencher
                .iter(|| bytes.iter().map(|bytes| decode_links(black_box(bytes))).sum::<usize>());
        });
        group.finish();
        Ok(())
    }
}
