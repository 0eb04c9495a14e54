//! What members do with the contract: invoke, query, sign, submit, sync.

use std::path::PathBuf;

use cmscc::contract::audit::{AuditReport, verify};
use serde_json::{Value, json};

use super::{CHAINCODE, CHANNEL, base64_of, net::Net, until};

impl Net {
    pub(super) fn try_invoke(
        &self,
        org: &str,
        endorsers: &[&str],
        function: &str,
        args: &[&str],
    ) -> Result<String, String> {
        self.try_invoke_with(&[], org, endorsers, function, args)
    }

    /// The same with more flags.
    pub(super) fn try_invoke_with(
        &self,
        flags: &[&str],
        org: &str,
        endorsers: &[&str],
        function: &str,
        args: &[&str],
    ) -> Result<String, String> {
        let call = call(function, args);
        let invoke = [
            "chaincode",
            "invoke",
            "@ORDERER",
            "-C",
            CHANNEL,
            "-n",
            CHAINCODE,
            "-c",
            &call,
            "--waitForEvent",
        ];
        let peers = self.endorsers(endorsers);
        let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
        self.peer(org, &[&invoke[..], flags, &peers].concat())
    }

    /// A write that may meet peers of different heights, as every client's may: tried again until
    /// it is committed, or refused for good.
    pub(super) fn settle(
        &self,
        org: &str,
        endorsers: &[&str],
        function: &str,
        args: &[&str],
    ) -> Result<(), String> {
        until("the write is committed or refused", || {
            match self.try_invoke(org, endorsers, function, args) {
                Err(e) if e.contains("do not match") || e.contains("MVCC_READ_CONFLICT") => None,
                answer => Some(answer.map(|_| ())),
            }
        })
    }

    pub(super) fn invoke_as(&self, org: &str, endorsers: &[&str], function: &str, args: &[&str]) {
        self.settle(org, endorsers, function, args)
            .unwrap_or_else(|e| panic!("{function} as {org}: {e}"));
    }

    pub(super) fn invoke(&self, endorsers: &[&str], function: &str, args: &[&str]) {
        self.invoke_as("org1", endorsers, function, args);
    }

    /// A write that Org1 sends to these peers; it must be refused with this text.
    pub(super) fn invoke_refused(
        &self,
        endorsers: &[&str],
        function: &str,
        args: &[&str],
        with: &str,
    ) -> String {
        let error = self.settle("org1", endorsers, function, args).unwrap_err();
        assert!(error.contains(with), "{function}: {error}");
        error
    }

    pub(super) fn try_query(
        &self,
        org: &str,
        function: &str,
        args: &[&str],
    ) -> Result<Value, String> {
        let call = call(function, args);
        let answer = self.peer(
            org,
            &[
                "chaincode",
                "query",
                "-C",
                CHANNEL,
                "-n",
                CHAINCODE,
                "-c",
                &call,
            ],
        )?;
        serde_json::from_str(&answer).map_err(|e| format!("{e}: {answer}"))
    }

    pub(super) fn query(&self, org: &str, function: &str, args: &[&str]) -> Value {
        self.try_query(org, function, args)
            .unwrap_or_else(|e| panic!("{function} at {org}: {e}"))
    }

    /// A call that an organisation's own peer must refuse, with this text.
    pub(super) fn refused(&self, org: &str, function: &str, args: &[&str], with: &str) -> String {
        let error = self.try_query(org, function, args).unwrap_err();
        assert!(error.contains(with), "{function}: {error}");
        error
    }

    /// The answer of `GetProposal` at Org1's peer.
    pub(super) fn proposal(&self, id: &str) -> Value {
        self.query("org1", "GetProposal", &[id])
    }

