//! Who writes, and from where.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::id::ContactId;

/// The way a message came in. Contract: HTTP API B1, member `channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Telegram bot.
    Telegram,
    /// WhatsApp Business.
    Whatsapp,
    /// MAX messenger.
    Max,
    /// TalkMe site chat.
    Talkme,
    /// flow's own web chat.
    Web,
    /// Telephone.
    Call,
    /// The HTTP API and the terminal.
    Api,
    /// Brought in from a file.
    Import,
}

impl Channel {
    /// Every channel, in the order of the API's documentation.
    pub const ALL: [Self; 8] =
        [Self::Telegram, Self::Whatsapp, Self::Max, Self::Talkme, Self::Web, Self::Call, Self::Api, Self::Import];

    /// The name in JSON, in the store and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Whatsapp => "whatsapp",
            Self::Max => "max",
            Self::Talkme => "talkme",
            Self::Web => "web",
            Self::Call => "call",
            Self::Api => "api",
            Self::Import => "import",
        }
    }

    /// The channel of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The language a client is answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

impl Locale {
    /// `ru` or `en`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The locale of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ru" => Some(Self::Ru),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

/// A telephone number in E.164 form (ITU-T E.164: `+`, at most 15 digits).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a phone number such as +79990001122")]
pub struct PhoneError;

/// The country whose numbers may be written without their calling code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    code: &'static str,
    /// Digits after the calling code.
    national: (usize, usize),
    trunk: &'static str,
}

const RUSSIA: Region = Region { code: "7", national: (10, 10), trunk: "8" };

/// Calling codes (ITU-T E.164 list) with the length of a national number and the trunk prefix.
const REGIONS: &[Region] = &[
    RUSSIA,
    Region { code: "1", national: (10, 10), trunk: "1" },
    Region { code: "44", national: (9, 10), trunk: "0" },
    Region { code: "49", national: (7, 11), trunk: "0" },
    Region { code: "33", national: (9, 9), trunk: "0" },
    Region { code: "375", national: (9, 9), trunk: "80" },
    Region { code: "374", national: (8, 8), trunk: "0" },
    Region { code: "380", national: (9, 9), trunk: "0" },
    Region { code: "90", national: (10, 10), trunk: "0" },
    Region { code: "971", national: (8, 9), trunk: "0" },
    Region { code: "972", national: (8, 9), trunk: "0" },
    Region { code: "994", national: (9, 9), trunk: "0" },
    Region { code: "995", national: (9, 9), trunk: "0" },
    Region { code: "996", national: (9, 9), trunk: "0" },
    Region { code: "998", national: (9, 9), trunk: "" },
    Region { code: "992", national: (9, 9), trunk: "" },
    Region { code: "993", national: (8, 8), trunk: "8" },
    Region { code: "976", national: (8, 8), trunk: "" },
    Region { code: "353", national: (7, 9), trunk: "0" },
    Region { code: "351", national: (9, 9), trunk: "" },
    Region { code: "357", national: (8, 8), trunk: "" },
    Region { code: "358", national: (6, 11), trunk: "0" },
    Region { code: "359", national: (8, 9), trunk: "0" },
    Region { code: "370", national: (8, 8), trunk: "8" },
    Region { code: "371", national: (8, 8), trunk: "" },
    Region { code: "372", national: (7, 8), trunk: "" },
    Region { code: "373", national: (8, 8), trunk: "0" },
    Region { code: "381", national: (8, 9), trunk: "0" },
    Region { code: "382", national: (8, 8), trunk: "0" },
    Region { code: "385", national: (8, 9), trunk: "0" },
    Region { code: "386", national: (8, 8), trunk: "0" },
    Region { code: "420", national: (9, 9), trunk: "" },
    Region { code: "421", national: (9, 9), trunk: "0" },
    Region { code: "30", national: (10, 10), trunk: "" },
    Region { code: "31", national: (9, 9), trunk: "0" },
    Region { code: "32", national: (8, 9), trunk: "0" },
    Region { code: "34", national: (9, 9), trunk: "" },
    Region { code: "36", national: (8, 9), trunk: "06" },
    Region { code: "39", national: (9, 11), trunk: "" },
    Region { code: "40", national: (9, 9), trunk: "0" },
    Region { code: "41", national: (9, 9), trunk: "0" },
    Region { code: "43", national: (7, 12), trunk: "0" },
    Region { code: "45", national: (8, 8), trunk: "" },
    Region { code: "46", national: (7, 9), trunk: "0" },
    Region { code: "47", national: (8, 8), trunk: "" },
    Region { code: "48", national: (9, 9), trunk: "" },
    Region { code: "61", national: (9, 9), trunk: "0" },
    Region { code: "62", national: (9, 11), trunk: "0" },
    Region { code: "64", national: (8, 10), trunk: "0" },
    Region { code: "65", national: (8, 8), trunk: "" },
    Region { code: "66", national: (8, 9), trunk: "0" },
    Region { code: "84", national: (9, 10), trunk: "0" },
    Region { code: "86", national: (11, 11), trunk: "0" },
    Region { code: "91", national: (10, 10), trunk: "0" },
    Region { code: "966", national: (9, 9), trunk: "0" },
    Region { code: "27", national: (9, 9), trunk: "0" },
];

