//! Somebody who signs in to the daemon's console, as an admin would make them known.

use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::{Client, Response, redirect};
use tokio::process::Command;

use super::set::secret;
use super::{Set, StageError};

/// What somebody types to sign in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The name.
    pub name: String,
    /// The password; good as long as this set.
    pub password: String,
}

impl Set {
    /// Makes somebody known with these roles and extensions, and has them choose a password of their own: they have
    /// signed in before.
    ///
    /// # Errors
    /// If the daemon does not take them.
    pub async fn person(
        &self,
        name: &str,
        roles: &[&str],
        extensions: &[&str],
    ) -> Result<Credentials, StageError> {
        let (first, own) = (password(), password());
        let file = self.directory.join(format!("{name}.password"));
        secret(&file, &first)?;
        let mut command = Command::new(&self.settings.program);
        command.args(["user", "add", name, "--config"]).arg(&self.settings.config);
        command.arg("--password-file").arg(&file);
        for role in roles {
            command.args(["--role", role]);
        }
        for extension in extensions {
            command.args(["--extension", extension]);
        }
        let done = command.output().await?;
        std::fs::remove_file(&file)?;
        if !done.status.success() {
            return Err(StageError(format!("no {name}: {}", String::from_utf8_lossy(&done.stderr))));
        }
        self.choose_password(name, &first, &own).await?;
        Ok(Credentials { name: name.to_owned(), password: own })
    }

    async fn choose_password(&self, name: &str, first: &str, own: &str) -> Result<(), StageError> {
        let failed = |fault: reqwest::Error| StageError(format!("{name} cannot sign in: {fault}"));
        let client = Client::builder().redirect(redirect::Policy::none()).build().map_err(failed)?;
        let send = |path: &str, fields: &[(&str, &str)], cookie: &str| {
            client
                .post(format!("{}{path}", self.settings.api))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header("accept", "text/html")
                .header(COOKIE, cookie)
                .body(serde_urlencoded::to_string(fields).unwrap_or_default())
                .send()
        };
        let typed = [("name", name), ("password", first), ("next", "/console")];
        let answer = taken(send("/console/login", &typed, "").await.map_err(failed)?)?;
        let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default().to_owned();
        let page = client.get(format!("{}/console/password", self.settings.api)).header(COOKIE, &cookie);
        let page = page.send().await.map_err(failed)?.text().await.map_err(failed)?;
        let token = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token =
            token.ok_or_else(|| StageError(format!("{name} is not asked for a password:\n{page}")))?;
        let typed = [("csrf", token), ("present", first), ("new", own), ("again", own)];
        taken(send("/console/password", &typed, &cookie).await.map_err(failed)?)?;
        Ok(())
    }
}

/// A form that was taken leads to another page.
fn taken(answer: Response) -> Result<Response, StageError> {
    if answer.status().is_redirection() {
        return Ok(answer);
    }
    Err(StageError(format!("{} answers {}", answer.url(), answer.status())))
}

/// Nobody guesses it, and people can type it.
fn password() -> String {
    let letters = "abcdefghjkmnpqrstuvwxyz23456789".as_bytes();
    let one = |_| char::from(letters[rand::random_range(0..letters.len())]);
    let groups: Vec<String> = (0..4).map(|_| (0..5).map(one).collect()).collect();
    groups.join("-")
}
