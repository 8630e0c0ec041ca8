//! `flow seed`.

mod activity;
mod dialogue;
mod diary;
mod story;
mod texts;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueHint};
use serde_json::{Value, json};

use super::context::{Context, Open, Session};
use super::failure::Failure;
use super::output::{Out, Shape};
use super::times::Edge;
use crate::config::{CompanyOverrides, Problem, load_profile, parse_profile, presets};
use crate::domain::company::Profile;

/// Load a business profile, and made-up activity
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("profile").required(true).args(["file", "preset"]))]
#[command(after_help = "Examples:
  flow seed profile.toml
  flow seed --preset salon
  flow seed --preset salon --activity 500 --days 30 --rng 7    again after an interruption: the rest")]
pub struct SeedArgs {
    /// The profile
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// A ready profile
    #[arg(long, value_name = "NAME", value_parser = presets::NAMES)]
    preset: Option<String>,
    /// Add so many made-up conversations with leads, messages and bookings
    #[arg(long, value_name = "N")]
    activity: Option<u32>,
    /// Spread them over so many days
    #[arg(long, value_name = "D", default_value_t = 30, requires = "activity",
          value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// The same number makes the same activity; what is there of it stays, the rest is added
    #[arg(long, value_name = "S", default_value_t = 1, requires = "activity")]
    rng: u64,
    /// The moment the activity ends at; now when absent
    #[arg(long, value_name = "TIME", requires = "activity")]
    at: Option<String>,
}

static SEEDED: Shape = Shape {
    members: &[
        "company",
        "changed",
        "services",
        "services_hidden",
        "employees",
        "employees_hidden",
        "knowledge",
        "activity",
    ],
    columns: &[("company", "company"), ("changed", "changed")],
    times: &[],
};

/// Loads the profile whole or not at all.
pub fn run(args: SeedArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&SEEDED)?;
    let overrides = cx.config()?.company;
    let (profile, warnings) = match (&args.preset, &args.file) {
        (Some(name), _) => (preset(name, &overrides)?, Vec::new()),
        (None, Some(file)) => load_profile(&cx.env.cwd().join(file), &overrides).map_err(|problems| {
            let file = cx.env.cwd().join(file);
            let hint = match file.exists() {
                true => "nothing was loaded; correct the lines that are named and load it again",
                false => "nothing was loaded; check the path, or take a ready profile with --preset salon",
            };
            Failure::from(problems).hint(hint)
        })?,
        (None, None) => return Err(Failure::usage("name a profile, or a --preset")),
    };
    cx.session(Open::Create, async |session, out| {
        warnings.iter().for_each(|warning: &Problem| out.note(&format!("warning: {warning}")));
        load(&args, &profile, session, out).await
    })
}

/// A ready profile.
///
/// # Errors
/// When the configuration contradicts it.
pub(super) fn preset(name: &str, overrides: &CompanyOverrides) -> Result<Profile, Failure> {
    let text = presets::get(name).unwrap_or_default();
    let no_files = |path: &Path| Err(std::io::Error::other(format!("a preset has no files: {}", path.display())));
    Ok(parse_profile(text, Path::new(""), overrides, &no_files)?.0)
}

async fn load(args: &SeedArgs, profile: &Profile, session: &Session, out: &mut Out) -> Result<(), Failure> {
    let store = &session.app.store;
    let change = store.save_profile(profile, session.now()).await?;
    let made = match args.activity {
        Some(conversations) => {
            // The business may just have become another one: its zone is asked for anew.
            let session = Session::of(session.app.clone()).await?;
            out.set_zone(session.tz.clone());
            let here = session.here();
            let until = args.at.as_deref().map(|at| here.moment(at, Edge::Start)).transpose()?.unwrap_or(here.now);
            let wanted = activity::Wanted { conversations, days: args.days, rng: args.rng, until };
            Some(activity::write(&wanted, session.business()?, &session, out.is_quiet()).await?)
        }
        None => None,
    };
    let mut value = json!({"company": profile.company.name});
    if let (Value::Object(members), Ok(Value::Object(more))) = (&mut value, serde_json::to_value(change)) {
        members.extend(more);
        members.insert("activity".to_owned(), serde_json::to_value(made).unwrap_or_default());
    }
    let what = if change.changed { "is loaded" } else { "was loaded already; nothing changed" };
    let mut text = format!(
        "{} {what}: {} services, {} staff, {} knowledge entries",
        profile.company.name, change.services, change.employees, change.knowledge
    );
    if change.services_hidden + change.employees_hidden > 0 {
        text.push_str(&format!("; hidden now: {} services, {} staff", change.services_hidden, change.employees_hidden));
    }
    if let Some(made) = &made
        && made.there_already > 0
    {
        text.push_str(&format!(
            "\nactivity {} was there already: {} conversations; {}",
            args.rng,
            made.there_already,
            if made.conversations == 0 { "nothing was added" } else { "the rest is added" }
        ));
    }
    if let Some(made) = made.as_ref().filter(|made| made.there_already == 0 || made.conversations > 0) {
        text.push_str(&format!(
            "\nmade up: {} conversations, {} messages, {} leads, {} bookings",
            made.conversations, made.messages, made.leads, made.bookings
        ));
    }
    out.told(&SEEDED, &value, &text)
}
