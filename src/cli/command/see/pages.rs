//! Lists, page by page, up to a bound.

use serde_json::{Value, json};

use super::reach::Reach;
use crate::client::{
    ClientError,
    answers::{ChainAnswer, EndedAnswer, HistoryAnswer, LinkAnswer, ListAnswer, SummaryAnswer},
};

/// What was listed, and whether there is more.
pub(in crate::cli::command) struct PagedList<T> {
    pub(in crate::cli::command) as_of_sequence: u64,
    pub(in crate::cli::command) entries: Vec<T>,
    pub(in crate::cli::command) more: bool,
    pub(in crate::cli::command) unsupported: Vec<String>,
}

/// Entries of one page.
const PAGE: usize = 200;

/// Proposals that are not archived, at most so many. `options`: those of `ListProposals`.
pub(in crate::cli::command) async fn proposals(
    reach: &Reach,
    options: &Value,
    limit: usize,
) -> Result<PagedList<SummaryAnswer>, ClientError> {
    let read = async |options: String| {
        let page: ListAnswer = reach.read(&["ListProposals", &options]).await?;
        Ok((
            page.proposals,
            page.bookmark,
            page.as_of_sequence,
            page.unsupported,
        ))
    };
    all(read, options, limit).await
}

/// Finished proposals, at most so many. `options`: those of `GetHistory`.
pub(in crate::cli::command) async fn history(
    reach: &Reach,
    options: &Value,
    limit: usize,
) -> Result<PagedList<EndedAnswer>, ClientError> {
    let read = async |options: String| {
        let page: HistoryAnswer = reach.read(&["GetHistory", &options]).await?;
        Ok((
            page.history,
            page.bookmark,
            page.as_of_sequence,
            page.unsupported,
        ))
    };
    all(read, options, limit).await
}

/// Entries, the bookmark of the next page, and what the whole answer says.
type OnePage<T> = (Vec<T>, String, u64, Vec<String>);

async fn all<T>(
    mut read: impl AsyncFnMut(String) -> Result<OnePage<T>, ClientError>,
    options: &Value,
    limit: usize,
) -> Result<PagedList<T>, ClientError> {
    // a page may list fewer than it looked at, or nothing
    let mut pages = limit.div_ceil(PAGE).saturating_mul(4).max(4);
    let mut listed = PagedList {
        as_of_sequence: 0,
        entries: Vec::new(),
        more: true,
        unsupported: Vec::new(),
    };
    let mut bookmark = String::new();
    while listed.more && listed.entries.len() < limit && pages > 0 {
        pages = pages.saturating_sub(1);
        let mut options = options.clone();
        let page_size = limit.saturating_sub(listed.entries.len()).min(PAGE);
        if let Some(options) = options.as_object_mut() {
            options.insert("page_size".to_owned(), json!(page_size));
            options.insert("bookmark".to_owned(), json!(bookmark));
        }
        let (entries, next, sequence, unsupported) = read(options.to_string()).await?;
        listed.entries.extend(entries);
        listed.as_of_sequence = sequence;
        listed.unsupported = unsupported;
        listed.more = !next.is_empty() && next != bookmark;
        bookmark = next;
    }
    listed.entries.truncate(limit);
    Ok(listed)
}

/// Links of the contract's chain from a sequence on, at most so many.
pub(in crate::cli::command) async fn links(
    reach: &Reach,
    from: u64,
    limit: usize,
) -> Result<PagedList<LinkAnswer>, ClientError> {
    let mut listed = PagedList {
        as_of_sequence: 0,
        entries: Vec::new(),
        more: true,
        unsupported: Vec::new(),
    };
    let mut from = Some(from);
    while let Some(start) = from.filter(|_| listed.entries.len() < limit) {
        let options = json!({ "from": start }).to_string();
        let page: ChainAnswer = reach.read(&["GetConfigChain", &options]).await?;
        listed.as_of_sequence = page.as_of_sequence;
        listed.unsupported = page.unsupported;
        listed.entries.extend(page.chain);
        from = page.next.filter(|next| *next > start);
    }
    listed.more = from.is_some() || listed.entries.len() > limit;
    listed.entries.truncate(limit);
    Ok(listed)
}
