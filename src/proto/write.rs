//! A writer of the deterministic encoding: default scalars omitted, fields in number order (the
//! caller's order of calls), map entries with explicit key and value.

/// Appends one varint.
pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}

/// How many bytes [`varint`] appends.
#[must_use]
pub const fn varint_len(value: u64) -> usize {
    // 64 - leading zeros is at most 64, so this is at most 10
    let bits = (value | 1).ilog2() as usize;
    bits / 7 + 1
}

/// How many bytes a length-delimited field takes in all: tag, length and content.
#[must_use]
pub const fn bytes_field_len(number: u32, content: usize) -> usize {
    varint_len((number as u64) << 3) + varint_len(content as u64) + content
}

/// Appends tag and length of a length-delimited field; the content follows by the caller.
pub fn bytes_header(out: &mut Vec<u8>, number: u32, content: usize) {
    varint(out, u64::from(number) << 3 | 2);
    varint(out, content as u64);
}

/// Appends a length-delimited field, also when it is empty (messages, map entries, list items).
pub fn message(out: &mut Vec<u8>, number: u32, content: &[u8]) {
    bytes_header(out, number, content.len());
    out.extend_from_slice(content);
}

/// Appends a `bytes` or `string` field; nothing when it is empty.
pub fn bytes(out: &mut Vec<u8>, number: u32, content: &[u8]) {
    if !content.is_empty() {
        message(out, number, content);
    }
}

/// Appends a varint field; nothing when it is 0.
pub fn uint(out: &mut Vec<u8>, number: u32, value: u64) {
    if value != 0 {
        varint(out, u64::from(number) << 3);
        varint(out, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_bytes() {
        for value in [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            u64::from(u32::MAX),
            u64::MAX,
        ] {
            let mut out = Vec::new();
            varint(&mut out, value);
            assert_eq!(out.len(), varint_len(value), "{value}");
            assert_eq!(crate::proto::scan::varint(&mut &*out), Ok(value));
        }
        let mut out = Vec::new();
        message(&mut out, 16, &[0; 300]);
        assert_eq!(out.len(), bytes_field_len(16, 300));
    }
}
