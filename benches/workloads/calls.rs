//! Calls of the contract on a ledger in memory: what a server does for one call, transport aside.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::Future,
    ops::Range,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context as TaskContext, Poll, Waker},
};

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    block::Block,
    config::{ConfigSignature, ConfigTree, Patch, PatchLimits, Update, compute_update, envelope},
    contract::{Contract, ContractSettings, NoAnchors, NoObserver},
    identity::{KeySigner, Signer},
    ids::{BlockNumber, TxId, UnixTime},
    json,
    proto::{
        cmscc::Proposal,
        common::{
            self, Config, ConfigGroup, ConfigPolicy, ImplicitMetaPolicy, Policy,
            implicit_meta_policy::Rule,
        },
        orderer::BatchTimeout,
    },
    stub::{
        Chaincode, Invocation,
        keys::{attributes, composite, prefix},
        memory::{Ledger, MemoryStub, ReadWriteSet, Version},
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    Operation, Workload, channel,
    people::{Consortium, consortium, sign, signature_header},
};

/// How many proposals are open, at most [`OPEN`] of each organisation.
const PROPOSALS: usize = 1_000;
/// How many one organisation may have open.
const OPEN: usize = 50;
/// How many the caller of a flooded channel has open.
const OWN: usize = 10;
/// How many another organisation has proposed there, [`OPEN`] of them open and the others archived.
const FLOOD: usize = 10_000;
/// How many a page has.
const PAGE: usize = 100;

/// A server and the ledger that it is called on.
struct Channel {
    contract: Contract,
    ledger: Ledger,
    calls: u64,
}

impl Channel {
    /// Bootstrapped with a config.
    fn new(of: &Consortium) -> Result<Self> {
        let mut channel = Self {
            contract: contract(),
            ledger: Ledger::new(),
            calls: 0,
        };
        let block = block(&of.config, None, None)?;
        channel.submit(&of.orderer, &[b"InitConsortium", &block])?;
        Ok(channel)
    }

    fn invocation(&self, who: &KeySigner, args: &[&[u8]]) -> Invocation {
        Invocation {
            channel: channel(),
            tx_id: TxId::new(format!("{:064x}", self.calls)),
            args: args.iter().map(|arg| Bytes::copy_from_slice(arg)).collect(),
            creator: Bytes::copy_from_slice(who.serialized_identity()),
            timestamp: UnixTime {
                seconds: 1_795_000_000,
                nanos: 0,
            },
            ..Invocation::default()
        }
    }

    fn call(&self, contract: &Contract, invocation: &Invocation) -> Result<(Bytes, MemoryStub)> {
        let mut stub = MemoryStub::new(&self.ledger);
        let response = now(contract.invoke(invocation, &mut stub))?;
        anyhow::ensure!(response.is_success(), "{}", response.message);
        Ok((response.payload, stub))
    }

    fn submit(&mut self, who: &KeySigner, args: &[&[u8]]) -> Result<Value> {
        let (answer, stub) = self.call(&self.contract, &self.invocation(who, args))?;
        self.calls += 1;
        let version = Version {
            block: BlockNumber(self.calls),
            tx: 0,
        };
        self.ledger.commit(version, &stub.finish()?);
        Ok(serde_json::from_slice(&answer)?)
    }
}

pub(crate) fn contract() -> Contract {
    let settings = ContractSettings {
        allow_unanchored: true,
        ..ContractSettings::default()
    };
    Contract::new(settings, Arc::new(NoAnchors), Arc::new(NoObserver))
}

/// Calls of one function for a server that runs elsewhere, and the ledger that they find there.
#[allow(
    dead_code,
    reason = "for the example shim-load, which plays a peer with this ledger"
)]
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) ledger: Ledger,
    /// Nothing is committed, so that they can be made again and again.
    pub(crate) calls: Vec<Invocation>,
}

