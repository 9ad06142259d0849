//! What pages are dressed with: part of this program, so that a console works without internet.
//!
//! The style stands in each page, so that the first view needs one answer of the server and no second; the policy
//! of the page allows this very text by its hash, and no other. Script and icon have the hash of their content
//! in their names, and are kept by browsers for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The style of every page.
pub(super) const STYLE: &str = include_str!("assets/console.css");

const SCRIPT: &str = include_str!("assets/console.js");
const ICON: &str = include_str!("assets/mark.svg");

/// Letters of the hash in a name.
const HASH_LENGTH: usize = 16;

/// A browser need not ask again: what changes gets another name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Where everything is.
pub(super) struct Assets {
    /// Path of the script.
    pub script: String,
    /// Path of the icon.
    pub icon: String,
    /// The style's hash, as a source of a content security policy.
    pub style_source: String,
}

/// Computed once: the content is part of the program.
pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    script: path("console", SCRIPT, "js"),
    icon: path("mark", ICON, "svg"),
    style_source: format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE))),
});

fn path(name: &str, content: &str, ending: &str) -> String {
    let hash = hex::encode(Sha256::digest(content));
    format!("/console/assets/{name}.{}.{ending}", &hash[..HASH_LENGTH])
}

/// `GET /console/assets/{name}`
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let known =
        [(&ASSETS.script, SCRIPT, "text/javascript; charset=utf-8"), (&ASSETS.icon, ICON, "image/svg+xml")];
    let found = known.into_iter().find(|(path, ..)| path.rsplit('/').next() == Some(name.as_str()));
    match found {
        Some((_, content, kind)) => {
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOR_EVER)], content).into_response()
        }
        // A page of an older release asks for its script: it has to be loaded again.
        None => (StatusCode::NOT_FOUND, "reload the page\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of colours that meet on a page, and the contrast that WCAG 2.2 asks of them.
    const PAIRS: [(&str, &str, f64); 30] = [
        ("ink", "paper", 4.5),
        ("ink", "sheet", 4.5),
        ("ink", "calm-tint", 4.5),
        ("ink", "accent-tint", 4.5),
        ("soft", "paper", 4.5),
        ("soft", "sheet", 4.5),
        ("soft", "calm-tint", 4.5),
        ("soft", "accent-tint", 4.5),
        ("accent", "paper", 4.5),
        ("accent", "sheet", 4.5),
        ("accent", "accent-tint", 4.5),
        ("accent", "calm-tint", 4.5),
        ("on-accent", "accent", 4.5),
        ("good", "sheet", 4.5),
        ("good", "good-tint", 4.5),
        ("good", "accent-tint", 4.5),
        ("warn", "sheet", 4.5),
        ("warn", "warn-tint", 4.5),
        ("bad", "sheet", 4.5),
        ("bad", "calm-tint", 4.5),
        ("bad", "bad-tint", 4.5),
        ("sheet", "bad", 4.5),
        ("sheet", "good", 4.5),
        // What is no text: edges of fields, dots, bars.
        ("edge", "sheet", 3.0),
        ("edge", "paper", 3.0),
        ("edge", "calm-tint", 3.0),
        ("edge", "accent-tint", 3.0),
        ("accent", "bad-tint", 3.0),
        ("bad", "paper", 3.0),
        ("accent", "warn-tint", 3.0),
    ];

    #[test]
    fn colours_that_meet_can_be_told_apart_in_both_schemes() {
        let (light, rest) = STYLE.split_once("@media (prefers-color-scheme: dark)").expect("a dark scheme");
        for (scheme, text) in [("light", light), ("dark", rest.split_once("\n}\n").expect("its end").0)] {
            for (one, other, wanted) in PAIRS {
                let contrast = contrast(luminance(text, one), luminance(text, other));
                assert!(contrast >= wanted, "{scheme}: {one} on {other} has {contrast:.2}, not {wanted}");
            }
        }
    }

    /// Relative luminance (WCAG 2.2) of a custom property.
    fn luminance(scheme: &str, name: &str) -> f64 {
        let value = scheme.split(&format!("--{name}: #")).nth(1).unwrap_or_else(|| panic!("no --{name}"));
        let channel = |at: usize| {
            let byte = u8::from_str_radix(&value[at..at + 2], 16).expect("two hexadecimal digits");
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }

    fn contrast(one: f64, other: f64) -> f64 {
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrast_is_computed_as_the_standard_does() {
        let scheme = "--ink: #000000; --paper: #ffffff; --soft: #767676;";
        assert!((contrast(luminance(scheme, "ink"), luminance(scheme, "paper")) - 21.0).abs() < 0.01);
        assert!((contrast(luminance(scheme, "soft"), luminance(scheme, "paper")) - 4.54).abs() < 0.01);
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("://") && !text.contains("@import"));
        }
    }

    #[tokio::test]
    async fn assets_are_kept_for_ever_and_old_names_are_gone() {
        let name = ASSETS.script.rsplit('/').next().expect("a name").to_owned();
        let answer = serve(Path(name)).await;
        assert_eq!(answer.headers()[header::CACHE_CONTROL], FOR_EVER);
        let gone = serve(Path("console.0000000000000000.js".into())).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    }
}
