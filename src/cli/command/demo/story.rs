//! The eleven steps, and what is expected after each of them.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use prost::Message as _;
use serde_json::{Value, json};

use super::report::{Deed, ProposalState, Report, StoryStep};
use crate::{
    block::ConfigBlock,
    config::envelope,
    contract::{Anchors, Contract, ContractSettings, Disown, NoObserver},
    devnet::{Network, NetworkOptions},
    ids::ChannelId,
    proto::common,
    transaction::ChaincodeCall,
};

const ADD_ORGX: &str = "add_orgx";
const ADD_ORGY: &str = "add_orgy";

/// Runs the whole story. It goes on past unexpected outcomes and ends at the first failure; both
/// are in the report.
pub async fn tell() -> Report {
    let channel = ChannelId::new("mychannel");
    let mut report = Report {
        channel: channel.to_string(),
        steps: Vec::new(),
        error: None,
        ok: false,
    };
    if let Err(error) = play(channel, &mut report.steps).await {
        report.error = Some(format!("{error:#}"));
    }
    report.ok = report.problems() == 0;
    report
}

async fn play(channel: ChannelId, steps: &mut Vec<StoryStep>) -> anyhow::Result<()> {
    let mut story = Story::begin(channel, steps).await?;
    story.propose_and_sign().await?;
    story.submit_add_orgx().await?;
    story.bring_add_orgy_up_to_date().await?;
    story.submit_add_orgy().await
}

/// The network and the telling of it.
struct Story<'a> {
    channel: ChannelId,
    network: Network<Contract>,
    steps: &'a mut Vec<StoryStep>,
    /// What was done since the last step.
    deeds: Vec<Deed>,
    /// Proposals made so far.
    proposals: Vec<&'static str>,
}

impl<'a> Story<'a> {
    async fn begin(channel: ChannelId, steps: &'a mut Vec<StoryStep>) -> anyhow::Result<Self> {
        let genesis = Arc::new(OnceLock::new());
        let anchor = Arc::clone(&genesis);
        let mut network = Network::new(NetworkOptions::default(), move |_| {
            let anchors = Arc::new(Genesis(Arc::clone(&anchor)));
            let settings = ContractSettings::default();
            Arc::new(Contract::new(settings, anchors, Arc::new(NoObserver)))
        })?;
        for name in ["Org1", "Org2", "OrgX", "OrgY"] {
            network.add_organization(name)?;
        }
        let block = network.create_channel(&channel, &["Org1", "Org2"])?;
        let block = genesis.get_or_init(|| block);
        for name in ["Org1", "Org2"] {
            network.start_server(name).await?;
        }
        let mut story = Self {
            channel,
            network,
            steps,
            deeds: Vec::new(),
            proposals: Vec::new(),
        };
        let block = STANDARD.encode(block);
        story.invoke("Org1", &["InitConsortium", &block]).await?;
        story
            .end_step(
                0,
                "Org1 hands the genesis block, both servers' trust anchor, to the contract",
                &[],
            )
            .await?;
        Ok(story)
    }

    /// Steps 1 to 6.
    async fn propose_and_sign(&mut self) -> anyhow::Result<()> {
        use Expected::{Ready, Waiting};
        self.propose("Org1", ADD_ORGX, "OrgX").await?;
        let expected = [(ADD_ORGX, Waiting(&["Org1MSP", "Org2MSP"]))];
        self.end_step(1, "Org1 proposes add_orgx", &expected)
            .await?;

        self.sign("Org1", ADD_ORGX).await?;
        let expected = [(ADD_ORGX, Waiting(&["Org2MSP"]))];
        self.end_step(2, "Org1 signs it and adds the signature", &expected)
            .await?;

        self.propose("Org2", ADD_ORGY, "OrgY").await?;
        let expected = [
            (ADD_ORGX, Waiting(&["Org2MSP"])),
            (ADD_ORGY, Waiting(&["Org1MSP", "Org2MSP"])),
        ];
        self.end_step(3, "Org2 proposes add_orgy", &expected)
            .await?;

        self.sign("Org2", ADD_ORGY).await?;
        let waiting = (ADD_ORGY, Waiting(&["Org1MSP"]));
        let expected = [(ADD_ORGX, Waiting(&["Org2MSP"])), waiting];
        self.end_step(4, "Org2 signs it and adds the signature", &expected)
            .await?;

        self.find("Org2", ADD_ORGX).await?;
        self.review("Org2", ADD_ORGX).await?;
        self.sign("Org2", ADD_ORGX).await?;
        let expected = [(ADD_ORGX, Ready), waiting];
        self.end_step(
            5,
            "Org2 finds add_orgx in the list, reviews it, signs it and adds the signature",
            &expected,
        )
        .await?;

        let proposal = self.query("Org1", &["GetProposal", ADD_ORGX]).await?;
        let answer = pick(&proposal, &["status", "not_checked", "as_of_sequence"]);
        self.did("Org1", "GetProposal add_orgx", answer)?;
        self.end_step(
            6,
            "The signatures suffice: the orderer's rules, run over the config, accept the update",
            &expected,
        )
        .await
    }

