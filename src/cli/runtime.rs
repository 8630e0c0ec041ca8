//! The runtime of those commands that wait for something, and Ctrl-C.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use super::failure::{Failure, exit};

/// Runs a command's work on this thread; Ctrl-C drops it, a second one leaves at once.
///
/// # Errors
/// What the work says, or `Interrupted`.
pub fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = built(Builder::new_current_thread())?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = work => outcome,
            () = interruption() => {
                leave_on_the_second();
                Err(Failure::interrupted())
            }
        }
    });
    // A read of the terminal cannot be taken back; nothing else is left running here.
    runtime.shutdown_background();
    outcome
}

/// Runs work that hears the signals itself, on all cores.
///
/// # Errors
/// What the work says.
pub fn run_daemon<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = built(Builder::new_multi_thread())?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}

fn built(mut builder: Builder) -> Result<Runtime, Failure> {
    builder.enable_all().build().map_err(|error| Failure::internal(format!("cannot start a runtime: {error}")))
}

async fn interruption() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal the work just goes on.
        std::future::pending::<()>().await;
    }
}

/// Ending may wait for the store to finish what it accepted; whoever presses Ctrl-C again does not want to.
fn leave_on_the_second() {
    std::thread::spawn(|| {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(interruption());
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
}
