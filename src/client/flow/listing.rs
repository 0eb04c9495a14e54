//! Lists of proposals, page by page, held against what was asked for.

use serde_json::json;

use super::session::ChannelSession;
use crate::client::{
    ClientError, Exit,
    answers::{self, ListAnswer, SummaryAnswer},
};

/// Proposals on a page.
const PAGE: usize = 200;
/// The most pages of one list: dead proposals and large ones fill pages without being listed.
const PAGES: usize = 40;
/// The most that the pages of one list take together. Unit: bytes.
const BYTES: usize = 32 << 20;
/// The longest names in a summary: more than any contract allows. Unit: bytes.
const MSP_ID: usize = 1_024;
const STATUS: usize = 64;
const DIGEST: usize = 64;

/// Which proposals are asked for; of nothing that is `None`, all.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListWish<'a> {
    /// Who proposed them.
    pub proposer: Option<&'a str>,
    /// Their status. Without one, those that are over are left out.
    pub status: Option<&'a str>,
    /// The digest of their current update.
    pub update: Option<&'a str>,
}

/// What was listed.
#[derive(Clone, Debug, Default)]
pub struct ListedProposals {
    /// In order of proposer and id.
    pub proposals: Vec<SummaryAnswer>,
    /// Whether that is all of them.
    pub is_whole: bool,
}

impl ChannelSession {
    /// Lists proposals, page by page; a whole page more than `most` at most.
    ///
    /// # Errors
    /// `ANSWER_UNREADABLE`, also where a page is not what was asked for; as [`Self::ask`].
    pub async fn list(
        &self,
        wish: ListWish<'_>,
        most: usize,
    ) -> Result<ListedProposals, ClientError> {
        let mut pages = Pages::of(wish, most);
        while let Some(options) = pages.next() {
            let answer = self.ask(&["ListProposals", &options]).await?;
            pages.take(&answer)?;
        }
        Ok(pages.listed)
    }
}

/// The pages of one list: ask with `next`, hand the answer to `take`, until `next` gives nothing.
struct Pages<'a> {
    wish: ListWish<'a>,
    most: usize,
    bookmark: String,
    count: usize,
    bytes: usize,
    listed: ListedProposals,
}

impl<'a> Pages<'a> {
    fn of(wish: ListWish<'a>, most: usize) -> Self {
        Self {
            wish,
            most,
            bookmark: String::new(),
            count: 0,
            bytes: 0,
            listed: ListedProposals::default(),
        }
    }

    /// The options of the next page; `None`: there is none, or enough was listed.
    fn next(&self) -> Option<String> {
        let is_enough = self.listed.is_whole
            || self.count >= PAGES
            || self.bytes >= BYTES
            || self.listed.proposals.len() >= self.most;
        if is_enough {
            return None;
        }
        let mut options = json!({ "bookmark": self.bookmark, "page_size": PAGE });
        let wishes = [
            ("config_update_sha256", self.wish.update),
            ("msp_id", self.wish.proposer),
            ("status", self.wish.status),
        ];
        for (name, wish) in wishes {
            if let (Some(wish), Some(options)) = (wish, options.as_object_mut()) {
                options.insert(name.to_owned(), json!(wish));
            }
        }
        Some(options.to_string())
    }

    fn take(&mut self, answer: &[u8]) -> Result<(), ClientError> {
        let page: ListAnswer = answers::read("ListProposals", answer)?;
        self.check(&page)?;
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(answer.len());
        self.listed.proposals.extend(page.proposals);
        self.listed.is_whole = page.bookmark.is_empty() || page.bookmark == self.bookmark;
        self.bookmark = page.bookmark;
        Ok(())
    }

    /// Refuses a page that is not what was asked for.
    // SECURITY: whoever answers chooses the page, and what is listed is remembered
    fn check(&self, page: &ListAnswer) -> Result<(), ClientError> {
        let count = page.proposals.len();
        if count > PAGE {
            return Err(odd(format!(
                "asked for {PAGE} proposals at most, the contract lists {count}"
            )));
        }
        for one in &page.proposals {
            let id = &one.proposal_id;
            let wishes = [
                ("update", self.wish.update, &one.config_update_sha256),
                ("proposer", self.wish.proposer, &one.proposer_msp_id),
                ("status", self.wish.status, &one.status),
            ];
            let other = wishes
                .into_iter()
                .find(|(_, wish, said)| wish.is_some_and(|wish| wish != said.as_str()));
            if let Some((what, _, _)) = other {
                return Err(odd(format!(
                    "the contract lists `{id}`, which has another {what} than was asked for"
                )));
            }
            let is_long = one.proposer_msp_id.len() > MSP_ID
                || one.status.len() > STATUS
                || one.config_update_sha256.len() > DIGEST;
            if is_long {
                return Err(odd(format!(
                    "the contract lists `{id}` with names that are too long for any proposal"
                )));
            }
        }
        Ok(())
    }
}

