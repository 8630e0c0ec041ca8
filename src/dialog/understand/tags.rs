//! What patterns tell of a sentence.

/// What a pattern tells of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A person is wanted, or there is a complaint.
    Human,
    /// A visit is called off.
    Cancel,
    /// Cannot come: a cancellation unless another day is named.
    WeakCancel,
    /// Asks how cancelling works.
    CancelQuestion,
    /// A visit is moved.
    Reschedule,
    /// A visit is wanted.
    Book,
    /// «записывайте»: a booking, or agreement to one.
    Confirm,
    /// Asks for the visits that exist.
    MyBookings,
    /// Asks what it costs.
    AskPrice,
    /// Asks when it is open.
    AskHours,
    /// Asks where it is.
    AskAddress,
    /// Asks what is done.
    AskServices,
    /// Asks who works.
    AskStaff,
    /// A subject of the business.
    Topic,
    /// Looks like a question.
    Question,
    /// Is a question.
    Asks,
    /// Orders to the bot itself.
    Injection,
    /// Hello.
    Greet,
    /// Goodbye.
    Bye,
    /// Thanks.
    Thanks,
    /// Sociable.
    Smalltalk,
    /// Agreement.
    Yes,
    /// Agreement that beside thanks is only politeness.
    SoftYes,
    /// Refusal.
    No,
    /// Looks like agreement and is not.
    NotYes,
    /// Anyone will do.
    AnyEmployee,
    /// Any time will do.
    AnyTime,
}

/// Every tag and its name in the lexicon.
pub(super) const TAGS: &[(&str, Tag)] = &[
    ("human", Tag::Human),
    ("cancel", Tag::Cancel),
    ("weak_cancel", Tag::WeakCancel),
    ("cancel_question", Tag::CancelQuestion),
    ("reschedule", Tag::Reschedule),
    ("book", Tag::Book),
    ("confirm", Tag::Confirm),
    ("my_bookings", Tag::MyBookings),
    ("ask_price", Tag::AskPrice),
    ("ask_hours", Tag::AskHours),
    ("ask_address", Tag::AskAddress),
    ("ask_services", Tag::AskServices),
    ("ask_staff", Tag::AskStaff),
    ("topic", Tag::Topic),
    ("question", Tag::Question),
    ("asks", Tag::Asks),
    ("injection", Tag::Injection),
    ("greet", Tag::Greet),
    ("bye", Tag::Bye),
    ("thanks", Tag::Thanks),
    ("smalltalk", Tag::Smalltalk),
    ("yes", Tag::Yes),
    ("soft_yes", Tag::SoftYes),
    ("no", Tag::No),
    ("not_yes", Tag::NotYes),
    ("any_employee", Tag::AnyEmployee),
    ("any_time", Tag::AnyTime),
];

impl Tag {
    /// The tag of that name.
    pub fn parse(name: &str) -> Option<Self> {
        TAGS.iter().find(|(known, _)| *known == name).map(|(_, tag)| *tag)
    }
}

/// The tags of one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tags(u32);

impl Tags {
    /// Whether the tag was found.
    pub fn has(self, tag: Tag) -> bool {
        self.0 & (1 << tag as u32) != 0
    }

    /// Adds a tag.
    pub fn add(&mut self, tag: Tag) {
        self.0 |= 1 << tag as u32;
    }

    /// Takes a tag away.
    pub fn remove(&mut self, tag: Tag) {
        self.0 &= !(1 << tag as u32);
    }

    /// Both together.
    pub fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
