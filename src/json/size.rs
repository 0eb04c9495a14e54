//! How long JSON would be, without writing it.

use std::io::{self, Write};

use serde::Serialize;

/// How many bytes a value takes as JSON without white space. Nothing is kept of what is written.
#[must_use]
pub fn json_size(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        // what cannot be written takes no room
        Err(_) => 0,
    }
}

/// Counts what is written to it.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_the_length_of_the_text() {
        for value in [
            json!(null),
            json!("a\u{1}\"é"),
            json!({"b": [1, -2, 3.5], "a": {"c": "x".repeat(1000)}}),
        ] {
            assert_eq!(json_size(&value), value.to_string().len());
        }
    }
}
