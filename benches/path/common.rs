//! How parts are chosen, what they print, and how they wait.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// When nothing has moved for so long, something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// Runs the parts that are named by the arguments, `hook` or `hook=2`; without any all of them.
pub fn run<P: Copy>(parts: &[(&str, P)], run: impl Fn(P, Option<u64>)) {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!("{:<60} {:>14} {:>14} {:>8}", "what", "flow", "floor", "ratio");
    for (name, part) in parts {
        let asked = wanted.iter().find(|word| word.split('=').next() == Some(name));
        let size = asked.and_then(|word| word.split_once('=')).map(|(_, size)| size.parse().expect("a number"));
        if wanted.is_empty() || asked.is_some() {
            run(*part, size);
        }
    }
}

/// Prints a figure beside its floor; without one it is 0.
pub fn row(what: &str, flow: f64, floor: f64, unit: &str) {
    let ratio = if floor > 0.0 { format!("{:.2}", flow / floor) } else { "-".to_owned() };
    let floor = if floor > 0.0 { format!("{floor:.1} {unit}") } else { "-".to_owned() };
    println!("{what:<60} {:>14} {floor:>14} {ratio:>8}", format!("{flow:.1} {unit}"));
}

/// In milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// As many threads as there are cores.
pub fn runtime() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// Waits until it holds; fails when nothing has moved for long.
pub fn until<T: PartialEq>(what: &str, moving: impl Fn() -> T, holds: impl Fn(&T) -> bool) {
    let (mut seen, mut since) = (moving(), Instant::now());
    while !holds(&seen) {
        assert!(since.elapsed() < PATIENCE, "waited for {what} in vain");
        std::thread::sleep(LOOK);
        let now = moving();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
}