/// So many different calls on a channel of so many organisations with open proposals.
#[allow(
    dead_code,
    reason = "for the example shim-load, which plays a peer with this ledger"
)]
pub(crate) fn served(function: &str, size: &str, proposals: usize, calls: usize) -> Result<Served> {
    if function == "SyncConfig" {
        let of = consortium(size)?;
        let channel = Channel::new(&of)?;
        let blocks = TIMEOUTS.take(calls).map(|timeout| {
            let block = next_block(&of, &format!("{timeout}ms"))?;
            Ok(channel.invocation(&of.orderer, &[b"SyncConfig", &block]))
        });
        let calls = blocks.collect::<Result<_>>()?;
        let ledger = channel.ledger;
        return Ok(Served { ledger, calls });
    }
    let mut filled = filled(size, proposals)?;
    let signer = filled.members.pop().context("nobody")?;
    let update = &filled.proposals.first().context("no proposal")?.update;
    let made = (0..calls).map(|number| {
        let id = id(number % filled.proposals.len());
        Ok(match function {
            "AddSignature" => {
                let signatures = [sign(&signer, update)?];
                let signed = envelope::update_envelope(&channel(), update, &signatures);
                let signed = STANDARD.encode(signed);
                let id = &filled.proposals.first().context("no proposal")?.id;
                let args: [&[u8]; 3] = [b"AddSignature", id.as_bytes(), signed.as_bytes()];
                filled.channel.invocation(&signer, &args)
            }
            "GetProposal" => {
                let args: [&[u8]; 2] = [b"GetProposal", id.as_bytes()];
                filled.channel.invocation(&signer, &args)
            }
            "ListProposals" => filled
                .channel
                .invocation(&signer, &[b"ListProposals", b"{}"]),
            other => anyhow::bail!("no calls of `{other}` are made here"),
        })
    });
    let calls = made.collect::<Result<_>>()?;
    let ledger = filled.channel.ledger.clone();
    Ok(Served { ledger, calls })
}

#[allow(
    dead_code,
    reason = "for the example shim-load, which plays a peer with this ledger"
)]
impl Served {
    /// Makes a call in this process: what a server does for it, transport aside.
    pub(crate) fn answer(&self, contract: &Contract, call: &Invocation) -> Result<()> {
        let mut stub = MemoryStub::new(&self.ledger);
        let response = now(contract.invoke(call, &mut stub))?;
        anyhow::ensure!(response.is_success(), "{}", response.message);
        Ok(())
    }
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => anyhow::bail!("a ledger in memory lets nobody wait"),
    }
}

/// A config block, signed by an orderer where one is given.
fn block(config: &[u8], last_update: Option<Bytes>, orderer: Option<&KeySigner>) -> Result<Bytes> {
    let header = common::ChannelHeader {
        r#type: common::HeaderType::Config.into(),
        channel_id: channel().to_string(),
        ..common::ChannelHeader::default()
    };
    let last_update = last_update.map(common::Envelope::decode).transpose()?;
    let carried = common::ConfigEnvelope {
        config: Some(Config::decode(config)?),
        last_update,
    };
    let payload = common::Payload {
        header: Some(common::Header {
            channel_header: header.encode_to_vec().into(),
            ..common::Header::default()
        }),
        data: carried.encode_to_vec().into(),
    };
    let transaction = common::Envelope {
        payload: payload.encode_to_vec().into(),
        signature: Bytes::new(),
    };
    let data = vec![transaction.encode_to_vec().into()];
    let data_hash = cmscc::block::data_hash(&data);
    let mut block = common::Block {
        header: Some(common::BlockHeader {
            number: u64::from(orderer.is_some()),
            previous_hash: Bytes::new(),
            data_hash: Bytes::copy_from_slice(data_hash.as_bytes()),
        }),
        data: Some(common::BlockData { data }),
        metadata: None,
    };
    let value = common::OrdererBlockMetadata::default().encode_to_vec();
    let mut metadata = common::Metadata {
        value: value.clone().into(),
        signatures: Vec::new(),
    };
    if let Some(orderer) = orderer {
        let header = Block::parse(block.encode_to_vec().into())?.header_bytes();
        let signature_header = signature_header(orderer)?;
        let message = [&value[..], &signature_header, &header].concat();
        metadata.signatures.push(common::MetadataSignature {
            signature: orderer.sign(&message)?.into(),
            signature_header,
            identifier_header: Bytes::new(),
        });
    }
    let mut entries = vec![Bytes::from(metadata.encode_to_vec())];
    entries.resize(5, Bytes::new());
    block.metadata = Some(common::BlockMetadata { metadata: entries });
    Ok(block.encode_to_vec().into())
}

