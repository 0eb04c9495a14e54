//! Pages of lists: how long they are, and where they go on.
//!
//! A bookmark names the last proposal that was looked at: `<msp id>/<id>`, printable, so that it
//! survives a shell. A peer's own bookmarks are keys with NULs, and its last one differs between state
//! databases.

use std::fmt::Write;

use crate::{
    contract::error::{Code, ContractError, shown},
    ids::{MspId, ProposalId},
};

/// The page that is listed where none is asked for, and the largest.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

/// The size of a page within its bounds.
pub(crate) fn page_size(given: Option<u32>) -> Result<usize, ContractError> {
    let page_size = given.unwrap_or(PAGE);
    if (1..=LARGEST_PAGE).contains(&page_size) {
        return Ok(usize::try_from(page_size).unwrap_or(usize::MAX));
    }
    Err(Code::BadOption.because(format_args!(
        "page_size {page_size} is not 1 to {LARGEST_PAGE}"
    )))
}

/// The bookmark behind a proposal: letters, digits and the like stand for themselves, every other
/// byte of the MSP id as `%` and two hex digits.
pub(crate) fn bookmark(proposer: &MspId, id: &ProposalId) -> String {
    let mut text = String::new();
    for byte in proposer.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            // writing to a string never fails
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text.push('/');
    text.push_str(id.as_str());
    text
}

/// The proposal behind which a list goes on; `None`: it begins.
pub(crate) fn behind(bookmark: &str) -> Result<Option<(MspId, ProposalId)>, ContractError> {
    if bookmark.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (msp_id, id) = bookmark.rsplit_once('/')?;
        let mut bytes = Vec::with_capacity(msp_id.len());
        let mut rest = msp_id.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                byte => byte,
            });
        }
        let msp_id = MspId::new(String::from_utf8(bytes).ok()?);
        let id = super::arguments::proposal_id(id).ok()?;
        Some((msp_id, id))
    };
    let read = read().ok_or_else(|| {
        Code::BadOption.because(format_args!(
            "bookmark {:?} is none of a list; give the one of the page before",
            shown(bookmark)
        ))
    })?;
    Ok(Some(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_are_printable_and_read_back() {
        for odd in [
            "Org1MSP",
            "",
            "a/b",
            "a\0b",
            "%2F",
            "\u{10FFFF}\u{202E}",
            " ",
        ] {
            let (msp_id, id) = (MspId::new(odd), ProposalId::new("add_orgx"));
            let text = bookmark(&msp_id, &id);
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
            assert_eq!(behind(&text), Ok(Some((msp_id, id))), "{text}");
        }
        assert_eq!(behind(""), Ok(None));
    }

    #[test]
    fn what_is_no_bookmark_is_refused() {
        for bad in [
            "Org1MSP",
            "Org1MSP/",
            "Org1MSP/a b",
            "%zz/add",
            "%2/add",
            "%FF/add",
            "\0open\0",
        ] {
            assert_eq!(behind(bad).unwrap_err().code(), Code::BadOption, "{bad:?}");
        }
    }
}
