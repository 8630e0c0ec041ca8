//! `flow contacts`: what is held about a person, and its end.

mod erase;
mod export;
mod show;

use clap::{Args, Subcommand};

use super::context::{Context, Session, id};
use super::failure::Failure;
use crate::domain::contact::Contact;
use crate::domain::id::ContactId;

/// Show, hand out and erase what is held about a person
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  flow contacts show '8 916 123-45-67'
  flow contacts export ct_01JX… -o json > person.json
  flow contacts erase ct_01JX…")]
pub enum ContactsCommand {
    /// Show one person, and how much is held about them
    Show(show::ShowArgs),
    /// Write everything that is held about a person as one JSON document
    Export(export::ExportArgs),
    /// Remove everything that is held about a person, for good
    Erase(erase::EraseArgs),
}

/// Which person.
#[derive(Debug, Args)]
pub struct WhoArgs {
    /// The person, or their phone in any usual form
    #[arg(value_name = "ID|PHONE")]
    who: String,
}

/// Runs the command.
pub fn run(command: ContactsCommand, cx: &mut Context) -> Result<(), Failure> {
    match command {
        ContactsCommand::Show(args) => show::run(&args, cx),
        ContactsCommand::Export(args) => export::run(&args, cx),
        ContactsCommand::Erase(args) => erase::run(&args, cx),
    }
}

impl WhoArgs {
    /// The one person of that id or phone.
    async fn find(&self, session: &Session) -> Result<Contact, Failure> {
        let (store, who) = (&session.app.store, self.who.trim());
        if who.strip_prefix(ContactId::PREFIX).is_some_and(|rest| rest.starts_with('_')) {
            let known = id(who, "contact").map_err(|failure| failure.hint(WHERE))?;
            return store.contact(known).await?.ok_or_else(|| nobody(who));
        }
        let mut people = store.people(&session.phone(who)?).await?;
        match people.len() {
            0 => Err(nobody(who)),
            1 => Ok(people.remove(0)),
            several => {
                let ids: Vec<String> = people.iter().map(|person| person.id.to_string()).collect();
                Err(Failure::usage(format!("{several} people have the phone {who}: {}", ids.join(", ")))
                    .hint("name one of them; `flow contacts show ID` tells who it is"))
            }
        }
    }
}

/// Where ids of people are seen.
const WHERE: &str = "`flow conversations show ID -o json` and `flow leads show ID` tell whose they are";

fn nobody(who: &str) -> Failure {
    Failure::not_found(format!("there is nobody with `{who}`")).hint(WHERE)
}
