//! `[people]`, `[oidc]`, `[console]`, and TLS of `[api]`.

use super::*;

const PROVIDER: &str = r#"
[oidc]
issuer = "https://id.example.com"
client_id = "tonegate"
client_secret_file = "api.key"
public_url = "https://pay.example.com"
[oidc.roles]
agent = ["phone"]
refunder = ["money"]
"#;

#[test]
fn people_are_let_in_as_the_standard_says_if_nothing_else_is_said() {
    let place = Place::new();
    let config = place.load(GOOD, &[]).unwrap();
    assert_eq!((config.people.idle_minutes, config.people.session_hours), (15, 12));
    use crate::people::Role;
    assert_eq!(config.people.code_required, [Role::Refunder, Role::Admin]);
    assert!(config.oidc.is_none() && config.console.frame_ancestors.is_empty());
    assert_eq!(config.api.trusted_proxies.len(), 2);

    let with = format!("{GOOD}{PROVIDER}[console]\nframe_ancestors = [\"https://crm.example.com\"]\n");
    let config = place.load(&with, &[("TONEGATE__PEOPLE__IDLE_MINUTES", "5")]).unwrap();
    let oidc = config.oidc.unwrap();
    assert_eq!(oidc.client_secret.expose(), "0123456789abcdef");
    assert_eq!(oidc.roles[&Role::Agent], ["phone"]);
    assert_eq!(config.people.idle_ms(), 5 * 60 * 1_000);
}

#[test]
fn the_key_of_one_time_codes_is_made_or_given() {
    let place = Place::new();
    let config = place.load(GOOD, &[]).unwrap();
    assert!(config.people.codes_key.is_none() && config.codes_key_path().ends_with("codes.key"));
    let with = |more: &str| format!("{GOOD}[people]\n{more}\n");
    assert_eq!(
        place.told(&with("codes_key_file = \"api.key\""), &[]),
        "t.toml: key `people.codes_key_file`: the key is not 64 hexadecimal digits; make one with: \
         openssl rand -hex 32"
    );
    std::fs::write(place.directory.path().join("api.key"), "0f".repeat(32)).unwrap();
    let config = place.load(&with("codes_key_file = \"api.key\""), &[]).unwrap();
    assert_eq!(config.people.codes_key.unwrap().expose(), "0f".repeat(32));
}

#[test]
fn tls_of_our_own_opens_the_listener_to_others() {
    let place = Place::new();
    let tls =
        "[api]\nlisten = \"0.0.0.0:8443\"\ntls_certificate_file = \"cert.pem\"\ntls_key_file = \"key.pem\"";
    let config = place.load(&GOOD.replace("[api]", tls), &[]).unwrap();
    let certificate = config.api.tls_certificate_file.unwrap();
    assert_eq!(certificate, place.directory.path().join("cert.pem"), "from where the file stands");
}

#[test]
fn what_does_not_fit_is_answered_with_what_to_do() {
    let place = Place::new();
    let with = |more: &str| place.told(&format!("{GOOD}{more}\n"), &[]);
    let api = |more: &str| place.told(&GOOD.replace("[api]", &format!("[api]\n{more}")), &[]);
    let oidc = |from: &str, to: &str| with(&PROVIDER.replace(from, to));
    for (told, wanted) in [
        (
            with("[people]\nidle_minutes = 20"),
            "t.toml: key `people.idle_minutes`: 20 minutes is out of bounds; write a number from 1 to 15",
        ),
        (
            with("[people]\ncode_required = [\"boss\"]"),
            "t.toml: key `people.code_required[0]`: `boss` is not possible; possible here: agent, supervisor, \
             refunder, admin, auditor",
        ),
        (
            api("listen = \"0.0.0.0:8090\""),
            "t.toml: key `api.listen`: 0.0.0.0:8090 can be reached from other machines; \
             end TLS here (api.tls_certificate_file and api.tls_key_file), or set api.behind_tls_proxy = true \
             once a proxy ends TLS before it",
        ),
        (
            api("tls_key_file = \"key.pem\""),
            "t.toml: key `api.tls_certificate_file`: missing; write the file with the key's certificates",
        ),
        (
            api("behind_tls_proxy = true\ntls_key_file = \"k\"\ntls_certificate_file = \"c\""),
            "t.toml: key `api.behind_tls_proxy`: TLS is ended here already; leave out either this or \
             api.tls_certificate_file and api.tls_key_file",
        ),
        (
            oidc("https://id.", "http://id."),
            "t.toml: key `oidc.issuer`: not https; write an address such as \"https://id.example.com\"",
        ),
        (
            oidc("client_secret_file = \"api.key\"", "client_secret = \"x\""),
            "t.toml: key `oidc.client_secret`: a secret does not belong in the configuration; put it alone into a \
             file of mode 600 and write client_secret_file = \"/path/of/the/file\", or write \
             client_secret_credential = \"name of a systemd credential\"",
        ),
        (
            oidc("agent = [\"phone\"]\nrefunder = [\"money\"]", ""),
            "t.toml: key `oidc.roles`: no group gives a role; write a section [oidc.roles] with for example \
             agent = [\"a-group\"]",
        ),
        (
            with("[console]\nframe_ancestors = [\"https://crm.example.com/x; script-src *\"]"),
            "t.toml: key `console.frame_ancestors`: `https://crm.example.com/x; script-src *` is no origin; write \
             scheme and host alone, such as \"https://crm.example.com\"",
        ),
    ] {
        assert_eq!(told, wanted);
    }
}
