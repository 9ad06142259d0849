//! A JSON schema in words.

use std::fmt::Write as _;

use serde_json::Value;

use super::{escaped, object, text};

/// Where the document keeps its schemas.
const REFERENCE_PREFIX: &str = "#/components/schemas/";

/// What kind of value a schema means: a link to an object, or a word with its bounds.
pub(super) fn kind_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.strip_prefix(REFERENCE_PREFIX)) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for (key, joint) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[key].as_array() {
            return parts.iter().map(kind_of).collect::<Vec<_>>().join(joint);
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<_> = words.iter().map(|word| format!("<code>{}</code>", text(word))).collect();
        return words.join(", ");
    }
    let name = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        name => name.as_str().unwrap_or("anything").to_owned(),
    };
    let mut words = escaped(&name);
    if schema["items"].is_object() {
        let _ = write!(words, " of {}", kind_of(&schema["items"]));
    }
    if schema["additionalProperties"].is_object() {
        let _ = write!(words, " of {}", kind_of(&schema["additionalProperties"]));
    }
    bounds(&mut words, schema);
    words
}

fn bounds(words: &mut String, schema: &Value) {
    let named = [
        ("format", ""),
        ("pattern", "matches "),
        ("minimum", "from "),
        ("maximum", "to "),
        ("maxLength", "length to "),
        ("default", "default "),
    ];
    for (key, name) in named {
        let value = match &schema[key] {
            Value::Null => continue,
            Value::String(value) => escaped(value),
            value => escaped(&value.to_string()),
        };
        let _ = write!(words, ", <small>{name}<code>{value}</code></small>");
    }
}

/// The members of an object, or what else the schema means.
pub(super) fn members(page: &mut String, schema: &Value) {
    let Some(properties) = object(&schema["properties"]) else {
        return parts(page, schema);
    };
    page.push_str("<table><thead><tr><th>Member</th><th>Kind</th><th>Meaning</th></tr></thead><tbody>");
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|known| known.as_str() == Some(name)))
    };
    for (name, member) in properties {
        let mark = if required(name) { "" } else { " <small>may be absent</small>" };
        let _ = write!(
            page,
            "<tr><td><code>{}</code>{mark}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            kind_of(member),
            text(&member["description"])
        );
    }
    page.push_str("</tbody></table>");
}

/// A schema of several: all together, or one of them.
fn parts(page: &mut String, schema: &Value) {
    let together = [("allOf", "Together"), ("oneOf", "One of"), ("anyOf", "One of")];
    for (key, word) in together {
        let Some(parts) = schema[key].as_array() else { continue };
        let _ = write!(page, "<p>{word}:</p>");
        for part in parts {
            match object(&part["properties"]) {
                Some(_) => members(page, part),
                None if part["oneOf"].is_array() => members(page, part),
                None => {
                    let _ = write!(page, "<p>{}</p>", kind_of(part));
                }
            }
        }
        return;
    }
    let _ = write!(page, "<p>{}</p>", kind_of(schema));
}