    /// Steps 7 to 9.
    async fn submit_add_orgx(&mut self) -> anyhow::Result<()> {
        use Expected::{Outofdate, Ready, Submitted, Waiting};
        let block = self.submit("Org1", ADD_ORGX).await?;
        let expected = [(ADD_ORGX, Ready), (ADD_ORGY, Waiting(&["Org1MSP"]))];
        self.end_step(
            7,
            "Org1 takes the finished envelope and submits it to the orderer, which accepts it",
            &expected,
        )
        .await?;

        self.sync("Org1", &block).await?;
        let expected = [(ADD_ORGX, Submitted), (ADD_ORGY, Outofdate)];
        self.end_step(
            8,
            "OrgX is a member; the config block is synced to the contract",
            &expected,
        )
        .await?;

        let proposal = self.query("Org1", &["GetProposal", ADD_ORGX]).await?;
        self.did("Org1", "GetProposal add_orgx", detail(&proposal))?;
        let proposal = self.query("Org2", &["GetProposal", ADD_ORGY]).await?;
        self.did("Org2", "GetProposal add_orgy", detail(&proposal))?;
        self.network.join(&self.channel, "OrgX")?;
        self.did("OrgX", "joins its peer to the channel", Value::Null)?;
        self.network.start_server("OrgX").await?;
        let deed = "starts its own chaincode server: with four members, three must endorse";
        self.did("OrgX", deed, Value::Null)?;
        self.end_step(
            9,
            "add_orgx has its block as proof; add_orgy was computed from a config that has moved on",
            &expected,
        )
        .await
    }

    /// Step 10.
    async fn bring_add_orgy_up_to_date(&mut self) -> anyhow::Result<()> {
        use Expected::{Submitted, Waiting};
        self.invoke("Org2", &["UpdateProposals", "6"]).await?;
        let expected = [
            (ADD_ORGX, Submitted),
            (ADD_ORGY, Waiting(&["Org1MSP", "Org2MSP", "OrgXMSP"])),
        ];
        self.end_step(
            10,
            "Org2 updates the proposals: add_orgx is archived, add_orgy computed again from its intent",
            &expected,
        )
        .await?;
        let archived = self.steps.last_mut().context("no step")?;
        for state in &mut archived.proposals {
            let expected = state.proposal_id == ADD_ORGX;
            if state.archived != expected {
                archived.unexpected.push(format!(
                    "{} is archived: {}",
                    state.proposal_id, state.archived
                ));
            }
        }
        Ok(())
    }

    /// Step 11.
    async fn submit_add_orgy(&mut self) -> anyhow::Result<()> {
        use Expected::Submitted;
        for signer in ["Org2", "OrgX"] {
            self.sign(signer, ADD_ORGY).await?;
        }
        let block = self.submit("Org2", ADD_ORGY).await?;
        self.sync("OrgX", &block).await?;
        self.end_step(
            11,
            "Two of three members sign add_orgy again; it is submitted, committed and synced",
            &[(ADD_ORGX, Submitted), (ADD_ORGY, Submitted)],
        )
        .await
    }
}

/// What is expected of a proposal.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Outofdate,
    Ready,
    Submitted,
    /// Waiting for signatures, which these could give.
    Waiting(&'static [&'static str]),
}

impl Expected {
    const fn status(self) -> &'static str {
        match self {
            Self::Outofdate => "Outofdate",
            Self::Ready => "ReadyToSubmit",
            Self::Submitted => "Submitted",
            Self::Waiting(_) => "WaitingForSignatures",
        }
    }
}

/// Who is a member after a step.
fn expected_members(step: u32) -> BTreeSet<String> {
    let joined = match step {
        0..=6 => 2,
        7..=10 => 3,
        _ => 4,
    };
    ["Org1MSP", "Org2MSP", "OrgXMSP", "OrgYMSP"]
        .iter()
        .take(joined)
        .map(|&id| id.to_owned())
        .collect()
}

