//! Pages of lists: how long they are, and where they go on.

use crate::{
    contract::error::{Code, ContractError, shown},
    stub::KeyRange,
};

/// The page that is listed where none is asked for, and the largest.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

/// The size of a page within its bounds.
pub(crate) fn page_size(given: Option<u32>) -> Result<u32, ContractError> {
    let page_size = given.unwrap_or(PAGE);
    if (1..=LARGEST_PAGE).contains(&page_size) {
        return Ok(page_size);
    }
    Err(Code::BadOption.because(format_args!(
        "page_size {page_size} is not 1 to {LARGEST_PAGE}"
    )))
}

/// Refuses a bookmark that is none of a range: a peer starts to read wherever a bookmark says. That
/// of a last page may be the range's end.
pub(crate) fn check_bookmark(range: &KeyRange, bookmark: &str) -> Result<(), ContractError> {
    let within = (range.start.as_str()..=range.end.as_str()).contains(&bookmark);
    if bookmark.is_empty() || within {
        return Ok(());
    }
    Err(Code::BadOption.because(format_args!(
        "bookmark {:?} is none of this list; give the one of the page before",
        shown(bookmark)
    )))
}
