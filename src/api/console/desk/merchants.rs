//! Who is paid, where there are several: the choice before a payment, the name beside it.

use crate::desk::Merchants;

/// One who can be chosen.
pub(in super::super) struct Choice {
    pub id: String,
    /// The name customers know, and the currency.
    pub label: String,
    pub chosen: bool,
}

/// Everybody there is, one of them marked; empty if there is one: nothing is to be chosen then.
pub(super) fn choices(merchants: &Merchants, chosen: &str) -> Vec<Choice> {
    if !are_several(merchants) {
        return Vec::new();
    }
    let choice = |id: &str, name: &str, currency: &str| Choice {
        id: id.to_owned(),
        label: format!("{name} · {currency}"),
        chosen: id == chosen,
    };
    merchants.all().map(|one| choice(&one.id, &one.name, one.currency.code())).collect()
}

/// The name of whom a payment is for; none where nobody else could be paid.
pub(in super::super) fn name(merchants: &Merchants, id: &str) -> Option<String> {
    if !are_several(merchants) {
        return None;
    }
    // One that was struck from the configuration keeps its id.
    Some(merchants.named(id).map_or_else(|_| id.to_owned(), |one| one.name.clone()))
}

/// The currency of amounts that are typed, if it is the same whoever is paid.
pub(super) fn currency(merchants: &Merchants) -> Option<String> {
    let own = merchants.default_one().currency;
    merchants.all().all(|one| one.currency == own).then(|| own.to_string())
}

fn are_several(merchants: &Merchants) -> bool {
    merchants.all().nth(1).is_some()
}
