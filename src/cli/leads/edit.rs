//! `flow leads add` and `flow leads set`.

use clap::Args;

use super::draft::{Reader, reachable};
use super::{LEAD, missing};
use crate::cli::context::{Context, Open, Session, id};
use crate::cli::failure::Failure;
use crate::domain::contact::Channel;
use crate::domain::lead::{Lead, LeadPatch};
use crate::domain::view;

/// Add a lead
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow leads add --name Анна --phone '8 916 123-45-67' --service Стрижка
  flow leads add --email anna@example.ru --source instagram")]
pub struct AddArgs {
    #[command(flatten)]
    members: Members,
}

/// Change a lead
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flow leads set ld_01JX… --status won
  flow leads set ld_01JX… --comment ''      an empty text clears")]
pub struct SetArgs {
    /// The lead
    id: String,
    #[command(flatten)]
    members: Members,
}

#[derive(Debug, Args)]
struct Members {
    /// The person's name
    #[arg(long)]
    name: Option<String>,
    /// The person's phone, in any usual form
    #[arg(long)]
    phone: Option<String>,
    /// The person's e-mail address
    #[arg(long)]
    email: Option<String>,
    /// What is wanted
    #[arg(long)]
    service: Option<String>,
    /// Who or what sent the person
    #[arg(long)]
    source: Option<String>,
    /// A remark
    #[arg(long)]
    comment: Option<String>,
    /// How far it is: new, in_progress, qualified, booked, won, lost, spam
    #[arg(long)]
    status: Option<String>,
}

impl Members {
    fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("name", &self.name),
            ("phone", &self.phone),
            ("email", &self.email),
            ("service", &self.service),
            ("source", &self.source),
            ("comment", &self.comment),
            ("status", &self.status),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| (name, value)))
    }

    /// Sets what was given; all that is wrong at once.
    fn apply(&self, lead: &mut Lead, session: &Session) -> Result<(), Failure> {
        let reader = Reader { here: session.here(), region: session.region() };
        let wrong: Vec<String> =
            self.given().filter_map(|(member, text)| reader.set(lead, member, text).err()).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let forms = "a phone is +79161234567 or 8 (916) 123-45-67, an e-mail address anna@example.ru; see --help";
        Err(Failure::usage(wrong.join("\n")).hint(forms))
    }
}

/// Adds a lead; an open one with the same phone is completed instead.
pub(super) fn add(args: AddArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&LEAD)?;
    cx.session(Open::Create, async |session, out| {
        let now = session.now();
        let mut lead = Lead::blank(Channel::Api, now);
        args.members.apply(&mut lead, session)?;
        reachable(&lead).map_err(|wrong| Failure::usage(wrong).hint("give --phone or --email"))?;
        if let Some(phone) = &lead.phone {
            let contact = session.app.store.ensure_contact(phone, lead.name.as_deref(), now).await?;
            lead.contact_id = Some(contact.id);
        }
        let created = session.app.store.create_lead(&lead, true, now, None).await?;
        if created.duplicate {
            out.note("an open lead with this phone was there already; its empty fields are filled");
        }
        out.object(&LEAD, &view::lead(&created.lead))
    })
}

/// Changes what was given; an empty text clears.
pub(super) fn set(args: SetArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&LEAD)?;
    if args.members.given().next().is_none() {
        return Err(Failure::usage("nothing to change was given").hint("such as --status won; see --help"));
    }
    cx.session(Open::Existing, async |session, out| {
        let store = &session.app.store;
        let lead_id = id(&args.id, "lead")?;
        let mut wanted = store.lead(lead_id).await?.ok_or_else(|| missing(&args.id))?;
        args.members.apply(&mut wanted, session)?;
        let given = |member: &str| args.members.given().any(|(name, _)| name == member);
        let patch = LeadPatch {
            status: given("status").then_some(wanted.status),
            name: given("name").then_some(wanted.name),
            phone: given("phone").then_some(wanted.phone),
            email: given("email").then_some(wanted.email),
            service: given("service").then_some(wanted.service),
            source: given("source").then_some(wanted.source),
            comment: given("comment").then_some(wanted.comment),
            ..LeadPatch::default()
        };
        let lead = store.update_lead(lead_id, &patch, None, session.now()).await?;
        out.object(&LEAD, &view::lead(&lead))
    })
}
