//! `flow crm client` and `flow crm note`: a client's card, and words for the CRM's own people.

use clap::{ArgGroup, Args};
use serde_json::json;

use super::far::{WaitArgs, connection, lacks, opened};
use super::view;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, exit};
use crate::cli::output::Shape;
use crate::domain::crm::{About, NewClient, marker};

/// Make a client's card, or show the one there is
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow crm client bitrix24 --phone '8 916 123-45-67' --name Анна
  flow crm client bitrix24 --phone '8 916 123-45-67' --name 'Анна Петрова' --update")]
pub struct ClientArgs {
    /// The connection
    name: String,
    /// The phone, in any usual form
    #[arg(long)]
    phone: String,
    /// The client's name
    #[arg(long = "name", value_name = "NAME")]
    client: Option<String>,
    /// An e-mail address
    #[arg(long)]
    email: Option<String>,
    /// Write name and e-mail into a card that is there already
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Write a note or a task for the CRM's own people
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("about").required(true).args(["client", "appointment", "lead"])),
    after_help = "Examples:
  flow crm note amocrm --lead 7731 'просит перезвонить'
  flow crm note bitrix24 --client 342 'уточнить адрес' --due 2026-03-11T15:00"
)]
pub struct NoteArgs {
    /// The connection
    name: String,
    /// What it says; the same text about the same is written once
    text: String,
    /// About a client
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// About an appointment
    #[arg(long, value_name = "ID")]
    appointment: Option<String>,
    /// About a lead, by the CRM's id
    #[arg(long, value_name = "ID")]
    lead: Option<String>,
    /// A task to be done by then
    #[arg(long, value_name = "TIME")]
    due: Option<String>,
    /// The same key again is the same note; made of the text when absent
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

static NOTED: Shape = Shape {
    members: &["about", "id", "kind"],
    columns: &[("about", "about"), ("id", "id"), ("written", "kind")],
    times: &[],
};

/// Looks for the card and makes it.
pub(super) fn client(args: ClientArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&view::CLIENT)?;
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        args.wait.call(async || crm.detect().await).await?;
        let cards = crm.client_cards().ok_or_else(|| lacks(crm.as_ref(), "client", "clients that flow may write"))?;
        let wanted = NewClient { name: args.client, phone: session.phone(&args.phone)?, email: args.email };
        let card = args.wait.resolve(async || cards.ensure(&wanted).await).await?;
        let (Some(id), true) = (card.id.clone(), args.update) else { return out.object(&view::CLIENT, &card) };
        let card = args.wait.resolve(async || cards.update(&id, &wanted).await).await?;
        out.object(&view::CLIENT, &card)
    })
}

/// Writes the note.
pub(super) fn note(args: NoteArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&NOTED)?;
    let text = args.text.trim();
    if text.is_empty() {
        return Err(Failure::usage("the note is empty").hint("write what it says: flow crm note NAME --lead ID 'text'"));
    }
    let (word, id, about) = match (args.client, args.appointment, args.lead) {
        (Some(id), _, _) => ("client", id.clone(), About::Client(id)),
        (_, Some(id), _) => ("appointment", id.clone(), About::Appointment(id)),
        (_, _, lead) => {
            let id = lead.unwrap_or_default();
            ("lead", id.clone(), About::Lead(id))
        }
    };
    let due = args.due.as_deref();
    let key = args.key.unwrap_or_else(|| format!("{word}|{id}|{text}|{}", due.unwrap_or_default()));
    let how = opened(cx, &args.name)?;
    cx.session(how, async |session, out| {
        let crm = connection(&session.app, &args.name)?;
        let here = session.here();
        let due = due.map(|due| here.start(due).map(|at| at.to_zoned(here.tz.clone()))).transpose()?;
        args.wait.call(async || crm.detect().await).await?;
        let notes = crm.notes().ok_or_else(|| lacks(crm.as_ref(), "note", "notes"))?;
        let marker = marker(&key);
        let written = args.wait.resolve(async || match &due {
            Some(due) => notes.task(&about, text, due, &marker).await,
            None => notes.note(&about, text, &marker).await,
        });
        written.await.map_err(|failure| match failure.exit {
            exit::NOT_FOUND => failure.hint(format!("{word} {id} is looked for by the id that the CRM shows")),
            _ => failure,
        })?;
        let kind = if due.is_some() { "task" } else { "note" };
        out.told(&NOTED, &json!({"about": word, "id": id, "kind": kind}), &format!("{} has the {kind}", args.name))
    })
}
