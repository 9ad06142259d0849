//! What the provider learns of the customer.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonegate::inspect::stage::{CallPlan, StageError};

use crate::ensure;
use crate::scene::{SHORT_OF_FUNDS, Told, VISA, open_with};
use crate::story;
use crate::teller::{Stage, Story};

pub fn stories() -> Vec<Story> {
    vec![story!(what_is_known_of_the_customer_reaches_the_provider)]
}

/// A provider that writes down what it is sent; the first card is declined.
async fn listening() -> Result<(String, Arc<Mutex<Vec<String>>>), StageError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/charge", listener.local_addr()?);
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 16 * 1024];
            let mut length = 0;
            // The body ends with the object's brace; what comes in between is in one piece or two.
            while !request[..length].ends_with(b"}") {
                match stream.read(&mut request[length..]).await {
                    Ok(bytes) if bytes > 0 => length += bytes,
                    _ => break,
                }
            }
            let first = {
                let mut notes = notes.lock().expect("nobody panics with it");
                notes.push(String::from_utf8_lossy(&request[..length]).into_owned());
                notes.len() == 1
            };
            let body = match first {
                true => r#"{"error_code":"51","error_message":"insufficient funds"}"#,
                false => r#"{"charge_id":"ch_1","error_code":null}"#,
            };
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    Ok((url, heard))
}

async fn what_is_known_of_the_customer_reaches_the_provider(stage: Stage) -> Told {
    let (url, heard) = listening().await?;
    let plan = CallPlan {
        variables: &[
            ("tonegate_customer_name", "Jean Dupont"),
            ("tonegate_customer_email", "jean@example.fr"),
            ("tonegate_customer_reference", "no"),
        ],
        ..CallPlan::default()
    };
    let mut scene = open_with(&stage, plan, |o| {
        o.psp = "ear".into();
        o.sections =
            format!("[[psp]]\nname = \"ear\"\nkind = \"generic\"\nurl = \"{url}\"\nsend_customer = true\n");
    })
    .await?;
    scene.pay_with(SHORT_OF_FUNDS).await?;
    scene.told("declined").await?;
    scene.agent("*2").await?;
    scene.asked("number").await?;
    scene.card(VISA).await?;
    scene.ended("approved").await?;
    let heard = heard.lock().expect("nobody panics with it").clone();
    ensure!(heard.len() == 2, "{} requests", heard.len());
    for (request, declines) in heard.iter().zip(["0", "1"]) {
        for known in [
            r#""customer_name":"Jean Dupont""#,
            r#""customer_email":"jean@example.fr""#,
            r#""customer_phone":"0123456789""#,
            &format!(r#""failures_this_call":"{declines}""#),
        ] {
            ensure!(request.contains(known), "the provider is not told {known}");
        }
        ensure!(!request.contains("customer_reference"), "a reference that is none was sent");
    }
    Ok(())
}