/// Calls of one server on one ledger, each with input that it has never seen. Nothing is committed.
fn each_new(
    channel: Channel,
    mut next: impl FnMut(&Channel) -> Result<Invocation> + 'static,
) -> Workload {
    let channel = Rc::new(channel);
    let invocation = Rc::new(RefCell::new(Invocation::default()));
    let (server, slot) = (Rc::clone(&channel), Rc::clone(&invocation));
    Workload {
        before: Box::new(move || {
            *slot.borrow_mut() = next(&server)?;
            Ok(())
        }),
        operation: Box::new(move || {
            let (answer, _) = channel.call(&channel.contract, &invocation.borrow())?;
            Ok(answer.len())
        }),
    }
}

/// `SyncConfig` of the next block, another one each time, whose update one organisation signed: the
/// config before is compiled, as it is in a server.
pub(crate) fn sync(size: &str) -> Result<Workload> {
    let of = consortium(size)?;
    let ledger = Channel::new(&of)?;
    Ok(syncing(ledger, of))
}

fn syncing(ledger: Channel, of: Consortium) -> Workload {
    let mut timeouts = TIMEOUTS.cycle();
    each_new(ledger, move |ledger| {
        let timeout = timeouts.next().context("no timeout left")?;
        let block = next_block(&of, &format!("{timeout}ms"))?;
        Ok(ledger.invocation(&of.orderer, &[b"SyncConfig", &block]))
    })
}

/// Batch timeouts that blocks set: as long as each other when printed. Unit: milliseconds.
const TIMEOUTS: Range<u32> = 100_000..1_000_000;

/// The next config block of a consortium: the orderer organisation sets a batch timeout.
fn next_block(of: &Consortium, timeout: &str) -> Result<Bytes> {
    let mut next = Config::decode(of.config.clone())?;
    let root = next.channel_group.as_mut().context("no channel group")?;
    let orderer = root.groups.get_mut("Orderer").context("no orderers")?;
    let value = orderer.values.get_mut("BatchTimeout");
    let timeout = BatchTimeout {
        timeout: timeout.to_owned(),
    };
    value.context("no batch timeout")?.value = timeout.encode_to_vec().into();

    let before = ConfigTree::parse(of.config.clone())?;
    let after = ConfigTree::parse(next.encode_to_vec().into())?;
    let update = compute_update(&channel(), &before, &after)?;
    let signed = [sign(&of.orderer, &update)?];
    let carried = Bytes::from(envelope::update_envelope(&channel(), &update, &signed));
    // the update's own effect, with the versions that Fabric gives
    let update = Update::parse(update.into())?;
    let result = update.delta(&before)?.result()?;
    let mut config = Config::decode(result.encode().as_slice())?;
    config.sequence = before.sequence().next().0;
    block(&config.encode_to_vec(), Some(carried), Some(&of.orderer))
}

/// `AddSignature` of one more signature, another one each time, to a proposal that half of the
/// organisations have signed. The server knows the config, what the proposal's update needs, and the
/// signer; it has never seen the signature.
pub(crate) fn add_signature(size: &str) -> Result<Workload> {
    let Filled {
        channel: ledger,
        mut members,
        proposals,
    } = filled(size, 1)?;
    let signer = members.pop().context("nobody")?;
    let proposed = proposals.into_iter().next().context("no proposal")?;
    let update = proposed.update;
    Ok(each_new(ledger, move |ledger| {
        let signatures = [sign(&signer, &update)?];
        let envelope = envelope::update_envelope(&channel(), &update, &signatures);
        let signed = STANDARD.encode(envelope);
        let id = id(0);
        let args: [&[u8]; 3] = [b"AddSignature", id.as_bytes(), signed.as_bytes()];
        Ok(ledger.invocation(&signer, &args))
    }))
}

