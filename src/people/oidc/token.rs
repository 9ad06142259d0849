//! What makes an ID token worth believing (OpenID Connect Core 1.0, 3.1.3.7).

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ProviderFault;

/// Signatures with a key that only the provider has. `none` and shared secrets are not among them.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// A token is made for the login that waits: older ones are none of ours.
const MAX_AGE_S: i64 = 600;

/// What must be true of a token.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now_s: i64,
    pub skew_s: i64,
}

/// What the provider says about a person.
#[derive(Debug, Deserialize)]
pub(in crate::people) struct Claims {
    pub sub: String,
    aud: Value,
    azp: Option<String>,
    nonce: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Claims {
    /// A claim that is a text.
    pub(in crate::people) fn text(&self, claim: &str) -> Option<&str> {
        if claim == "sub" { Some(&self.sub) } else { self.rest.get(claim)?.as_str() }
    }

    /// A claim that is a text or a list of texts.
    pub(in crate::people) fn texts(&self, claim: &str) -> Vec<&str> {
        match self.rest.get(claim) {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        }
    }
}

fn wrong(what: impl ToString) -> ProviderFault {
    ProviderFault::NotBelieved(what.to_string())
}

/// The name of the key that signed it, if it says so.
pub(super) fn key_id(token: &str) -> Result<Option<String>, ProviderFault> {
    Ok(decode_header(token).map_err(wrong)?.kid)
}

/// The key of that name; without a name, the only one there is.
pub(super) fn choose(keys: &[Jwk], wanted: Option<&str>) -> Option<Jwk> {
    let signs = |key: &&Jwk| key.common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature);
    let mut fit =
        keys.iter().filter(signs).filter(|key| wanted.is_none() || key.common.key_id.as_deref() == wanted);
    let first = fit.next()?;
    (wanted.is_some() || fit.next().is_none()).then(|| first.clone())
}

/// Believes a token, or says why not. The times are compared with the clock we are given.
pub(super) fn claims(token: &str, key: &Jwk, expected: &Expected<'_>) -> Result<Claims, ProviderFault> {
    let algorithm = decode_header(token).map_err(wrong)?.alg;
    if !ALGORITHMS.contains(&algorithm) {
        return Err(wrong(format!("it is signed with {algorithm:?}, which anybody could have done")));
    }
    let key = DecodingKey::from_jwk(key).map_err(wrong)?;
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[expected.client_id]);
    validation.set_issuer(&[expected.issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims: Claims = decode(token, &key, &validation).map_err(wrong)?.claims;
    check(claims, expected)
}

/// What the library does not look at, or only by the system's clock.
fn check(claims: Claims, expected: &Expected<'_>) -> Result<Claims, ProviderFault> {
    let (now, skew) = (expected.now_s, expected.skew_s);
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(wrong("it was made for another login (nonce)"));
    }
    let several = claims.aud.as_array().is_some_and(|audiences| audiences.len() > 1);
    let party = claims.azp.as_deref();
    if (several && party.is_none()) || party.is_some_and(|party| party != expected.client_id) {
        return Err(wrong("it was made for another program (azp)"));
    }
    if claims.exp.saturating_add(skew) <= now {
        return Err(wrong("it has expired; are both clocks right?"));
    }
    let early = claims.iat.saturating_sub(skew) > now
        || claims.nbf.is_some_and(|from| from.saturating_sub(skew) > now);
    if early {
        return Err(wrong("it is of the future; are both clocks right?"));
    }
    if claims.iat.saturating_add(skew).saturating_add(MAX_AGE_S) < now {
        return Err(wrong("it is old; are both clocks right?"));
    }
    Ok(claims)
}
