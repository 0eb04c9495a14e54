//! Everything that `doctor` looks at, collected: from this machine outwards, nothing is written, and each
//! question ends in time. What it means is judged in `doctor`.
//!
//! | file | what it asks |
//! |---|---|
//! | `machine` | settings, folders, certificate and key |
//! | `nodes` | one's own peers and the orderer, all at once |
//! | `channel` | one's own chain to the peer's config |
//! | `orderers` | the orderers of the verified config, all at once |
//! | `contract` | definition, servers, the contract's chain |
//! | `patience` | how long a question may take |

mod channel;
mod contract;
mod machine;
mod nodes;
mod orderers;
mod patience;

use crate::client::{
    ClientError, ClientSettings, Survey, TokenPin,
    doctor::{DoctorFacts, diagnose},
    host,
    view::{DoctorPart, DoctorView},
};
use patience::ANSWERING;

/// Looks at everything as far as `reach`, and says what is found. `hears`: what is looked at now. `ask`:
/// asks a person for the PIN of a token; `None` where nobody can be asked.
pub async fn check_up(
    survey: &Survey,
    reach: DoctorPart,
    hears: &dyn Fn(&str),
    ask: &dyn Fn(&str) -> Result<Option<TokenPin>, ClientError>,
) -> DoctorView {
    let known = &survey.known;
    hears("looking at this machine");
    let (certificate, key, identity) = machine::identity(survey, ask);
    let (trust, chain) = machine::trust(survey);
    let mut facts = DoctorFacts {
        now: host::now(),
        reach,
        settings: machine::settings(survey),
        state: machine::state(survey),
        trust,
        certificate,
        key,
        nodes: Vec::new(),
        pinned: None,
        channel: None,
        orderers: None,
        contract: None,
    };
    if reach == DoctorPart::Machine {
        return diagnose(&facts);
    }
    let settings = identity.and_then(|identity| Some((machine::complete(known)?, identity)));
    hears("asking the peers");
    facts.nodes = nodes::ask(known, settings.as_ref()).await;
    facts.now = host::now();
    let answers = |address: &str| {
        let mut nodes = facts.nodes.iter().filter(|node| !node.is_orderer);
        nodes.any(|node| {
            let said = node.answers.as_ref();
            node.address == address && said.is_some_and(|said| said.height.is_ok())
        })
    };
    let peer = known.peers.iter().find(|peer| answers(&peer.address));
    let (Some(peer), Some((settings, identity))) = (peer, &settings) else {
        if reach > DoctorPart::Nodes
            && let Some(chain) = &chain
        {
            hears("asking the orderers");
            let caller = settings.as_ref().map(|(settings, own)| (settings, own));
            facts.orderers =
                Some(orderers::ask(chain.bundle(), known.connect_timeout, caller).await);
        }
        facts.pinned = chain;
        return diagnose(&facts);
    };
    if reach == DoctorPart::Nodes {
        facts.pinned = chain;
        return diagnose(&facts);
    }
    let settings = ClientSettings {
        peers: vec![peer.clone()],
        timeout: settings.timeout.min(ANSWERING),
        ..settings.clone()
    };
    hears("following the channel");
    let (channel, session) = channel::follow(&settings, identity.clone(), chain).await;
    if let (Some(Ok(_)), Some(session)) = (&channel.chain, &session) {
        hears("asking the orderers");
        let bundle = session.chain().bundle();
        let caller = Some((&settings, identity));
        facts.orderers = Some(orderers::ask(bundle, known.connect_timeout, caller).await);
    }
    if reach > DoctorPart::Channel
        && let Some(session) = session
    {
        hears("asking the contract, and every member's server");
        let mut contract = contract::ask(&session, channel.chain.is_some()).await;
        // where one's own chain does not lead to the peer's config, another chain is all that can be told
        if matches!(channel.chain, Some(Err(_))) {
            contract.head = contract.head.filter(Result::is_err);
        }
        facts.contract = Some(contract);
    }
    facts.channel = Some(channel);
    diagnose(&facts)
}
