//! `flow chat`: the real engine in the terminal, on the same path as a channel.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueHint};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::time::{Instant, sleep};

use super::context::{Context, Open, Session, is_there, no_profile};
use super::failure::Failure;
use super::output::{Format, Out, Shape, lines, one_line};
use super::times::Edge;
use crate::domain::clock::ManualClock;
use crate::domain::contact::{Channel, Identity, Phone};
use crate::domain::conversation::{Button, Incoming, Message, MessageKind, Role};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::store::MessageRange;
use crate::domain::view::MessageView;

/// Talk to the front desk in the terminal
#[derive(Debug, Args)]
#[command(after_help = "A number presses the button with that number; Ctrl-D ends. Examples:
  flow chat
  flow chat --as '8 916 123-45-67' --name Анна --trace
  flow chat --at 2026-03-10T10:00:00+03:00 --script dialogue.txt")]
pub struct ChatArgs {
    /// Be the client with this phone
    #[arg(long = "as", value_name = "PHONE")]
    phone: Option<String>,
    /// Be the client with this name
    #[arg(long)]
    name: Option<String>,
    /// Let the clock stand here
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Show how each reply came about
    #[arg(long)]
    trace: bool,
    /// Say the lines of this file, then end
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    script: Option<PathBuf>,
}

static MESSAGE: Shape = Shape {
    members: &[
        "id",
        "role",
        "kind",
        "text",
        "at",
        "channel_message_id",
        "attachments",
        "delivery",
        "transcript",
        "buttons",
        "in_reply_to",
        "trace",
    ],
    columns: &[("role", "role"), ("text", "text")],
    times: &["at"],
};

/// How often a reply of another worker (a daemon on the same store) is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs the dialogue to its end.
pub fn run(args: ChatArgs, cx: &mut Context) -> Result<(), Failure> {
    cx.out.expects(&MESSAGE)?;
    let script = match &args.script {
        Some(file) => {
            let path = cx.env.cwd().join(file);
            let text = std::fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
            Some(text.lines().map(str::to_owned).collect())
        }
        None => None,
    };
    let mut config = cx.config()?;
    if !is_there(&config.store.url)? {
        return Err(no_profile());
    }
    // Nobody types the next line before the answer to this one.
    config.dialog.coalesce = Duration::ZERO;
    if let Some(at) = &args.at {
        let at = cx.session(Open::Existing, async |session, _| session.here().moment(at, Edge::Start))?;
        cx.clock = Arc::new(ManualClock::at(at));
    }
    let app = cx.open_with(config, Open::Existing)?;
    let out = &mut cx.out;
    super::runtime::run(async move {
        let session = Session::of(app).await?;
        let name = session.business()?.company.name.clone();
        out.set_zone(session.tz.clone());
        let mut client = Client::new(&args, &session)?;
        let mut source = Source::new(script);
        if source.is_typed {
            out.note(&format!("{}: write to it; Ctrl-D ends", one_line(&name)));
        }
        while let Some(line) = source.next(&client.buttons, out).await? {
            client.say(&line, out).await?;
        }
        client.end(out)
    })
}

/// Where the client's words come from.
struct Source {
    script: Option<VecDeque<String>>,
    stdin: Lines<BufReader<Stdin>>,
    is_typed: bool,
}

impl Source {
    fn new(script: Option<VecDeque<String>>) -> Self {
        let is_typed = script.is_none() && std::io::stdin().is_terminal();
        Self { script, stdin: BufReader::new(tokio::io::stdin()).lines(), is_typed }
    }

    /// The next line that says something; those that nobody types are shown.
    async fn next(&mut self, buttons: &[Button], out: &mut Out) -> Result<Option<String>, Failure> {
        loop {
            if self.is_typed {
                // Nobody can be told that stderr is gone.
                drop(write!(std::io::stderr(), "> "));
            }
            let line = match &mut self.script {
                Some(script) => script.pop_front(),
                None => {
                    let line = self.stdin.next_line().await;
                    line.map_err(|error| Failure::usage(format!("stdin cannot be read: {error}")))?
                }
            };
            let Some(line) = line else { return Ok(None) };
            if line.trim().is_empty() {
                continue;
            }
            if !self.is_typed && out.is_for_people() {
                let said = pressed(&line, buttons).map_or(line.as_str(), |button| button.text.as_str());
                out.line(&format!("> {}", one_line(said)))?;
            }
            return Ok(Some(line));
        }
    }
}

/// The button that a number stands for.
fn pressed<'b>(line: &str, buttons: &'b [Button]) -> Option<&'b Button> {
    let number: usize = line.trim().parse().ok()?;
    buttons.get(number.checked_sub(1)?)
}