impl Default for Region {
    fn default() -> Self {
        RUSSIA
    }
}

impl Region {
    /// The region of a company's own number; Russia when the company gives none.
    #[must_use]
    pub fn of(phone: Option<&Phone>) -> Self {
        let Some(phone) = phone else { return RUSSIA };
        let digits = phone.digits();
        REGIONS
            .iter()
            .filter(|region| digits.starts_with(region.code))
            .max_by_key(|region| region.code.len())
            .copied()
            .unwrap_or(RUSSIA)
    }
}

impl Phone {
    /// Reads one number that stands alone: brackets, dashes, dots and spaces are allowed,
    /// `00` is `+`, a number without a country takes `region`'s.
    ///
    /// # Errors
    /// When the digits cannot be a telephone number.
    pub fn parse(raw: &str, region: Region) -> Result<Self, PhoneError> {
        // "+44 (0)7400 …": the zero is dialled at home only.
        let raw = raw.trim().replacen("(0)", "", usize::from(raw.contains("(0)")));
        let raw = raw.trim();
        let mut digits = String::with_capacity(16);
        for (index, c) in raw.char_indices() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if index == 0 => {}
                ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2010}'..='\u{2014}' => {}
                _ => return Err(PhoneError),
            }
        }
        if raw.starts_with('+') {
            return Self::international(&digits);
        }
        if let Some(rest) = digits.strip_prefix("00") {
            return Self::international(rest);
        }
        let (low, high) = region.national;
        let fits = |national: &str| (low..=high).contains(&national.len());
        if let Some(national) = digits.strip_prefix(region.code)
            && fits(national)
            && digits.len() > high
        {
            return Self::international(&digits);
        }
        // Where the trunk prefix has two digits, many leave its first one out: 80 29 … and 029 ….
        let trunks = [region.trunk, region.trunk.get(1..).unwrap_or_default()];
        for trunk in trunks.iter().filter(|trunk| !trunk.is_empty()) {
            if let Some(national) = digits.strip_prefix(trunk)
                && fits(national)
                && !national.starts_with('0')
            {
                return Self::international(&format!("{}{national}", region.code));
            }
        }
        if fits(&digits) && !digits.starts_with('0') {
            return Self::international(&format!("{}{digits}", region.code));
        }
        if digits.len() == 11 && (digits.starts_with('7') || digits.starts_with("89")) {
            return Self::international(&format!("7{}", &digits[1..]));
        }
        Err(PhoneError)
    }

    fn international(digits: &str) -> Result<Self, PhoneError> {
        let digits = match digits.strip_prefix('8') {
            // «+8 916 …» is a common slip for +7.
            Some(rest) if rest.len() == 10 && rest.starts_with('9') => format!("7{rest}"),
            _ => digits.to_owned(),
        };
        let plausible = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
        let russian = !digits.starts_with('7') || digits.len() == 11;
        if plausible && russian { Ok(Self(format!("+{digits}"))) } else { Err(PhoneError) }
    }

    /// `+79161234567`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without `+`.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The form for readers without `pii:read`: `+7999•••1122`.
    #[must_use]
    pub fn masked(&self) -> String {
        let digits = self.digits();
        let head = digits.len().saturating_sub(7).min(4);
        format!("+{}•••{}", &digits[..head], &digits[digits.len() - 4.min(digits.len())..])
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Logs take values by `Debug`: a phone is masked there.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, Region::default()).map_err(de::Error::custom)
    }
}

