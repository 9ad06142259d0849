//! What a first look at the console costs.

use crate::browser::ENGLISH;
use crate::scene::Stage;

/// All that a first view may weigh.
const FIRST_VIEW_BYTES_MAX: u64 = 100_000;

#[tokio::test]
async fn the_first_view_is_light_and_needs_one_answer() {
    let stage = Stage::open(ENGLISH).await;
    for path in ["/desk?agent=1001", "/console", "/console/payments"] {
        stage.go(path).await;
        stage.browser.until("document.readyState === 'complete'").await;
        let entries = "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))\
                       .filter(e => e.initiatorType !== 'other').map(e => [new URL(e.name).pathname, \
                       e.encodedBodySize, e.renderBlockingStatus ?? ''])";
        let entries = stage.browser.value(entries).await;
        let entries = entries.as_array().expect("a list").clone();
        let bytes: u64 = entries.iter().filter_map(|entry| entry[1].as_u64()).sum();
        // Nothing that the page waits for before it is painted, but the page itself.
        let blocking: Vec<_> = entries.iter().filter(|entry| entry[2] == "blocking").collect();
        println!("first view of {path}: {bytes} bytes in {} requests: {entries:?}", entries.len());
        assert!(bytes > 1_000 && bytes <= FIRST_VIEW_BYTES_MAX, "{path} weighs {bytes} bytes");
        assert!(blocking.is_empty(), "{path} waits for {blocking:?}");
        let foreign = "performance.getEntriesByType('resource').filter(e => !e.name.startsWith(location.origin)).length";
        assert_eq!(stage.browser.value(foreign).await, 0, "something comes from elsewhere");
    }
    stage.close().await;
}
