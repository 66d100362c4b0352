//! What vmoscope costs, each figure next to what the same work costs without it, measured
//! in turns: the ratios are what matters (`docs/benchmarks.md`).
//!
//! `cargo bench -p vmm` runs all of it; `cargo bench -p vmm -- translate` a part. Where
//! `/dev/kvm` cannot be used, the parts that need it say so and are left out.

mod attach;
mod bare;
mod calls;
mod compare;
mod exits;
mod save;
mod search;
mod serve;
mod start;
mod support;
mod translate;
mod world;

use compare::Summary;
use criterion::Criterion;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .without_plots()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let mut summary = Summary::default();
    translate::run(&mut criterion, &mut summary);
    serve::run(&mut criterion, &mut summary);
    save::run(&mut criterion, &mut summary);
    search::run(&mut criterion, &mut summary);
    if support::kvm_is_usable() {
        exits::run(&mut criterion, &mut summary);
        calls::run(&mut criterion, &mut summary);
        start::run(&mut criterion, &mut summary);
        attach::run(&mut criterion, &mut summary);
    }
    criterion.final_summary();
    print!("{summary}");
}
