use super::*;

fn payees() -> Payees {
    let euro = "EUR".parse().expect("a currency");
    let yen = "JPY".parse().expect("a currency");
    Payees::new("main", [("main".to_owned(), euro), ("tokyo".to_owned(), yen)])
}

fn read(file: &str) -> Vec<(u64, Result<Draft, String>)> {
    let payees = payees();
    let table = Table::open(file.as_bytes(), &payees).expect("a header");
    let lines = table.map(|line| line.expect("a line"));
    lines.map(|line| (line.number, line.draft.map_err(|slip| slip.to_string()))).collect()
}

#[test]
fn a_file_is_read_line_by_line_with_who_is_paid() {
    let file = "\u{feff}Reference,amount,merchant,name,phone,due,partial_payments\r\n\
                A-1,42.50,,\"Dupont, Jean\",+33 6 12 34 56 78,2026-12-31,yes\r\n\
                \r\n\
                A-2,1200,tokyo,,,,";
    let lines = read(file);
    let first = lines[0].1.as_ref().expect("an order").read().expect("an order");
    assert_eq!((first.merchant.as_str(), first.amount.to_string().as_str()), ("main", "42.50 EUR"));
    assert_eq!(first.customer.name.as_deref(), Some("Dupont, Jean"));
    assert_eq!(first.customer.phone.as_deref(), Some("+33612345678"));
    assert_eq!((first.due.map(|due| due.to_string()).as_deref(), first.parts), (Some("2026-12-31"), true));
    let second = lines[1].1.as_ref().expect("an order").read().expect("an order");
    assert_eq!(lines[0].0, 2);
    assert_eq!((lines[1].0, second.amount.to_string().as_str(), second.parts), (4, "1200 JPY", false));
}

#[test]
fn each_bad_line_is_told_with_its_number_and_reason() {
    let file = "reference;amount;currency;phone;email;language;due;merchant\n\
                A-1;42.505;EUR;;;;;\n\
                A-2;4,20;EUR;;;;;\n\
                A-3;42.50;euro;;;;;\n\
                A-4;42.50;;12;;;;\n\
                A-5;42.50;;;nobody;;;\n\
                A-6;42.50;;;;tlh;;\n\
                A-7;42.50;;;;;31/12/2026;\n\
                A-8;42.50;;;;;;nobody\n\
                A-9;0.00;;;;;;\n\
                ;1.00;;;;;;\n\
                A-11;1.00\n\
                A-12;1.00;;;;;;\n";
    let lines = read(file);
    let told: Vec<String> = lines[..11]
        .iter()
        .map(|(number, draft)| format!("{number} {}", draft.as_ref().expect_err("a slip")))
        .collect();
    let begins = [
        "2 amount: `42.505`",
        "3 amount: `4,20`",
        "4 currency: `euro`",
        "5 phone: write",
        "6 email: write",
        "7 language: there are no prompts",
        "8 due: write",
        "9 merchant: there is none of this name; there are: main, tokyo",
        "10 amount: nothing is owed",
        "11 reference: give 1 to 100",
        "12 line: it has 2 columns, and the first line names 8",
    ];
    for (told, begin) in told.iter().zip(begins) {
        assert!(told.starts_with(begin), "{told} does not begin with {begin}");
    }
    assert!(lines[11].1.is_ok(), "one good line among bad ones");
}

#[test]
fn columns_that_there_are_not_and_lines_without_end_stop_everything() {
    let payees = payees();
    let open =
        |file: &str| Table::open(file.as_bytes(), &payees).map(|_| ()).map_err(|fault| fault.to_string());
    assert!(open("reference,amount,colour\n").is_err_and(|told| told.contains("no column `colour`")));
    assert!(open("reference,currency\n").is_err_and(|told| told.contains("`amount` is missing")));
    assert!(open("amount,reference,amount\n").is_err_and(|told| told.contains("named twice")));
    assert!(open("").is_err());
    let endless = format!("reference,amount\nA-1,\"{}", "1".repeat(200_000));
    let mut table = Table::open(std::io::BufReader::new(endless.as_bytes()), &payees).expect("a header");
    let told = table.next().expect("a line").expect_err("too long").to_string();
    assert!(told.starts_with("line 2:") && told.contains("quotation mark"), "{told}");
}

#[test]
fn a_reference_can_stand_in_an_address() {
    let draft = |reference: &str| Draft {
        reference: reference.into(),
        amount: "1.00".into(),
        currency: "EUR".into(),
        ..Draft::default()
    };
    for good in ["A-17", "2026/0042", "Réf. 7", &"9".repeat(100)] {
        assert!(draft(good).read().is_ok(), "{good}");
    }
    for bad in ["", ".", "..", " A", "A ", "A\nB", &"9".repeat(101)] {
        assert!(draft(bad).read().is_err(), "{bad:?}");
    }
}
