//! What a session looks like from outside: masks, what is still required, the result.

use super::words;
use crate::call::{Field, Outcome};
use crate::desk::EventBody;

/// Parameters of a callback.
pub(super) type Parameters = Vec<(&'static str, String)>;

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) parameters: Parameters,
    /// A key in this field: the next one says all of it and more.
    pub(super) progress: Option<Field>,
    /// The session has a result, and this is what the provider says of it in the store.
    pub(super) result: bool,
}

/// A session so far.
#[derive(Default)]
pub(super) struct View {
    number: String,
    brand: Option<&'static str>,
    expiry: String,
    code: String,
    postal: String,
    required: Option<Vec<Field>>,
    /// A field is done; what is still required is told next.
    done: Option<Field>,
    /// The result was told.
    concluded: bool,
    /// Told that nobody knows; what is known later is told as well.
    unknown: bool,
}

impl View {
    /// Of a session whose postal code is known from the start.
    pub(super) fn new(postal_given: Option<&str>) -> View {
        View { postal: postal_given.unwrap_or_default().to_owned(), ..View::default() }
    }

    /// Whether its end was told.
    pub(super) fn is_concluded(&self) -> bool {
        self.concluded
    }

    /// What is told of an event, if anything.
    pub(super) fn tell(&mut self, event: &EventBody) -> Option<News> {
        match event {
            EventBody::FieldOpened { field, attempt } => {
                self.mask(*field, 0);
                // What was wrong before has been told, and that it is still required.
                (*attempt == 1).then(|| self.capture(*field, true, None))
            }
            EventBody::Cleared { field } => {
                self.mask(*field, 0);
                None
            }
            EventBody::Progress { field, count, brand } => {
                self.mask(*field, *count);
                if let (Field::Number, Some(brand)) = (field, brand) {
                    self.brand = Some(brand.name());
                }
                Some(News { progress: Some(*field), ..self.capture(*field, true, None) })
            }
            EventBody::FieldDone { field, masked, brand } => {
                if let (Some(masked), Some(brand)) = (masked, brand) {
                    self.number = masked.to_string();
                    self.brand = Some(brand.name());
                }
                self.done = Some(*field);
                None
            }
            EventBody::FieldRefused { field, hint, .. } => {
                self.mask(*field, 0);
                Some(self.capture(*field, false, Some(words::error_type(*field, *hint))))
            }
            EventBody::Remaining { fields } => {
                // What is required was not taken, or is not there any more.
                for field in fields.iter().filter(|field| !field.repeats()) {
                    self.mask(*field, 0);
                }
                self.required = Some(fields.clone());
                match self.done.take() {
                    Some(field) => Some(self.capture(field, false, None)),
                    None => Some(news(self.card())),
                }
            }
            EventBody::Approved { .. } => self.conclude(words::SUCCESS, None),
            EventBody::Declined { reason, .. } => {
                self.conclude(words::CONNECTOR_ERROR, Some(words::decline(*reason)))
            }
            EventBody::NotCharged { .. } => {
                self.conclude(words::CONNECTOR_ERROR, Some("nothing was charged, because of a fault"))
            }
            EventBody::OutcomeUnknown { .. } => {
                self.unknown = true;
                let words = "the outcome is not known yet; do not take the card again";
                self.conclude(words::CONNECTOR_ERROR, Some(words))
            }
            EventBody::Settled { outcome, .. } => self.known_at_last(outcome),
            EventBody::Ended { ending } => {
                let (result, error) = words::result(*ending);
                self.conclude(result, error)
            }
            _ => None,
        }
    }

    /// The bank's answer, after everybody was told that it is unknown.
    fn known_at_last(&mut self, outcome: &Outcome) -> Option<News> {
        if !self.unknown {
            return None;
        }
        let (result, error) = match outcome {
            Outcome::Approved { .. } => (words::SUCCESS, None),
            Outcome::Declined(reason) => (words::CONNECTOR_ERROR, Some(words::decline(*reason))),
            Outcome::NotCharged => (words::CONNECTOR_ERROR, Some("nothing was charged, because of a fault")),
            Outcome::Unknown => return None,
        };
        self.unknown = false;
        self.concluded = false;
        self.conclude(result, error)
    }

    /// The result; the first one stays.
    fn conclude(&mut self, result: &'static str, error: Option<&str>) -> Option<News> {
        if std::mem::replace(&mut self.concluded, true) {
            return None;
        }
        let mut parameters = self.card();
        parameters.retain(|(name, _)| *name != "Required");
        parameters.push(("Result", result.to_owned()));
        if let Some(error) = error {
            parameters.push(("PaymentError", error.to_owned()));
        }
        Some(News { parameters, progress: None, result: true })
    }

    fn capture(&self, field: Field, partial: bool, error: Option<&str>) -> News {
        let mut parameters = self.card();
        parameters.push(("Capture", words::field_name(field).to_owned()));
        parameters.push(("PartialResult", partial.to_string()));
        if let Some(error) = error {
            parameters.push(("ErrorType", error.to_owned()));
        }
        news(parameters)
    }

    /// Masks, and what is required.
    fn card(&self) -> Parameters {
        let mut parameters = Parameters::new();
        let mut add = |name, value: &str| {
            if !value.is_empty() {
                parameters.push((name, value.to_owned()));
            }
        };
        add("PaymentCardNumber", &self.number);
        add("PaymentCardType", self.brand.unwrap_or_default());
        add("ExpirationDate", &self.expiry);
        add("SecurityCode", &self.code);
        add("PaymentCardPostalCode", &self.postal);
        let required = self.required.as_deref().unwrap_or_default();
        add(
            "Required",
            &required.iter().map(|field| words::field_name(*field)).collect::<Vec<_>>().join(","),
        );
        parameters
    }

    /// One `x` for each key. A field that repeats another leaves the other's mask alone.
    fn mask(&mut self, field: Field, count: u8) {
        let mask = match field {
            Field::Number => {
                if count == 0 {
                    self.brand = None;
                }
                &mut self.number
            }
            Field::Expiry => &mut self.expiry,
            Field::Code => &mut self.code,
            Field::Postal => &mut self.postal,
            Field::NumberAgain | Field::ExpiryAgain | Field::CodeAgain | Field::PostalAgain => return,
            // Programs ask for cards alone.
            Field::Reference | Field::Amount => return,
        };
        *mask = "x".repeat(count.into());
        // Taken again, it is required again.
        if let Some(required) = &mut self.required
            && !required.contains(&field)
        {
            required.push(field);
            required.sort_by_key(|field| (*field).first() as u8 * 2 + u8::from(field.repeats()));
        }
    }
}

fn news(parameters: Parameters) -> News {
    News { parameters, progress: None, result: false }
}