/// A channel with open proposals, each signed by half of the organisations.
struct Filled {
    /// With a server that has endorsed them all.
    channel: Channel,
    /// The first of them signed the first proposal, the last did not.
    members: Vec<KeySigner>,
    /// In the order in which they are listed.
    proposals: Vec<Proposed>,
}

/// An open proposal.
struct Proposed {
    id: String,
    /// Serialized `common.ConfigUpdate`.
    update: Vec<u8>,
    /// What `AddSignature` takes: an envelope with the first of its signatures.
    first: String,
    /// The same with all of them.
    all: String,
}

fn filled(size: &str, proposals: usize) -> Result<Filled> {
    let of = consortium(size)?;
    let mut ledger = Channel::new(&of)?;
    let tree = ConfigTree::parse(of.config.clone())?;
    let members = of.members.len();
    let mut all = BTreeMap::new();
    for number in 0..proposals.min(OPEN * members) {
        let id = id(number);
        let patch = Bytes::from(patch(&of.config, number)?);
        let text = json::encode("common.Config", &patch)?;
        let proposer = of.members.get(number % members).context("nobody")?;
        let args: [&[u8]; 4] = [
            b"ProposeConfigUpdate",
            id.as_bytes(),
            text.as_bytes(),
            b"one of many",
        ];
        ledger.submit(proposer, &args)?;
        let intended = Patch::parse(patch, &PatchLimits::default())?.apply(&tree)?;
        let update = compute_update(&channel(), &tree, &intended)?;
        let mut signatures = Vec::new();
        for signer in 0..members.div_ceil(2) {
            let signer = of.members.get((number + signer) % members);
            signatures.push(sign(signer.context("nobody")?, &update)?);
        }
        let signed = |signatures: &[ConfigSignature]| {
            STANDARD.encode(envelope::update_envelope(&channel(), &update, signatures))
        };
        let first = signatures.get(..1).map(signed).context("nobody")?;
        let signed = signed(&signatures);
        ledger.submit(
            proposer,
            &[b"AddSignature", id.as_bytes(), signed.as_bytes()],
        )?;
        let proposed = Proposed {
            id: id.clone(),
            update,
            first,
            all: signed,
        };
        all.insert(id, proposed);
    }
    // as they are listed
    let mut proposals = Vec::with_capacity(all.len());
    for (key, _) in ledger.ledger.range(&prefix("open", &[])) {
        let id = attributes("open", key).and_then(|found| found.last().copied());
        proposals.extend(id.and_then(|id| all.remove(id)));
    }
    Ok(Filled {
        channel: ledger,
        members: of.members,
        proposals,
    })
}

impl Filled {
    /// A call by the first member.
    fn invocation(&self, args: &[&[u8]]) -> Result<Invocation> {
        let caller = self.members.first().context("nobody")?;
        Ok(self.channel.invocation(caller, args))
    }
}

/// Which server lists proposals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// One that has just started.
    Cold,
    /// One that has endorsed every signature of the page and one on every other proposal, and was
    /// not asked about them yet.
    New,
    /// One that has listed them before.
    Warm,
}

/// Half of the proposals add an organisation each, half set one of twenty policies, so that they
/// exclude each other.
fn patch(config: &Bytes, number: usize) -> Result<Vec<u8>> {
    const OVERWRITE: u64 = 1;
    let mut application = ConfigGroup::default();
    if number.is_multiple_of(2) {
        let config = Config::decode(config.clone())?;
        let root = config.channel_group.context("no channel group")?;
        let members = root.groups.get("Application").context("no members")?;
        let like = members.groups.values().next().context("nobody")?;
        let org = ConfigGroup {
            version: OVERWRITE,
            ..like.clone()
        };
        application.groups.insert(format!("New{number:04}"), org);
    } else {
        let rule = ImplicitMetaPolicy {
            sub_policy: format!("Policy{number}"),
            rule: Rule::Majority.into(),
        };
        let policy = ConfigPolicy {
            version: OVERWRITE,
            mod_policy: "Admins".to_owned(),
            policy: Some(Policy {
                r#type: 3,
                value: rule.encode_to_vec().into(),
            }),
        };
        let name = format!("Shared{:02}", number % 40);
        application.policies.insert(name, policy);
    }
    let root = ConfigGroup {
        groups: [("Application".to_owned(), application)].into(),
        ..ConfigGroup::default()
    };
    let patch = Config {
        sequence: 0,
        channel_group: Some(root),
    };
    Ok(patch.encode_to_vec())
}

