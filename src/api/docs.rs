//! `GET /docs`: the OpenAPI document as a page to be read. Rendered here, so that it needs neither the internet
//! nor a script.

mod schema;

use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Map, Value};

use super::openapi;
use schema::{kind_of, members};

/// The page is written once.
static PAGE: OnceLock<String> = OnceLock::new();

/// In the order in which people look for them.
const METHODS: [&str; 3] = ["post", "get", "delete"];

/// `GET /docs`
pub(super) async fn page() -> Html<&'static str> {
    Html(PAGE.get_or_init(|| {
        // A document that cannot be written as JSON cannot be made by the derive macros.
        rendered(&serde_json::to_value(openapi::alone()).unwrap_or_default())
    }))
}

/// `GET /docs/style.css`
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("docs/style.css")).into_response()
}

fn rendered(document: &Value) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let title = text(&document["info"]["title"]);
    let version = text(&document["info"]["version"]);
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} {version}: API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><header><h1>{title} {version}</h1>"
    );
    paragraphs(&mut page, &document["info"]["description"]);
    page.push_str(
        "<p>The same for programs: <a href=\"/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p></header>",
    );
    let tags: Vec<&Value> = document["tags"].as_array().into_iter().flatten().collect();
    contents(&mut page, &tags);
    page.push_str("<main>");
    for tag in tags {
        let name = text(&tag["name"]);
        let _ = write!(page, "<section id=\"{name}\"><h2>{name}</h2>");
        paragraphs(&mut page, &tag["description"]);
        for (path, method, operation) in operations(document, &tag["name"]) {
            show(&mut page, path, method, operation);
        }
        page.push_str("</section>");
    }
    problems(&mut page);
    schemas(&mut page, &document["components"]["schemas"]);
    page.push_str("</main></body></html>\n");
    page
}

fn contents(page: &mut String, tags: &[&Value]) {
    page.push_str("<nav aria-label=\"Contents\"><ul>");
    for tag in tags {
        let name = text(&tag["name"]);
        let _ = write!(page, "<li><a href=\"#{name}\">{name}</a></li>");
    }
    page.push_str(
        "<li><a href=\"#problems\">problems</a></li><li><a href=\"#schemas\">objects</a></li></ul></nav>",
    );
}

/// The operations of a tag, path by path.
fn operations<'a>(document: &'a Value, tag: &Value) -> Vec<(&'a str, &'static str, &'a Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| METHODS.map(|method| (path.as_str(), method, &item[method])));
    let tagged = |operation: &Value| operation["tags"].as_array().is_some_and(|tags| tags.contains(tag));
    all.filter(|(_, _, operation)| tagged(operation)).collect()
}

fn show(page: &mut String, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        page,
        "<article><h3><span class=\"method {method}\">{}</span> <code>{}</code></h3><p class=\"lead\">{}</p>",
        method.to_uppercase(),
        escaped(path),
        text(&operation["summary"])
    );
    paragraphs(page, &operation["description"]);
    if let Some(parameters) = operation["parameters"].as_array() {
        page.push_str("<table><caption>Parameters</caption><thead><tr><th>Name</th><th>In</th><th>Kind</th><th>Meaning</th></tr></thead><tbody>");
        for parameter in parameters {
            let _ = write!(
                page,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                kind_of(&parameter["schema"]),
                text(&parameter["description"])
            );
        }
        page.push_str("</tbody></table>");
    }
    if operation["requestBody"].is_object() {
        let _ = write!(page, "<p>Body: {}</p>", content(&operation["requestBody"]["content"]));
    }
    page.push_str("<table><caption>Answers</caption><thead><tr><th>Status</th><th>Meaning</th><th>Body</th></tr></thead><tbody>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let refused = response["$ref"].is_string();
        let meaning = if refused { "refused".into() } else { text(&response["description"]) };
        let body =
            if refused { "<a href=\"#problems\">Problem</a>".into() } else { content(&response["content"]) };
        let _ = write!(page, "<tr><td>{}</td><td>{meaning}</td><td>{body}</td></tr>", escaped(status));
    }
    page.push_str("</tbody></table></article>");
}

fn content(content: &Value) -> String {
    let kinds = content.as_object().into_iter().flatten();
    let shown =
        kinds.map(|(media, of)| format!("{} <small>{}</small>", kind_of(&of["schema"]), escaped(media)));
    shown.collect::<Vec<_>>().join(", ")
}

fn problems(page: &mut String) {
    page.push_str(
        "<section id=\"problems\"><h2>problems</h2><p>Whatever is refused is answered as <code>application/problem+json</code> \
         (RFC 9457). <code>type</code> never changes, <code>detail</code> says what to do, <code>field</code> which part \
         of the request is wrong, <code>request_id</code> stands in the log too.</p><table><caption>Kinds of problems</caption>\
         <thead><tr><th>Status</th><th>type</th><th>Meaning</th></tr></thead><tbody>",
    );
    for (kind, status, title) in openapi::kinds() {
        let _ = write!(page, "<tr><td>{status}</td><td><code>{kind}</code></td><td>{title}</td></tr>");
    }
    page.push_str("</tbody></table></section>");
}

fn schemas(page: &mut String, schemas: &Value) {
    page.push_str("<section id=\"schemas\"><h2>objects</h2>");
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        let name = escaped(name);
        let _ = write!(page, "<article id=\"schema-{name}\"><h3><code>{name}</code></h3>");
        paragraphs(page, &schema["description"]);
        members(page, schema);
        page.push_str("</article>");
    }
    page.push_str("</section>");
}

fn paragraphs(page: &mut String, words: &Value) {
    for paragraph in words.as_str().unwrap_or_default().split("\n\n").filter(|words| !words.is_empty()) {
        let _ = write!(page, "<p>{}</p>", marked(paragraph));
    }
}

fn text(value: &Value) -> String {
    marked(value.as_str().unwrap_or_default())
}

/// Words between backticks are code.
fn marked(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for (place, part) in words.split('`').enumerate() {
        let part = escaped(part);
        if place % 2 == 1 {
            let _ = write!(out, "<code>{part}</code>");
        } else {
            out.push_str(&part);
        }
    }
    out
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().filter(|object| !object.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_the_document_stands_on_the_page_and_nothing_comes_from_elsewhere() {
        let document = serde_json::to_value(openapi::alone()).unwrap();
        let page = rendered(&document);
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(page.contains(&format!("<code>{}</code>", escaped(path))), "{path}");
            for operation in METHODS.iter().filter_map(|method| item.get(*method)) {
                assert!(page.contains(&text(&operation["summary"])), "{path}");
            }
        }
        for link in page.split("href=\"#").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]) {
            assert!(page.contains(&format!("id=\"{link}\"")), "the link to {link} leads nowhere");
        }
        for foreign in ["<script", "style=\"", "http://", "https://", "onclick"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn words_cannot_become_tags() {
        assert_eq!(marked("a `<b>` & \"c\""), "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;");
    }
}