    /// The entry of a proposal in `ListProposals`, also of one that is over.
    pub(super) fn summary(&self, id: &str) -> Value {
        let list = self.query("org1", "ListProposals", &[r#"{"all":true}"#]);
        let found = list["proposals"]
            .as_array()
            .and_then(|l| l.iter().find(|p| p["proposal_id"] == id));
        found
            .unwrap_or_else(|| panic!("`{id}` is not in {list}"))
            .clone()
    }

    /// `AddOrganization` with what the new member printed.
    pub(super) fn propose_org(&self, org: &str, endorsers: &[&str], id: &str, name: &str) {
        let group = self.org_json(name);
        let args = [id, name, &group, "a new member"];
        self.invoke_as(org, endorsers, "AddOrganization", &args);
    }

    /// Takes the envelope from the proposal, signs it with `peer channel signconfigtx`, hands it in.
    /// An organisation of orderers alone cannot call a chaincode: Org1 carries its signature.
    pub(super) fn sign(&self, signer: &str, endorsers: &[&str], id: &str) {
        self.try_sign(signer, endorsers, id)
            .unwrap_or_else(|e| panic!("{id} signed by {signer}: {e}"));
    }

    pub(super) fn try_sign(
        &self,
        signer: &str,
        endorsers: &[&str],
        id: &str,
    ) -> Result<(), String> {
        let carrier = if signer == "orderer" { "org1" } else { signer };
        let proposal = self.query(carrier, "GetProposal", &[id]);
        let file = self.decoded(
            &format!("{id}.{signer}.pb"),
            &proposal["config_update_to_sign"],
        );
        self.sign_file(signer, &file);
        self.settle(carrier, endorsers, "AddSignature", &[id, &base64_of(&file)])
    }

    /// Proposes settings as Org1; Org1 and Org2 sign, Org2 applies.
    pub(super) fn agree(&self, id: &str, settings: &str) {
        let both = ["org1", "org2"];
        self.invoke(&both, "ProposeSettings", &[id, settings, "agreed"]);
        for org in both {
            self.sign(org, &both, id);
        }
        self.invoke_as("org2", &both, "ApplySettings", &[id]);
    }

    /// The envelope of a proposal that must be `ReadyToSubmit`.
    pub(super) fn ready(&self, id: &str) -> PathBuf {
        let ready = self.proposal(id);
        assert_eq!(ready["status"], "ReadyToSubmit", "{ready}");
        self.decoded(
            &format!("{id}.submit.pb"),
            &ready["config_update_envelope_to_submit"],
        )
    }

    /// Demands the verdict `ReadyToSubmit`, and that the orderer agrees.
    pub(super) fn submit_ready(&self, org: &str, id: &str) {
        let file = self.ready(id);
        self.submit(org, &file).unwrap();
    }

    /// Exports a finished proposal, fetches the blocks that the bundle names, and verifies it with
    /// nothing else.
    pub(super) fn audited(&self, id: &str) -> AuditReport {
        let bundle = self.query("org2", "ExportProposal", &[id]);
        let numbers = bundle["chain"].as_array().unwrap().iter();
        let blocks: Vec<_> = numbers
            .map(|link| self.block(link["block_number"].as_u64().unwrap()))
            .collect();
        let report = verify(bundle.to_string().as_bytes(), &blocks).unwrap();
        assert!(report.verified, "{id}: {report:#?}");
        report
    }

    /// Fetches the newest config block and hands it in, until the head is at `sequence`.
    pub(super) fn sync(&self, endorsers: &[&str], sequence: u64) {
        until("the new config is synced", || {
            let block = self.try_fetch("config.block").ok()?;
            self.try_invoke("org1", endorsers, "SyncConfig", &[&base64_of(&block)])
                .ok()?;
            (self.query("org1", "GetConfig", &[])["sequence"] == sequence).then_some(())
        });
    }
}

/// The argument of `-c`.
fn call(function: &str, args: &[&str]) -> String {
    let all: Vec<&str> = [function].iter().chain(args).copied().collect();
    json!({ "Args": all }).to_string()
}