/// What the people of the story do.
impl Story<'_> {
    async fn propose(
        &mut self,
        organization: &str,
        id: &'static str,
        newcomer: &str,
    ) -> anyhow::Result<()> {
        let json = self.network.organization_json(newcomer)?;
        let name = format!("{newcomer}MSP");
        let description = format!("{newcomer} joins the consortium");
        let args = ["AddOrganization", id, &name, &json, &description];
        self.invoke(organization, &args).await?;
        self.proposals.push(id);
        Ok(())
    }

    /// Looks for a proposal in the list, as somebody does who was told of none.
    async fn find(&mut self, organization: &str, id: &str) -> anyhow::Result<()> {
        let list = self.query(organization, &["ListProposals"]).await?;
        let found = items(&list, "proposals")
            .find(|summary| text(summary, "proposal_id") == id)
            .with_context(|| format!("`{id}` is not in the list"))?
            .clone();
        self.did(organization, "ListProposals", found)
    }

    /// Looks at everything that the contract says of a proposal.
    async fn review(&mut self, organization: &str, id: &str) -> anyhow::Result<()> {
        let mut proposal = self.query(organization, &["GetProposal", id]).await?;
        // for programs
        for member in ["config_update", "config_update_to_sign", "patch"] {
            if let Some(member) = proposal.get_mut(member) {
                *member = Value::Null;
            }
        }
        self.did(organization, &format!("GetProposal {id}"), proposal)
    }

    /// Signs what the proposal says is to be signed, and adds the signature.
    async fn sign(&mut self, organization: &str, id: &str) -> anyhow::Result<()> {
        let proposal = self.query(organization, &["GetProposal", id]).await?;
        let unsigned = STANDARD.decode(text(&proposal, "config_update_to_sign"))?;
        let update = envelope::read_update_envelope(&unsigned.into())?;
        let signer = self.network.organization(organization)?;
        let signature = signer.admin().sign_config_update(&update.config_update)?;
        let signature = STANDARD.encode(signature.encode());
        self.invoke(organization, &["AddSignature", id, &signature])
            .await?;
        Ok(())
    }

    /// Takes the finished envelope out of the proposal and gives it to the orderer.
    async fn submit(&mut self, organization: &str, id: &str) -> anyhow::Result<Bytes> {
        let proposal = self.query(organization, &["GetProposal", id]).await?;
        let envelope = text(&proposal, "config_update_envelope_to_submit");
        let envelope = Bytes::from(STANDARD.decode(envelope)?);
        let submitter = Arc::clone(self.network.organization(organization)?);
        let block = self
            .network
            .submit_update(&self.channel, submitter.admin(), &envelope)?;
        let header = common::Block::decode(block.clone())?.header;
        let number = header.context("a block without header")?.number;
        let deed = format!("submits the envelope of {id} to the orderer");
        self.did(organization, &deed, json!({ "config_block": number }))?;
        Ok(block)
    }

    async fn sync(&mut self, organization: &str, block: &Bytes) -> anyhow::Result<()> {
        let block = STANDARD.encode(block);
        self.invoke(organization, &["SyncConfig", &block]).await?;
        Ok(())
    }

    async fn invoke(&mut self, organization: &str, args: &[&str]) -> anyhow::Result<Value> {
        let client = Arc::clone(self.network.organization(organization)?);
        let call = ChaincodeCall::new(&self.channel, args.iter().copied());
        let response = self.network.invoke(client.admin(), &call).await;
        let (function, rest) = args.split_first().context("no function")?;
        let response = response.with_context(|| format!("{organization} invokes {function}"))?;
        let answer: Value = serde_json::from_slice(&response.payload)?;
        let mut deed = (*function).to_owned();
        for arg in rest {
            deed.push(' ');
            deed.push_str(&brief(arg));
        }
        self.did(organization, &deed, answer.clone())?;
        Ok(answer)
    }

    async fn query(&self, organization: &str, args: &[&str]) -> anyhow::Result<Value> {
        let client = self.network.organization(organization)?.admin();
        let call = ChaincodeCall::new(&self.channel, args.iter().copied());
        let response = self.network.query(organization, client, &call).await;
        let response = response.with_context(|| format!("{organization} queries {args:?}"))?;
        Ok(serde_json::from_slice(&response.payload)?)
    }

    fn did(&mut self, organization: &str, deed: &str, answer: Value) -> anyhow::Result<()> {
        let actor = self
            .network
            .organization(organization)?
            .msp_id()
            .to_string();
        self.deeds.push(Deed {
            actor,
            deed: deed.to_owned(),
            answer,
        });
        Ok(())
    }

    /// Ends a step: looks at every proposal and the members, and compares with what is expected.
    async fn end_step(
        &mut self,
        number: u32,
        title: &str,
        expected: &[(&str, Expected)],
    ) -> anyhow::Result<()> {
        let list = self.query("Org2", &["ListProposals"]).await?;
        let mut proposals = Vec::new();
        for &id in &self.proposals {
            let listed = items(&list, "proposals").find(|one| text(one, "proposal_id") == id);
            proposals.push(match listed {
                Some(summary) => proposal_state(summary),
                None => proposal_state(&self.query("Org2", &["GetProposal", id]).await?),
            });
        }
        let members: BTreeSet<_> = self
            .network
            .members(&self.channel)?
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut unexpected = differences(&proposals, expected);
        let wanted = expected_members(number);
        if members != wanted {
            unexpected.push(format!("members {members:?}, expected {wanted:?}"));
        }
        self.steps.push(StoryStep {
            number,
            title: title.to_owned(),
            deeds: std::mem::take(&mut self.deeds),
            proposals,
            members,
            unexpected,
        });
        Ok(())
    }
}

