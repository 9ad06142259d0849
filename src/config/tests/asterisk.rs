//! The section of Asterisk.

use super::*;

const ASTERISK: (&str, &str) =
    ("kind = \"freeswitch\"\n[pbx.freeswitch]", "kind = \"asterisk\"\n[pbx.asterisk]");

#[test]
fn asterisk_has_a_section_of_its_own() {
    let place = Place::new();
    let text = GOOD.replace(ASTERISK.0, ASTERISK.1);
    let config = place.load(&text, &[("TONEGATE__PBX__ASTERISK__ARI_LISTEN", "127.0.0.1:8087")]).unwrap();
    let asterisk = config.pbx.asterisk.unwrap();
    assert_eq!(asterisk.password.expose(), "ClueCon");
    assert_eq!(asterisk.ari_listen, Some("127.0.0.1:8087".parse().unwrap()));
    let told =
        |key: &str, value: &str| place.told(&text, &[(&format!("TONEGATE__PBX__ASTERISK__{key}"), value)]);
    assert!(told("AMI_ADDRESS", "192.0.2.1:5038").contains("pbx.asterisk.ami_address"));
    assert!(told("KEYPAD_USER", "tonegate").contains("same as user"));
    assert!(told("AGENT_KEYS__CANCEL", "*1").contains("same as restart_field"));
    assert!(told("LEGS_CONTEXT", "a,b").contains("not a name"));
    let wide = place.told(&text, &[("TONEGATE__PROMPTS__RATE_HZ", "16000")]);
    assert!(wide.contains("prompts.rate_hz"), "{wide}");
    let none = place.told(&GOOD.replace("\"freeswitch\"", "\"asterisk\""), &[]);
    assert!(none.contains("[pbx.asterisk]"), "{none}");
}

#[test]
fn the_lines_of_the_example_are_the_defaults() {
    let place = Place::new();
    let example = include_str!("../../../packaging/tonegate.example.toml");
    let taken_in = example.lines().filter_map(|line| {
        let line = line.strip_prefix('#').unwrap_or(line);
        (!line.starts_with([' ', '#']) && !line.contains("/etc/tonegate/") && !line.contains("ari_listen"))
            .then_some(line)
    });
    let section: Vec<&str> = taken_in
        .skip_while(|line| *line != "[pbx.asterisk]")
        .take_while(|line| *line != "[merchant]")
        .collect();
    assert!(section.len() > 15, "{section:?}");
    let text = GOOD.replace(ASTERISK.0, ASTERISK.1);
    let plain = place.load(&text, &[]).unwrap();
    let keys = section.join("\n").replace("[pbx.asterisk]", "");
    let full = text.replace("[merchant]", &format!("{keys}\n[merchant]"));
    assert_eq!(format!("{:?}", place.load(&full, &[]).unwrap().pbx), format!("{:?}", plain.pbx));
}