/// A name for readers without `pii:read`: `А•••`.
#[must_use]
pub fn mask_name(name: &str) -> String {
    name.chars().next().map_or_else(String::new, |first| format!("{first}•••"))
}

/// An address for readers without `pii:read`: `a•••@example.ru`.
#[must_use]
pub fn mask_email(email: &str) -> String {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    format!("{}@{domain}", mask_name(email))
}

/// Where a person is known: one row a channel, account and address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The channel.
    pub channel: Channel,
    /// Which bot, number or site of that channel; `""` when there is one.
    pub account: String,
    /// The chat or user id on that channel.
    pub external_id: String,
}

impl Identity {
    /// Whether others read along: people of a Telegram group have an address of their own behind the group's.
    #[must_use]
    pub fn is_in_group(&self) -> bool {
        self.channel == Channel::Telegram && self.external_id.contains('/')
    }
}

/// A person who writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// As the client or the channel said it.
    pub name: Option<String>,
    /// E.164: as the client typed it last, else as the channel gave it.
    pub phone: Option<Phone>,
    /// The phone that the channel or the staff vouch for; absent when one was only typed.
    #[serde(skip)]
    pub verified_phone: Option<Phone>,
    /// An e-mail address.
    pub email: Option<String>,
    /// When flow first met the person.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_forms_are_one_number() {
        for raw in [
            "8 (916) 123-45-67",
            "+7 916 123-45-67",
            "916 123 45 67",
            "8.916.123.45.67",
            "7 916 1234567",
            "007 916 123 45 67",
            "+8 916 123-45-67",
        ] {
            assert_eq!(Phone::parse(raw, RUSSIA).map(|p| p.0), Ok("+79161234567".to_owned()), "{raw}");
        }
    }

    #[test]
    fn foreign_numbers_keep_their_country_and_short_ones_are_refused() {
        assert_eq!(Phone::parse("+49 151 23456789", RUSSIA).map(|p| p.0), Ok("+4915123456789".to_owned()));
        assert_eq!(Phone::parse("8 800 555-35-35", RUSSIA).map(|p| p.0), Ok("+78005553535".to_owned()));
        for bad in ["", "+", "451 278", "7707083893a", "+7 916 12", "12345", "+7916123456789"] {
            assert!(Phone::parse(bad, RUSSIA).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_without_a_country_takes_the_companys() {
        let london = Region::of(Some(&Phone("+442071234567".to_owned())));
        assert_eq!(Phone::parse("020 7123 4567", london).map(|p| p.0), Ok("+442071234567".to_owned()));
        assert_eq!(Phone::parse("07700 900111", london).map(|p| p.0), Ok("+447700900111".to_owned()));
    }

    #[test]
    fn a_masked_phone_hides_its_middle() {
        let phone = Phone("+79990001122".to_owned());
        assert_eq!(phone.masked(), "+7999•••1122");
        assert!(!format!("{phone:?}").contains("79990001122"));
        assert_eq!(mask_email("anna@example.ru"), "a•••@example.ru");
    }
}