/// `ListProposals`: a page of [`PAGE`] among [`PROPOSALS`], another one each time.
pub(crate) fn list(size: &str, conflicts: bool, server: Server) -> Result<Workload> {
    let filled = filled(size, PROPOSALS)?;
    let mut lister = Lister {
        server: contract(),
        filled,
        conflicts,
        bookmark: String::new(),
        listed: 0,
    };
    if server == Server::Warm {
        std::mem::swap(&mut lister.server, &mut lister.filled.channel.contract);
        for _ in 0..lister.filled.proposals.len() / PAGE {
            lister.list()?;
        }
        return Ok(Workload::from(Box::new(move || lister.list()) as Operation));
    }
    let lister = Rc::new(RefCell::new(lister));
    let before = Rc::clone(&lister);
    Ok(Workload {
        before: Box::new(move || before.borrow_mut().start(server == Server::New)),
        operation: Box::new(move || lister.borrow_mut().list()),
    })
}

/// Lists page after page.
struct Lister {
    filled: Filled,
    server: Contract,
    conflicts: bool,
    bookmark: String,
    /// How many were listed before the next page.
    listed: usize,
}

impl Lister {
    /// Starts another server; `endorses`: it endorses the signatures of the next page, and one on
    /// every other proposal.
    fn start(&mut self, endorses: bool) -> Result<()> {
        self.server = contract();
        let page = self.listed..self.listed + PAGE;
        let proposals = self.filled.proposals.iter().enumerate();
        for (number, proposed) in proposals.filter(|_| endorses) {
            let signed = match page.contains(&number) {
                true => &proposed.all,
                false => &proposed.first,
            };
            let id = proposed.id.as_bytes();
            let args: [&[u8]; 3] = [b"AddSignature", id, signed.as_bytes()];
            let invocation = self.filled.invocation(&args)?;
            self.filled.channel.call(&self.server, &invocation)?;
        }
        Ok(())
    }

    fn list(&mut self) -> Result<usize> {
        let options = json!({
            "page_size": PAGE,
            "bookmark": self.bookmark,
            "conflicts": self.conflicts,
        })
        .to_string();
        let args: [&[u8]; 2] = [b"ListProposals", options.as_bytes()];
        let invocation = self.filled.invocation(&args)?;
        let (answer, _) = self.filled.channel.call(&self.server, &invocation)?;
        let page: ListedPage = serde_json::from_slice(&answer)?;
        anyhow::ensure!(page.proposals.len() == PAGE, "not a whole page");
        self.bookmark = page.bookmark;
        self.listed = (self.listed + PAGE) % self.filled.proposals.len();
        Ok(answer.len())
    }
}

/// Calls of an organisation that has a few proposals open, alone or beside one that has flooded the
/// channel as far as the bounds let it.
#[derive(Clone, Copy)]
pub(crate) enum Beside {
    /// Nobody else has proposed anything.
    Nobody,
    /// Another organisation has proposed, withdrawn and deleted, again and again.
    Flood,
}

/// The proposal that the flood consists of.
const ENDED: &str = "ended";

/// A channel of ten organisations, the first of which has [`OWN`] proposals open.
fn beside(whom: Beside) -> Result<(Channel, Consortium)> {
    let of = consortium("10")?;
    let mut channel = Channel::new(&of)?;
    let [own, other, ..] = of.members.as_slice() else {
        anyhow::bail!("nobody");
    };
    for number in 0..OWN {
        channel.propose(&of, own, &id(number), number)?;
    }
    if matches!(whom, Beside::Nobody) {
        return Ok((channel, of));
    }
    channel.propose(&of, other, ENDED, OWN)?;
    for function in ["WithdrawProposal", "DeleteProposal"] {
        channel.submit(other, &[function.as_bytes(), ENDED.as_bytes()])?;
    }
    channel.repeat(ENDED, FLOOD - OPEN)?;
    for number in OWN..OWN + OPEN {
        channel.propose(&of, other, &id(number), number)?;
    }
    Ok((channel, of))
}

