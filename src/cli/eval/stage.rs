//! Plays many scenarios side by side, in the order they were given.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::report::{Graded, Report, Unreadable};
use super::scenario::{self, Scenario};
use super::{grade, play};
use crate::config::StoreUrl;

/// Plays every scenario of these paths `k` times.
///
/// # Errors
/// When no runtime can be made. Files that cannot be read stand in the report.
pub(super) fn run(
    paths: &[PathBuf],
    k: u32,
    place: Option<&StoreUrl>,
    tick: &(dyn Fn(usize, usize) + Sync),
) -> std::io::Result<Report> {
    let mut errors = Vec::new();
    let mut scripts = Vec::new();
    for path in paths {
        match scenario::files(path) {
            Ok(files) => scripts.extend(files),
            Err(error) => errors.push(unreadable(path, error.to_string())),
        }
    }
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<Graded, String>)>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(scripts.len().max(1));
    std::thread::scope(|scope| -> std::io::Result<()> {
        let mut players = Vec::new();
        for _ in 0..threads {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            players.push(scope.spawn({
                let (next, done, results, scripts) = (&next, &done, &results, &scripts);
                move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::SeqCst);
                        let Some(path) = scripts.get(index) else { break };
                        let result = runtime.block_on(graded(path, k, place));
                        results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, result));
                        tick(done.fetch_add(1, Ordering::SeqCst) + 1, scripts.len());
                    }
                }
            }));
        }
        Ok(())
    })?;
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    let mut scenarios = Vec::new();
    for (index, result) in results {
        match result {
            Ok(graded) => scenarios.push(graded),
            Err(error) => errors.push(unreadable(&scripts[index], error)),
        }
    }
    Ok(Report::of(scenarios, errors, k))
}

fn unreadable(path: &Path, error: String) -> Unreadable {
    Unreadable { file: path.display().to_string(), error }
}

async fn graded(path: &Path, k: u32, place: Option<&StoreUrl>) -> Result<Graded, String> {
    let scenario: Scenario = scenario::read(path)?;
    let began = Instant::now();
    let mut plays = Vec::new();
    let mut first = None;
    for _ in 0..k.max(1) {
        let performance = play::play(path, &scenario, place).await?;
        let failures = grade::failures(&scenario, &performance);
        plays.push(failures.is_empty());
        // What is shown is the first play that failed, else the first.
        if first.as_ref().is_none_or(|(known, _): &(Vec<String>, String)| known.is_empty() && !failures.is_empty()) {
            first = Some((failures, grade::transcript(&performance)));
        }
    }
    let (failures, transcript) = first.unwrap_or_default();
    Ok(Graded {
        file: path.display().to_string(),
        name: scenario.name.clone(),
        passed: failures.is_empty(),
        failures,
        turns: scenario.turns.len(),
        ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        plays,
        transcript,
    })
}
