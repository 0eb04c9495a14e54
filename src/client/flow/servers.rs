//! Whose server of the contract answers, where a proposal changes who must endorse.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use tokio::time::timeout;

use super::{
    examine::{Examined, Verdicts},
    session::ChannelSession,
};
use crate::{config::Section, ids::MspId};

/// How long a member's server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most members that are asked.
const MEMBERS: usize = 50;

impl ChannelSession {
    /// Says in the review of a proposal whether the servers that run now would be enough afterwards. Nobody
    /// is asked where the endorsements stay as they are; where nobody answers, nothing is said.
    pub async fn ask_servers(&self, examined: &mut Examined) {
        let Verdicts::Update(judged) = &mut examined.verdicts else {
            return;
        };
        if judged.endorsement.is_none() {
            return;
        }
        let bundle = self.chain.bundle();
        let members = bundle.msp_ids(Section::Application).into_iter();
        let name = self.connection.chaincode();
        let asked = members.take(MEMBERS).map(async |msp_id| {
            let asked = self.connection.server_of(name, &msp_id);
            let state = timeout(PATIENCE, asked).await;
            state.is_ok_and(|state| state.answers()).then_some(msp_id)
        });
        let committed = timeout(PATIENCE, self.connection.committed_definition(name)).await;
        let committed = committed.ok().and_then(Result::ok).flatten();
        let policy = committed.and_then(|committed| committed.terms.policy.text());
        let servers: BTreeSet<MspId> = join_all(asked).await.into_iter().flatten().collect();
        if !servers.is_empty() {
            judged.with_servers(bundle, policy.as_deref(), &servers);
        }
    }
}