/// The one who writes.
struct Client<'s> {
    session: &'s Session,
    identity: Identity,
    name: Option<String>,
    phone: Option<Phone>,
    trace: bool,
    /// Under the last replies.
    buttons: Vec<Button>,
    /// What was said, where it is printed at the end.
    said: Vec<MessageView>,
}

impl<'s> Client<'s> {
    fn new(args: &ChatArgs, session: &'s Session) -> Result<Self, Failure> {
        let phone = args.phone.as_deref().map(|phone| session.phone(phone)).transpose()?;
        let external_id = phone.as_ref().map_or_else(|| "terminal".to_owned(), |phone| format!("phone:{phone}"));
        Ok(Self {
            session,
            identity: Identity { channel: Channel::Api, account: String::new(), external_id },
            name: args.name.clone(),
            phone,
            trace: args.trace,
            buttons: Vec::new(),
            said: Vec::new(),
        })
    }

    /// Says a line and shows what comes back.
    async fn say(&mut self, line: &str, out: &mut Out) -> Result<(), Failure> {
        let app = &self.session.app;
        let button = pressed(line, &self.buttons);
        let incoming = Incoming {
            identity: self.identity.clone(),
            external_id: MessageId::new(app.now()).to_string(),
            kind: if button.is_some() { MessageKind::Button } else { MessageKind::Text },
            text: button.map_or_else(|| line.trim().to_owned(), |button| button.text.clone()),
            button_value: button.map(|button| button.value.clone()),
            name: self.name.clone(),
            phone: self.phone.clone(),
            metadata: None,
        };
        let received = app.receive(&incoming, None).await?;
        let replies = self.replies(received.conversation_id, received.seq).await?;
        if !out.is_for_people() {
            return self.rows(received.message_id, &replies, out).await;
        }
        if replies.is_empty() {
            out.note(&self.silence(received.conversation_id).await?);
        }
        for reply in &replies {
            self.show(reply, out)?;
        }
        self.remember(&replies);
        out.flush()
    }

    /// Runs what is due, here or in a daemon beside, until there is an answer or time is up.
    async fn replies(&self, id: ConversationId, after: i64) -> Result<Vec<Message>, Failure> {
        let app = &self.session.app;
        let until = Instant::now() + app.config.dialog.reply_budget;
        loop {
            app.runner.run_due().await?;
            let messages = app.store.messages(id, MessageRange::After(after), u32::MAX).await?;
            let replies: Vec<Message> =
                messages.into_iter().filter(|m| matches!(m.role, Role::Bot | Role::Operator)).collect();
            let with_person = app.store.conversation(id).await?.is_some_and(|c| c.is_with_person());
            if !replies.is_empty() || with_person || Instant::now() >= until {
                return Ok(replies);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn silence(&self, id: ConversationId) -> Result<String, Failure> {
        let conversation = self.session.app.store.conversation(id).await?;
        Ok(match conversation.is_some_and(|conversation| conversation.is_with_person()) {
            true => format!("(a person owns this conversation; `flow conversations close {id}` gives it back)"),
            false => "(no reply; `flow doctor` looks at the queue)".to_owned(),
        })
    }

    fn remember(&mut self, replies: &[Message]) {
        if let Some(last) = replies.iter().rev().find(|reply| !reply.buttons.is_empty()) {
            self.buttons.clone_from(&last.buttons);
        } else if !replies.is_empty() {
            self.buttons.clear();
        }
    }

    fn show(&self, reply: &Message, out: &mut Out) -> Result<(), Failure> {
        out.line(&lines(&reply.text))?;
        for (index, button) in reply.buttons.iter().enumerate() {
            out.line(&format!("  {}) {}", index + 1, one_line(&button.text)))?;
        }
        if let Some(trace) = reply.trace.as_ref().filter(|_| self.trace) {
            out.line(&format!("  trace: {trace}"))?;
        }
        Ok(())
    }

    /// The client's message and the replies, one object a line.
    async fn rows(&mut self, said: MessageId, replies: &[Message], out: &mut Out) -> Result<(), Failure> {
        let said = self.session.app.store.message(said).await?;
        for message in said.iter().chain(replies) {
            let view = if self.trace { MessageView::traced(message) } else { MessageView::from(message) };
            match out.format() {
                Format::Jsonl => out.object(&MESSAGE, &view)?,
                _ => self.said.push(view),
            }
        }
        self.remember(replies);
        Ok(())
    }

    fn end(&self, out: &mut Out) -> Result<(), Failure> {
        match out.format() {
            Format::Table | Format::Jsonl => out.flush(),
            Format::Json | Format::Csv | Format::Tsv => out.all(&MESSAGE, &self.said),
        }
    }
}
