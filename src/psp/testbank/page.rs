//! The bank's tables as a page for people.

use std::fmt::Write;

use super::behaviour::{BY_AMOUNT, BY_NUMBER, FAULTS};

/// HTML for `GET /`.
pub(super) fn page() -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Test bank</title>\
         <style>body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}\
         td,th{text-align:left;padding:.1rem 1rem .1rem 0;vertical-align:top}</style>\
         <h1>Test bank</h1><p>No money moves here. Published test card numbers only; never enter a real card.</p>\
         <p><code>POST /charge</code> charges or stores a card (generic pay connector, profiles twilio and \
         signalwire). <code>GET /charges/{transaction_id}</code> tells what became of it. \
         <code>GET /ledger</code> lists everything.</p>\
         <h2>Cards that are declined</h2><table><tr><th>Card ends with<th>error_code<th>Meaning",
    );
    for (number, refusal) in BY_NUMBER {
        // Writing to a string cannot fail. The last four digits are enough to tell them apart.
        let _ = write!(html, "<tr><td>…{:04}<td>{}<td>{}", number % 10_000, refusal.code, refusal.message);
    }
    html.push_str(
        "</table><p>All of these begin with 4000&nbsp;0000&nbsp;0000. With any other test card the amount \
         decides.</p><h2>Amounts that are declined</h2><table><tr><th>Amount ends with<th>error_code<th>Meaning",
    );
    for (ending, refusal) in BY_AMOUNT {
        let _ = write!(html, "<tr><td>.{ending:02}<td>{}<td>{}", refusal.code, refusal.message);
    }
    html.push_str(
        "</table><h2>Amounts whose answer fails</h2><table><tr><th>Amount ends with<th>What happens",
    );
    for (ending, _, words) in FAULTS {
        let _ = write!(html, "<tr><td>.{ending:02}<td>{words}");
    }
    html.push_str("</table><p>Everything else is approved.</p></html>");
    html
}
