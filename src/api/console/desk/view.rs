//! A picture in words: what the agent's desk shows of a payment.

use askama::Template;

use crate::call::{Ending, Field};
use crate::card::Brand;
use crate::pbx::AgentKeys;

use super::super::locale::Locale;
use super::super::picture::{Doing, FieldState, Keyed, Picture, Seal};
use super::super::words::Words;
use super::link::{LinkView, SentView, stands_for_nothing};
use super::merchants::Choice;
use super::told::{announce, doing, heard, offered, verdict};
use super::unknown::Doubt;

/// The parts of the desk that change while a call is up. Each has an id, by which a page puts a fresh one in
/// the place of the old.
pub(in super::super) struct DeskView {
    pub w: &'static Words,
    pub agent: String,
    pub csrf: String,
    pub currency: String,
    pub payment: Option<String>,
    pub call: Option<CallView>,
    pub heard: Vec<Ear>,
    pub keys: Vec<KeyView>,
    /// The bank is being asked: no key changes anything.
    pub locked: bool,
    pub may_start: bool,
    /// What is begun next may well be the same once more.
    pub again: bool,
    /// The reader takes payments, and does not only watch.
    pub takes: bool,
    /// A link may be made in place of the payment that was not charged.
    pub may_link: bool,
    /// The payment it would stand in for, and the link there is.
    pub shown: Option<String>,
    pub link: Option<LinkView>,
    /// The message that takes it to the customer.
    pub sent: Option<SentView>,
    /// Somebody carries links to customers, and where they would go.
    pub carried: bool,
    pub link_to: String,
    pub order_again: String,
    pub amount_again: String,
    pub reference_again: String,
    pub merchant_again: String,
    /// Who can be paid; empty where there is no choice.
    pub merchants: Vec<Choice>,
    /// Nobody knows whether the last card was charged.
    pub unknown: bool,
    /// Where it is asked whether such a card is to be taken again all the same.
    pub again_address: Option<String>,
    pub announce: String,
}

/// What there is to see of a call.
pub(in super::super) struct CallView {
    pub amount: String,
    /// Who is paid, where there are several.
    pub merchant: Option<String>,
    pub reference: Option<String>,
    pub caller: Option<String>,
    pub since: String,
    pub badges: Vec<Badge>,
    pub doing: Option<String>,
    pub busy: bool,
    pub hint: Option<String>,
    pub alarm: Option<&'static str>,
    pub fields: Vec<FieldView>,
    pub verdict: Option<VerdictView>,
}

/// A short word with a colour.
pub(in super::super) struct Badge {
    pub kind: &'static str,
    pub text: String,
    pub lock: bool,
}

/// One field.
pub(in super::super) struct FieldView {
    pub kind: &'static str,
    pub name: &'static str,
    /// Dots in groups, as on the card; true where a digit was keyed.
    pub groups: Vec<Vec<bool>>,
    /// Instead of dots: the number with its last four digits.
    pub shown: Option<String>,
    pub brand: Option<&'static str>,
    pub state: String,
}

/// How it ended, or what the bank said.
pub(in super::super) struct VerdictView {
    pub kind: &'static str,
    pub what: String,
    pub more: Option<String>,
    pub code: Option<String>,
}

/// What somebody hears.
pub(in super::super) struct Ear {
    pub who: &'static str,
    pub words: String,
    pub language: &'static str,
    pub now: bool,
}

/// One of the agent's keys.
pub(in super::super) struct KeyView {
    pub command: &'static str,
    pub label: &'static str,
    pub digit: char,
    pub spoken: String,
    pub kind: &'static str,
}

#[derive(Template)]
#[template(path = "call.html", config = "src/api/console/askama.toml")]
pub(in super::super) struct CallParts<'a> {
    pub v: &'a DeskView,
}

#[derive(Template)]
#[template(path = "side.html", config = "src/api/console/askama.toml")]
pub(in super::super) struct SideParts<'a> {
    pub v: &'a DeskView,
}

impl DeskView {
    /// A desk that shows this picture, or that there is nothing to show.
    pub(in super::super) fn new(picture: Option<&Picture>, locale: Locale, keys: &AgentKeys) -> Self {
        let w = locale.words();
        let live = picture.filter(|picture| picture.ended.is_none());
        // After an unknown outcome the card is not taken again, so the desk does not offer to.
        let unknown = picture.is_some_and(|picture| picture.ended == Some(Ending::Unknown));
        // Nor by card what is or may be paid by link.
        let linked = picture.is_some_and(|picture| !stands_for_nothing(picture));
        let unpaid = picture.filter(|p| p.ended.is_some() && p.ended != Some(Ending::Approved) && !linked);
        let (ordered, free) = (unpaid.filter(|one| one.ordered), unpaid.filter(|one| !one.ordered));
        Self {
            w,
            agent: String::new(),
            csrf: String::new(),
            currency: String::new(),
            payment: live.map(|picture| picture.payment.to_string()),
            call: picture.map(|picture| call(picture, locale)),
            heard: live.map(|picture| heard(picture, w)).unwrap_or_default(),
            keys: live.map(|picture| offered(picture, w, keys)).unwrap_or_default(),
            locked: live.is_some_and(|picture| matches!(picture.doing, Doing::Bank { .. })),
            may_start: live.is_none() && !unknown,
            takes: false,
            may_link: false,
            again: picture.is_some() && !linked,
            shown: picture.map(|picture| picture.payment.to_string()),
            link: picture.and_then(|picture| picture.link.as_ref()).map(|link| LinkView::new(link, w)),
            sent: picture.and_then(|picture| picture.message.as_ref()).map(|one| SentView::new(one, w)),
            carried: false,
            link_to: String::new(),
            // An order tells its amount itself, as it is owed by then.
            order_again: ordered.and_then(|picture| picture.reference.clone()).unwrap_or_default(),
            amount_again: free.map(|picture| picture.amount.decimal()).unwrap_or_default(),
            reference_again: free.and_then(|picture| picture.reference.clone()).unwrap_or_default(),
            merchant_again: unpaid.map(|picture| picture.merchant.clone()).unwrap_or_default(),
            merchants: Vec::new(),
            unknown,
            again_address: None,
            announce: picture.map(|picture| announce(picture, w)).unwrap_or_default(),
        }
    }