fn odd(text: String) -> ClientError {
    ClientError::new(Exit::Failed, "ANSWER_UNREADABLE", text)
        .hint("your peer, or your server, does not answer as this program does: look at both")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(proposals: Vec<SummaryAnswer>, bookmark: &str) -> Vec<u8> {
        let page = ListAnswer {
            bookmark: bookmark.to_owned(),
            proposals,
            ..ListAnswer::default()
        };
        serde_json::to_vec(&page).unwrap()
    }

    fn of(proposer: &str, id: usize) -> SummaryAnswer {
        SummaryAnswer {
            config_update_sha256: "ab".to_owned(),
            proposal_id: format!("prop{id}"),
            proposer_msp_id: proposer.to_owned(),
            status: "Submitted".to_owned(),
            ..SummaryAnswer::default()
        }
    }

    #[test]
    fn pages_that_list_nothing_are_followed_to_the_one_that_does() {
        let wish = ListWish {
            update: Some("ab"),
            ..ListWish::default()
        };
        let mut pages = Pages::of(wish, 1_000);
        for n in 0..30 {
            let options = pages.next().unwrap();
            assert!(options.contains("\"config_update_sha256\":\"ab\""));
            pages.take(&page(vec![], &format!("b{n}"))).unwrap();
        }
        assert!(pages.next().unwrap().contains("\"bookmark\":\"b29\""));
        pages.take(&page(vec![of("Org3", 1)], "")).unwrap();
        assert_eq!(pages.next(), None);
        assert!(pages.listed.is_whole);
        assert_eq!(pages.listed.proposals.len(), 1);
    }

    #[test]
    fn a_list_is_as_long_as_it_may_be_and_says_that_it_is_cut() {
        let mut pages = Pages::of(ListWish::default(), 1_000);
        let mut asked = 0;
        while pages.next().is_some() {
            asked += 1;
            let some = (0..16).map(|n| of("Org2", asked * 100 + n)).collect();
            pages.take(&page(some, &format!("b{asked}"))).unwrap();
        }
        assert_eq!((asked, pages.listed.is_whole), (PAGES, false));
        assert_eq!(pages.listed.proposals.len(), 640, "small pages, too");
        let mut pages = Pages::of(ListWish::default(), 1_000);
        let mut asked = 0;
        while pages.next().is_some() {
            asked += 1;
            let full = (0..PAGE).map(|n| of("Org2", asked * 1_000 + n)).collect();
            pages.take(&page(full, &format!("b{asked}"))).unwrap();
        }
        assert_eq!((asked, pages.listed.is_whole), (5, false));
        // few, and each of them huge
        let mut pages = Pages::of(ListWish::default(), 1_000);
        let mut asked = 0;
        while pages.next().is_some() {
            asked += 1;
            let huge = SummaryAnswer {
                description: "d".repeat(8 << 20),
                ..of("Org2", asked)
            };
            pages.take(&page(vec![huge], &format!("b{asked}"))).unwrap();
        }
        assert_eq!((asked, pages.listed.is_whole), (4, false));
    }

    #[test]
    fn a_page_that_is_not_what_was_asked_for_is_refused() {
        let own = ListWish {
            proposer: Some("Org1"),
            ..ListWish::default()
        };
        let submitted = ListWish {
            status: Some("Submitted"),
            update: Some("ab"),
            ..ListWish::default()
        };
        let long = |change: fn(&mut SummaryAnswer)| {
            let mut one = of("Org1", 1);
            change(&mut one);
            vec![one]
        };
        let refused = [
            (
                own,
                (0..=PAGE).map(|n| of("Org1", n)).collect(),
                "lists 201",
            ),
            (own, vec![of("Org1", 1), of("Org2", 2)], "another proposer"),
            (
                submitted,
                long(|one| one.status = "Rejected".to_owned()),
                "another status",
            ),
            (
                submitted,
                long(|one| one.config_update_sha256 = "cd".to_owned()),
                "another update",
            ),
            (
                ListWish::default(),
                long(|one| one.proposer_msp_id = "o".repeat(2_000)),
                "too long",
            ),
            (
                ListWish::default(),
                long(|one| one.status = "s".repeat(2_000)),
                "too long",
            ),
        ];
        for (wish, proposals, why) in refused {
            let mut pages = Pages::of(wish, 1_000);
            let error = pages.take(&page(proposals, "")).unwrap_err();
            assert_eq!(error.symbol, "ANSWER_UNREADABLE");
            assert!(error.message.contains(why), "{}", error.message);
            assert!(pages.listed.proposals.is_empty());
        }
    }
}
