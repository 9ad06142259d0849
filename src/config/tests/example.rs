//! The example that ships is right, and tells the truth about defaults.

use super::*;

#[test]
fn the_example_is_right_and_its_comments_are_the_defaults() {
    let place = Place::new();
    let example = include_str!("../../../packaging/tonegate.example.toml");
    let near = example.replace("/etc/tonegate/freeswitch.password", "pbx.password");
    let near = near.replace("/etc/tonegate/api.key", "api.key");
    let plain = place.load(&near, &[]).unwrap();
    // Every key that is commented out, taken in; alternatives of a secret apart.
    let all: String = near
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.contains(" = ") && !rest.contains("_credential") && !rest.contains("store") =>
            {
                rest
            }
            Some(rest) if rest.starts_with('[') => rest,
            _ => line,
        })
        .filter(|line| !line.starts_with("path = ") && !line.contains("directory = "))
        .collect::<Vec<_>>()
        .join("\n");
    let full = place.load(&all, &[]).unwrap();
    assert_eq!(full.capture, plain.capture);
    assert_eq!(full.self_service_capture(), plain.self_service_capture());
    let rest = |c: &Config| format!("{:?}", (&c.daemon, &c.pbx, &c.merchants, &c.api, &c.limits, &c.log));
    assert_eq!(rest(&full), rest(&plain));
    assert!(all.matches(" = ").count() > near.lines().filter(|l| !l.starts_with('#')).count());
}

#[test]
fn the_example_of_several_merchants_is_right() {
    let place = Place::new();
    let example = include_str!("../../../packaging/tonegate.example.toml");
    let lines =
        example.lines().skip_while(|line| *line != "#[[merchant]]").take_while(|line| line.starts_with('#'));
    let several: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| !line.contains("directory = "))
        .collect();
    let account = "[[psp]]\nname = \"second\"\nkind = \"generic\"\nurl = \"https://other.example/charge\"\n";
    let one = "[merchant]\nname = \"Example Ltd\"\ncurrency = \"EUR\"\npsp = \"bank\"\n";
    let text = GOOD.replace(one, &several.join("\n")) + account;
    let config = place.load(&text, &[]).unwrap();
    assert_eq!(config.merchants.all().len(), 2, "{text}");
    assert!(config.merchants.all().iter().any(|merchant| merchant.fallback_psp.is_some()));
}
