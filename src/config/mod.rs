//! What a person sets: one configuration out of files, variables and flags. The one place that reads the environment.

pub mod channels;
pub mod connections;
pub mod document;
mod dot_env;
mod duration;
pub mod environment;
pub mod keys;
pub mod load;
pub mod near;
pub mod presets;
pub mod problem;
pub mod profile;
pub mod secret;
pub mod settings;
mod value;

#[cfg(test)]
mod tests;

pub use duration::parse as parse_duration;
pub use environment::Environment;
pub use keys::schema;
pub use load::{Loaded, Origin, Sources, load};
pub use problem::{Problem, Problems};
pub use profile::{load_profile, parse_profile};
pub use secret::Secret;
pub use settings::{CompanyOverrides, Config, Engine, HealthDetails, LogFormat, StoreUrl, StoreUrlError};

/// The whole configuration with its defaults and what each key is for (`config.toml.example`).
pub const EXAMPLE: &str = include_str!("../../config.toml.example");
