//! What the agent's keys say, said on the page.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::call::AgentCommand;

use super::super::Console;
use super::super::reader::Reader;
use super::{done, refused};

#[derive(Deserialize)]
pub(in super::super) struct Command {
    agent: String,
    payment: Uuid,
    command: String,
}

/// `POST /desk/command`
pub(in super::super) async fn command(
    State(console): State<Console>,
    reader: Reader,
    Form(form): Form<Command>,
) -> Response {
    let w = reader.locale.words();
    // The call has to be the agent's own, whatever the form says.
    let own = console.board.of_agent(&form.agent).is_some_and(|picture| picture.payment == form.payment);
    if !(reader.viewer.may_take() && reader.viewer.may_see_agent(&form.agent) && own) {
        return refused(&console, &reader, &form.agent, w.not_allowed_help.into(), StatusCode::FORBIDDEN)
            .await;
    }
    let command = match form.command.as_str() {
        "restart_field" => AgentCommand::RestartField,
        "restart_all" => AgentCommand::RestartAll,
        "other_means" => AgentCommand::OtherMeans,
        "pause" => AgentCommand::Pause,
        "resume" => AgentCommand::Resume,
        "repeat" => AgentCommand::Repeat,
        "next_pace" => AgentCommand::NextPace,
        "next_language" => AgentCommand::NextLanguage,
        "cancel" => AgentCommand::Cancel,
        _ => {
            let wrong = StatusCode::UNPROCESSABLE_ENTITY;
            return refused(&console, &reader, &form.agent, w.no_such_command.into(), wrong).await;
        }
    };
    if console.desk.live.command(form.payment, command) {
        console.note(&reader, "command given", form.payment, &form.command).await;
        return done(&reader, &form.agent);
    }
    refused(&console, &reader, &form.agent, w.no_such_command.into(), StatusCode::CONFLICT).await
}
