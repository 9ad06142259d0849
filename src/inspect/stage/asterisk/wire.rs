//! The Manager Interface and ARI, as far as the stage needs them: orders and their answers.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::StageError;

/// How long Asterisk may take to answer.
const ANSWER_MS: u64 = 10_000;
/// The most lines of one answer.
const MAX_LINES: usize = 65_536;

/// A connection to the Manager Interface that gives orders.
pub(super) struct Manager {
    stream: BufReader<TcpStream>,
}

impl Manager {
    /// Connects and logs in as `stage`.
    ///
    /// # Errors
    /// If Asterisk is not there, does not answer or does not accept the password.
    pub async fn open(address: SocketAddr, password: &str) -> Result<Self, StageError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut manager = Self { stream: BufReader::new(stream) };
        let greeting = manager.line();
        timeout(Duration::from_millis(ANSWER_MS), greeting)
            .await
            .map_err(|_| StageError("Asterisk's Manager Interface does not greet".into()))??;
        manager.order("Login", &[("Username", "stage"), ("Secret", password)]).await?;
        Ok(manager)
    }

    /// Gives an order and answers the lines of the response.
    ///
    /// # Errors
    /// If it is refused, or not answered in time.
    pub async fn order(&mut self, action: &str, headers: &[(&str, &str)]) -> Result<Vec<String>, StageError> {
        let mut text = format!("Action: {action}\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        self.stream.write_all(text.as_bytes()).await?;
        let answer = timeout(Duration::from_millis(ANSWER_MS), self.response());
        let answer = answer.await.map_err(|_| StageError("Asterisk does not answer".into()))??;
        match answer.first().map(String::as_str) {
            Some("Response: Success" | "Response: Goodbye") => Ok(answer),
            _ => Err(StageError(format!("Asterisk refused `{action}`: {}", answer.join("; ")))),
        }
    }

    /// A command as on the console, and what it prints.
    ///
    /// # Errors
    /// If it is not answered in time.
    pub async fn command(&mut self, command: &str) -> Result<String, StageError> {
        let answer = self.order("Command", &[("Command", command)]).await?;
        let printed = answer.iter().filter_map(|line| line.strip_prefix("Output: "));
        Ok(printed.collect::<Vec<_>>().join("\n"))
    }

    /// The next block that is a response; events are passed over.
    async fn response(&mut self) -> Result<Vec<String>, StageError> {
        loop {
            let mut block = Vec::new();
            loop {
                let line = self.line().await?;
                if line.is_empty() {
                    break;
                }
                if block.len() < MAX_LINES {
                    block.push(line);
                }
            }
            if block.first().is_some_and(|line| line.starts_with("Response: ")) {
                return Ok(block);
            }
        }
    }

    async fn line(&mut self) -> Result<String, StageError> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(StageError("Asterisk closed the connection".into()));
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

/// ARI, over HTTP.
pub(super) struct Ari {
    client: reqwest::Client,
    base: String,
    password: String,
}

impl Ari {
    /// What is asked at this address, as `spy`.
    ///
    /// # Errors
    /// If no client can be made.
    pub fn at(address: SocketAddr, password: &str) -> Result<Self, StageError> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(ANSWER_MS))
            .build()
            .map_err(|fault| StageError(fault.to_string()))?;
        Ok(Self { client, base: format!("http://{address}/ari"), password: password.to_owned() })
    }

    /// Looks something up; none if there is no such thing.
    ///
    /// # Errors
    /// If Asterisk does not answer.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<Value>, StageError> {
        self.ask(reqwest::Method::GET, path, query).await
    }

    /// Orders something.
    ///
    /// # Errors
    /// If Asterisk does not answer, or there is no such thing.
    pub async fn post(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, StageError> {
        let answer = self.ask(reqwest::Method::POST, path, query).await?;
        answer.ok_or_else(|| StageError(format!("ARI knows no {path}")))
    }

    async fn ask(
        &self,
        method: reqwest::Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<Value>, StageError> {
        let url = reqwest::Url::parse_with_params(&format!("{}{path}", self.base), query)
            .map_err(|fault| StageError(format!("{path}: {fault}")))?;
        let request = self.client.request(method, url).basic_auth("spy", Some(&self.password));
        let told = |fault: reqwest::Error| StageError(format!("ARI does not answer: {fault}"));
        let answer = request.send().await.map_err(told)?;
        let status = answer.status();
        let text = answer.text().await.map_err(told)?;
        if status == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(StageError(format!("ARI refused {path}: {status} {text}")));
        }
        Ok(Some(serde_json::from_str(&text).unwrap_or_default()))
    }
}