impl Channel {
    /// Has a member propose one of the [`patch`]es.
    fn propose(
        &mut self,
        of: &Consortium,
        who: &KeySigner,
        id: &str,
        patched: usize,
    ) -> Result<()> {
        let text = json::encode("common.Config", &patch(&of.config, patched)?)?;
        let args: [&[u8]; 4] = [
            b"ProposeConfigUpdate",
            id.as_bytes(),
            text.as_bytes(),
            b"one of many",
        ];
        self.submit(who, &args)?;
        Ok(())
    }

    /// Has the only archived proposal lie there so many times, as if each had been made and ended.
    fn repeat(&mut self, ended: &str, times: usize) -> Result<()> {
        let mut set = ReadWriteSet::default();
        let archives = prefix("archive", &[]);
        let (key, archive) = self
            .ledger
            .range(&archives)
            .last()
            .context("nothing is archived")?;
        let place = attributes("archive", key).context("no archive")?;
        let proposer = *place.first().context("no proposer")?;
        let body = self.ledger.get(&composite("proposal", &[ended]));
        let mut body = Proposal::decode(body.context("no proposal")?.value.clone())?;
        for number in 1..times {
            body.id = format!("{ended}-{number:05}");
            let archived = composite("archive", &[proposer, &body.id]);
            set.writes.insert(archived, Some(archive.value.clone()));
            let key = composite("proposal", &[&body.id]);
            set.writes.insert(key, Some(body.encode_to_vec().into()));
        }
        let version = archive.version;
        self.ledger.commit(version, &set);
        Ok(())
    }
}

/// `GetProposal` of the caller's own proposals.
pub(crate) fn get_beside(whom: Beside) -> Result<Operation> {
    let (channel, of) = beside(whom)?;
    let mut number = 0;
    Ok(Box::new(move || {
        number = (number + 7) % OWN;
        let caller = of.members.first().context("nobody")?;
        let invocation = channel.invocation(caller, &[b"GetProposal", id(number).as_bytes()]);
        Ok(channel.call(&channel.contract, &invocation)?.0.len())
    }))
}

/// `ListProposals`: the first page of all, or of the caller's own.
pub(crate) fn list_beside(whom: Beside, own: bool) -> Result<Operation> {
    let (channel, of) = beside(whom)?;
    let (key, _) = (channel.ledger.range(&prefix("open", &[])))
        .find(|(key, _)| key.contains(&id(0)))
        .context("no proposal")?;
    let place = attributes("open", key).context("no proposal")?;
    let options = match own {
        true => json!({ "msp_id": place.first() }),
        false => json!({}),
    };
    let options = options.to_string();
    Ok(Box::new(move || {
        let caller = of.members.first().context("nobody")?;
        let args: [&[u8]; 2] = [b"ListProposals", options.as_bytes()];
        let invocation = channel.invocation(caller, &args);
        Ok(channel.call(&channel.contract, &invocation)?.0.len())
    }))
}

/// `SyncConfig`, as of [`sync`].
pub(crate) fn sync_beside(whom: Beside) -> Result<Workload> {
    let (channel, of) = beside(whom)?;
    Ok(syncing(channel, of))
}

/// What of a page matters here.
#[derive(serde::Deserialize)]
struct ListedPage {
    proposals: Vec<serde::de::IgnoredAny>,
    bookmark: String,
}

/// `GetProposal`: one among [`PROPOSALS`], another one each time.
pub(crate) fn get(size: &str) -> Result<Operation> {
    let filled = filled(size, PROPOSALS)?;
    let mut number = 0;
    Ok(Box::new(move || {
        number = (number + 7) % filled.proposals.len();
        let proposed = filled.proposals.get(number).context("no proposal")?;
        let invocation = filled.invocation(&[b"GetProposal", proposed.id.as_bytes()])?;
        let server = &filled.channel.contract;
        Ok(filled.channel.call(server, &invocation)?.0.len())
    }))
}

fn id(number: usize) -> String {
    format!("proposal-{number:04}")
}