    /// The payment that would be taken again.
    pub(super) fn doubt(&self) -> Doubt {
        Doubt {
            agent: self.agent.clone(),
            amount: self.amount_again.clone(),
            reference: self.reference_again.clone(),
            merchant: self.merchant_again.clone(),
        }
    }

    /// A link that can be paid by is sent, and sent again, but not while a message is on its way.
    fn may_send(&self) -> bool {
        self.carried && self.may_end_link() && !self.sent.as_ref().is_some_and(|sent| sent.under_way)
    }

    /// Whoever may take payments may end a link that can still be paid by.
    fn may_end_link(&self) -> bool {
        self.takes && self.link.as_ref().is_some_and(|link| link.url.is_some())
    }
}

fn call(picture: &Picture, locale: Locale) -> CallView {
    let w = locale.words();
    let verdict = verdict(picture, w);
    let doing = if picture.ended.is_some() { None } else { doing(picture, w) };
    let hint = picture.hint.map(|(hint, left)| format!("{} ({})", (w.hint)(hint), (w.tries_left)(left)));
    CallView {
        amount: locale.money(picture.amount),
        merchant: None,
        reference: picture.reference.clone(),
        caller: picture.caller.clone(),
        since: locale.clock(picture.began_ms),
        badges: badges(picture, w),
        busy: matches!(picture.doing, Doing::Sealing | Doing::Bank { .. }),
        doing,
        hint: hint.filter(|_| picture.ended.is_none()),
        alarm: picture.alarm.map(w.alarm_word),
        fields: picture.fields.iter().map(|keyed| field(picture, keyed, w)).collect(),
        verdict,
    }
}

fn badges(picture: &Picture, w: &Words) -> Vec<Badge> {
    let (kind, text) = match picture.seal {
        Seal::Shutting => ("busy", w.sealing.to_owned()),
        Seal::Shut => ("good", w.sealed.to_owned()),
        Seal::Refused(why) => ("bad", format!("{}: {}", w.not_sealed, (w.refusal)(why))),
        Seal::Lost => ("bad", w.seal_lost.to_owned()),
        Seal::Open => ("", w.unsealed.to_owned()),
    };
    let mut badges = vec![Badge { kind, text, lock: picture.seal == Seal::Shut }];
    let line = match picture.line {
        Some("clean") => Some(("good", w.line_clean)),
        Some("dirty") => Some(("warn", w.line_dirty)),
        Some(_) => Some(("", w.line_unknown)),
        None => None,
    };
    if let Some((kind, text)) = line.filter(|_| picture.seal == Seal::Shut) {
        badges.push(Badge { kind, text: text.to_owned(), lock: false });
    }
    let left = match picture.left {
        Some("customer") => Some(w.left_customer),
        Some(_) => Some(w.left_agent),
        None => None,
    };
    badges.extend(left.map(|text| Badge { kind: "warn", text: text.to_owned(), lock: false }));
    badges
}

fn field(picture: &Picture, keyed: &Keyed, w: &Words) -> FieldView {
    let number = matches!(keyed.field, Field::Number | Field::NumberAgain);
    let amex = picture.brand == Some(Brand::Amex);
    let (usual, group) = match keyed.field.first() {
        Field::Code => (if amex { 4 } else { 3 }, 4),
        Field::Expiry => (4, 2),
        Field::Postal => (5, 5),
        _ => (if amex { 15 } else { 16 }, 4),
    };
    let dots: Vec<bool> = (0..usual.max(keyed.count)).map(|at| at < keyed.count).collect();
    let masked = picture.masked.as_ref().filter(|_| number && keyed.state == FieldState::Done);
    let (kind, state) = match keyed.state {
        FieldState::Done => ("done", w.done.to_owned()),
        // Nobody keys any more.
        _ if picture.ended.is_some() => ("waiting", String::new()),
        FieldState::Waiting => ("waiting", w.waiting.to_owned()),
        FieldState::Open if keyed.count > 0 => ("open", (w.digits)(keyed.count)),
        FieldState::Open => ("open", w.open.to_owned()),
    };
    FieldView {
        kind,
        name: (w.field)(keyed.field),
        groups: dots.chunks(group).map(<[bool]>::to_vec).collect(),
        shown: masked.map(|masked| card(&masked.last_four().to_string())),
        brand: picture.brand.filter(|_| keyed.field == Field::Number).map(brand_name),
        state,
    }
}

/// A card by its last four digits.
pub(in super::super) fn card(last_four: &str) -> String {
    format!("•••• {last_four}")
}

/// The name people know.
pub(in super::super) fn brand_name(brand: Brand) -> &'static str {
    match brand {
        Brand::Visa => "Visa",
        Brand::Mastercard => "Mastercard",
        Brand::Amex => "American Express",
        Brand::Diners => "Diners Club",
        Brand::Discover => "Discover",
        Brand::Jcb => "JCB",
        Brand::UnionPay => "UnionPay",
        Brand::Maestro => "Maestro",
    }
}