fn differences(proposals: &[ProposalState], expected: &[(&str, Expected)]) -> Vec<String> {
    let mut unexpected = Vec::new();
    for (id, expected) in expected {
        let Some(state) = proposals.iter().find(|state| state.proposal_id == *id) else {
            unexpected.push(format!("there is no proposal {id}"));
            continue;
        };
        if state.status != expected.status() {
            let (is, wanted) = (&state.status, expected.status());
            unexpected.push(format!("{id} is {is}, expected {wanted}"));
        }
        if let Expected::Waiting(missing) = expected
            && state.missing != *missing
        {
            let is = &state.missing;
            unexpected.push(format!("{id} misses {is:?}, expected {missing:?}"));
        }
    }
    unexpected
}

/// A proposal as `ListProposals` or, once archived, `GetProposal` gives it.
fn proposal_state(proposal: &Value) -> ProposalState {
    let counting = items(proposal, "signatures").filter(|s| s.get("counts") == Some(&json!(true)));
    let counting = counting.map(|signature| text(signature, "msp_id").to_owned());
    let listed = texts(proposal, "signed_by");
    ProposalState {
        proposal_id: text(proposal, "proposal_id").to_owned(),
        status: text(proposal, "status").to_owned(),
        revision: proposal
            .get("revision")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        signed_by: listed.chain(counting).collect(),
        missing: texts(proposal, "missing").collect(),
        archived: proposal.get("archived") == Some(&json!(true)),
    }
}

/// The status of a proposal with its reasons.
fn detail(proposal: &Value) -> Value {
    pick(proposal, &["status", "status_detail", "as_of_sequence"])
}

/// An object with these fields of another.
fn pick(value: &Value, fields: &[&str]) -> Value {
    let fields = fields.iter().map(|&name| {
        let field = value.get(name).cloned().unwrap_or_default();
        (name.to_owned(), field)
    });
    Value::Object(fields.collect())
}

/// A text field; empty where it is absent.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list field; none where it is absent.
fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    let list = value.get(field).and_then(Value::as_array);
    list.into_iter().flatten()
}

fn texts(value: &Value, field: &str) -> impl Iterator<Item = String> {
    items(value, field).filter_map(|item| item.as_str().map(str::to_owned))
}

/// An argument for the narration: short ones as they are, of others the size.
fn brief(arg: &str) -> String {
    if arg.len() <= 32 {
        arg.to_owned()
    } else {
        format!("<{} bytes>", arg.len())
    }
}

/// The genesis block as the trust anchor of its channel.
#[derive(Debug)]
struct Genesis(Arc<OnceLock<Bytes>>);

impl Anchors for Genesis {
    fn anchor(&self, _channel: &ChannelId) -> Result<Option<ConfigBlock>, String> {
        self.0
            .get()
            .cloned()
            .map(|block| ConfigBlock::parse(block).map_err(|error| error.to_string()))
            .transpose()
    }

    fn disown(&self, _channel: &ChannelId) -> Result<Option<Disown>, String> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_expected_is_said() {
        let state = ProposalState {
            proposal_id: ADD_ORGX.to_owned(),
            status: "WaitingForSignatures".to_owned(),
            revision: 1,
            signed_by: Vec::new(),
            missing: vec!["Org2MSP".to_owned()],
            archived: false,
        };
        let told = |expected| differences(std::slice::from_ref(&state), &[expected]);
        assert_eq!(told((ADD_ORGX, Expected::Waiting(&["Org2MSP"]))).len(), 0);
        assert_eq!(
            told((ADD_ORGX, Expected::Waiting(&["Org1MSP"]))),
            ["add_orgx misses [\"Org2MSP\"], expected [\"Org1MSP\"]"]
        );
        assert_eq!(
            told((ADD_ORGX, Expected::Ready)),
            ["add_orgx is WaitingForSignatures, expected ReadyToSubmit"]
        );
        assert_eq!(
            told((ADD_ORGY, Expected::Submitted)),
            ["there is no proposal add_orgy"]
        );
    }
}
