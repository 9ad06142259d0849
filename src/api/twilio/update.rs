//! What is wanted of a session.

use super::answer::Fault;
use super::form::Form;
use super::words;
use crate::call::{AgentCommand, Field};
use crate::desk::Commanded;

/// The command of an update: exactly one of `Capture` and `Status`.
pub(super) fn command(form: &Form, session: &Commanded) -> Result<AgentCommand, Fault> {
    let status = form.word("Status", &["complete", "cancel"])?;
    match (form.text("Capture"), status) {
        (Some(name), None) => capture(name, session),
        (None, Some("complete")) => Ok(AgentCommand::Complete),
        (None, Some(_)) => Ok(AgentCommand::Cancel),
        (Some(_), Some(_)) => Err(Fault::invalid("Status", "send either Capture or Status, not both")),
        (None, None) => Err(Fault::invalid("Capture", "send Capture or Status")),
    }
}

fn capture(name: &str, session: &Commanded) -> Result<AgentCommand, Fault> {
    let wrong = |what: String| Fault::invalid("Capture", what);
    if matches!(name, "bank-routing-number" | "bank-account-number") {
        return Err(wrong("bank accounts are not taken here".into()));
    }
    let field = words::field(name).ok_or_else(|| wrong(format!("write one of {}", words::field_names())))?;
    let asked = match field.first() {
        Field::Code => session.code,
        Field::Postal => session.postal.is_some(),
        _ => true,
    };
    if !asked {
        return Err(wrong(format!("{name} is not asked for in this session")));
    }
    if field.repeats() && !session.twice.contains(&field.first()) {
        return Err(wrong(format!("{name} is not in RequireMatchingInputs of this session")));
    }
    Ok(AgentCommand::Ask(field))
}
