//! `docs/shim.md`.

use std::fs;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What the page has a newcomer write is an example that is built and tested.
#[test]
fn the_page_shows_the_example() {
    let page = read("docs/shim.md");
    let shown = page.split("`src/main.rs`:\n\n```rust\n").nth(1).unwrap();
    let shown = shown.split("```\n").next().unwrap();
    assert_eq!(shown, read("examples/library.rs"));
}
