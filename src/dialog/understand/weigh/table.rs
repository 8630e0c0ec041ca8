//! The learnt weights: a table laid out as it is read, so that nothing is loaded and nothing allocated.

use super::super::Intent;

/// How many intents are weighed.
pub(super) const INTENTS: usize = Intent::ALL.len();
/// Bytes before the first place: what the table is, how it was made, and how large a step of a weight is.
pub(super) const HEADER: usize = 16;
/// Bytes of a place: the feature, then a step for each intent.
pub(super) const PLACE: usize = 4 + INTENTS;

static TABLE: &[u8] = include_bytes!("../lexicon/weights.bin");

fn word(at: usize) -> u32 {
    TABLE.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// A mark of the sentences and features that the weights were learnt from.
#[cfg(test)]
pub(super) fn origin() -> u32 {
    word(4)
}

/// What every intent weighs.
pub(super) fn scores(features: &[u32]) -> [f32; INTENTS] {
    let mut sums = [0_i32; INTENTS];
    let places = (TABLE.len().saturating_sub(HEADER)) / PLACE;
    let mask = places.next_power_of_two() / if places.is_power_of_two() { 1 } else { 2 };
    let mask = mask.saturating_sub(1);
    for feature in features {
        let mut place = *feature as usize & mask;
        loop {
            let at = HEADER + place * PLACE;
            match word(at) {
                0 => break,
                found if found == *feature => {
                    for (sum, step) in sums.iter_mut().zip(&TABLE[at + 4..at + PLACE]) {
                        *sum += i32::from(*step as i8);
                    }
                    break;
                }
                _ => place = (place + 1) & mask,
            }
        }
    }
    let step = f32::from_bits(word(8));
    sums.map(|sum| sum as f32 * step)
}
