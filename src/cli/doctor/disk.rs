//! The place where the store lies: whether it may be written, and how much room there is.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use super::{Looks, Verdict};
use crate::cli::failure::Failure;

const MB: u64 = 1_000_000;
/// With less room the disk is soon full.
const SCARCE: u64 = 500 * MB;
/// With less room it is as good as full.
const GONE: u64 = 50 * MB;
/// Of a disk less than one part in so many is little.
const PARTS: u64 = 20;

/// How much room there is.
struct Room {
    free: u64,
    total: u64,
}

/// The folder of a store.
fn folder(store: &Path) -> &Path {
    match store.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether the store may be written where it lies.
pub(super) fn may_be_written(store: &Path, looks: &mut Looks) {
    let folder = folder(store);
    if !folder.exists() {
        return looks.ok("folder", format!("{} will be made", folder.display()));
    }
    let probe = folder.join(format!(".flow-doctor-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => {
            drop(fs::remove_file(&probe));
            looks.ok("folder", format!("{} may be written", folder.display()));
        }
        Err(error) => {
            let failure = Failure::store(format!("{} may not be written: {error}", folder.display()));
            looks.fail("folder", &failure.hint("let the user that runs flow write there, or set `store.url`"));
        }
    }
}

/// Whether there is room for what clients will write.
pub(super) fn has_room(store: &Path, looks: &mut Looks) {
    let folder = folder(store);
    // A folder that is still to be made lies on the disk of the one around it.
    let place = folder.ancestors().find(|place| place.exists()).unwrap_or(Path::new("."));
    let room = match room(place) {
        Ok(room) => room,
        Err(error) => {
            let detail = format!("the free space at {} cannot be read: {error}", place.display());
            return looks.warn("disk", detail, "look yourself whether there is room");
        }
    };
    let detail = format!("{} of {} are free at {}", size(room.free), size(room.total), place.display());
    let hint = "free some space, or move the store to a larger disk: what cannot be written is not taken from clients";
    match verdict(&room) {
        Verdict::Ok => looks.ok("disk", detail),
        Verdict::Warn => looks.warn("disk", detail, hint),
        Verdict::Fail => looks.fail("disk", &Failure::store(detail).hint(hint)),
    }
}

fn verdict(room: &Room) -> Verdict {
    match room.free {
        // A file system that tells no size has none of its own.
        _ if room.total == 0 => Verdict::Ok,
        free if free < GONE => Verdict::Fail,
        free if free < SCARCE || free < room.total / PARTS => Verdict::Warn,
        _ => Verdict::Ok,
    }
}

#[cfg(unix)]
fn room(place: &Path) -> io::Result<Room> {
    let told = rustix::fs::statvfs(place)?;
    // What is kept for the superuser is not for us.
    let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
    Ok(Room { free: bytes(told.f_bavail), total: bytes(told.f_blocks) })
}

#[cfg(not(unix))]
fn room(_place: &Path) -> io::Result<Room> {
    Err(io::ErrorKind::Unsupported.into())
}

fn size(bytes: u64) -> String {
    match bytes / MB {
        mb if mb < 1000 => format!("{mb} MB"),
        mb => format!("{}.{} GB", mb / 1000, mb % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_told_before_there_is_none() {
        let of = |free: u64, total: u64| verdict(&Room { free: free * MB, total: total * MB });
        assert_eq!(of(70_000, 252_000), Verdict::Ok);
        assert_eq!(of(600, 1_000), Verdict::Ok);
        assert_eq!(of(499, 1_000), Verdict::Warn);
        assert_eq!(of(12_000, 252_000), Verdict::Warn);
        assert_eq!(of(49, 100), Verdict::Fail);
        assert_eq!(of(0, 0), Verdict::Ok);
    }

    #[test]
    fn a_size_is_read_at_a_glance() {
        assert_eq!(size(49 * MB), "49 MB");
        assert_eq!(size(70_260 * MB), "70.2 GB");
    }
}
