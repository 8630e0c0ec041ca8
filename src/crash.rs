//! Named moments at which the process can be made to die as in a power cut. Without the feature
//! `crash-points` there is nothing here.

/// Arms the points: `NAME:N` kills the process when that point is passed for the N-th time.
#[cfg(feature = "crash-points")]
pub fn arm(spec: &str) {
    armed::arm(spec);
}

/// Passes a point.
#[cfg(feature = "crash-points")]
pub fn point(name: &str) {
    armed::point(name);
}

/// Passes a point: nothing happens.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub const fn point(_name: &str) {}

#[cfg(feature = "crash-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    struct Armed {
        name: String,
        left: AtomicU32,
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();

    pub(super) fn arm(spec: &str) {
        let (name, times) = spec.rsplit_once(':').unwrap_or((spec, "1"));
        let left = AtomicU32::new(times.parse().unwrap_or(1).max(1));
        drop(ARMED.set(Armed { name: name.to_owned(), left }));
    }

    pub(super) fn point(name: &str) {
        let Some(armed) = ARMED.get().filter(|armed| armed.name == name) else { return };
        if armed.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // Whoever cannot be killed goes on: the test will tell.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
