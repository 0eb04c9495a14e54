//! Collections, policies of keys, histories and INIT on a network of two organisations.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    devnet::{CollectionDefinition, DevnetError, EndorsedTransaction, Network, NetworkOptions},
    ids::ChannelId,
    policy::parse_policy,
    proto::protos::TxValidationCode,
    stub::{Chaincode, Invocation, Response, Stub, StubError},
    transaction::ChaincodeCall,
};

/// Does what its arguments say; a collection named `-` is the public state.
#[derive(Debug)]
struct Keys;

impl Keys {
    async fn run<S: Stub>(
        &self,
        invocation: &Invocation,
        stub: &mut S,
    ) -> Result<String, StubError> {
        let args = invocation.args.iter();
        let args: Vec<&str> = args.map(|arg| str::from_utf8(arg).unwrap()).collect();
        let text = |value: Option<Bytes>| value.map(|v| String::from_utf8(v.to_vec()).unwrap());
        Ok(match args[..] {
            ["get", "-", key] => text(stub.get_state(key).await?).unwrap_or_default(),
            ["get", name, key] => text(stub.get_private_data(name, key).await?).unwrap_or_default(),
            ["hash", name, key] => {
                let hash = stub.get_private_data_hash(name, key).await?;
                hash.map(hex::encode).unwrap_or_default()
            }
            ["put", "-", key, value] => {
                stub.put_state(key, value.to_owned());
                String::new()
            }
            ["put", name, key] => {
                let value = invocation.transient["value"].clone();
                stub.put_private_data(name, key, value);
                String::new()
            }
            ["change", name, key] => {
                stub.get_private_data_hash(name, key).await?;
                let value = invocation.transient["value"].clone();
                stub.put_private_data(name, key, value);
                String::new()
            }
            ["purge", name, key] => {
                stub.purge_private_data(name, key);
                String::new()
            }
            ["policy", name, key, rule] => {
                let name = (name != "-").then_some(name);
                let rule = parse_policy(rule).unwrap();
                stub.set_validation_parameter(name, key, rule.into());
                String::new()
            }
            ["history", key] => {
                let mut history = stub.get_history(key).await?;
                let mut told = Vec::new();
                while let Some(found) = history.next(stub).await? {
                    assert!(found.timestamp.seconds > 1_700_000_000);
                    let value = String::from_utf8(found.value.to_vec()).unwrap();
                    told.push(format!("{} {value}", found.tx_id));
                }
                told.join("\n")
            }
            _ => panic!("no such call: {args:?}"),
        })
    }
}

impl Chaincode for Keys {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        match self.run(invocation, stub).await {
            Ok(text) => Response::success(text),
            Err(error) => Response::refusal(500, error.to_string()),
        }
    }
}

struct Two(Network<Keys>, ChannelId);

impl Two {
    /// A network whose chaincode each organisation may endorse alone, or as `endorsement` says.
    async fn start(endorsement: &str) -> Self {
        let options = NetworkOptions {
            endorsement: endorsement.to_owned(),
            collections: vec![CollectionDefinition {
                name: "ours".into(),
                members: ["Org1MSP".into()].into(),
            }],
            ..NetworkOptions::default()
        };
        let mut network = Network::new(options, |_| Arc::new(Keys)).unwrap();
        for name in ["Org1", "Org2", "Org3"] {
            network.add_organization(name).unwrap();
            network.start_server(name).await.unwrap();
        }
        let channel = ChannelId::from("c");
        network.create_channel(&channel, &["Org1", "Org2"]).unwrap();
        Self(network, channel)
    }

    fn call(&self, line: &str) -> ChaincodeCall {
        let (line, value) = line.split_once(" = ").unwrap_or((line, ""));
        let mut call = ChaincodeCall::new(&self.1, line.split(' '));
        call.transient = [("value".to_owned(), Bytes::copy_from_slice(value.as_bytes()))].into();
        call
    }

    async fn endorse(
        &self,
        submitter: &str,
        endorsers: &[&str],
        line: &str,
    ) -> Result<EndorsedTransaction, DevnetError> {
        let client = Arc::clone(self.0.organization(submitter).unwrap());
        let call = self.call(line);
        (self.0)
            .endorse_with(endorsers, client.client(), &call)
            .await
    }

    /// Submits as a client of Org1.
    async fn submit(&self, endorsers: &[&str], line: &str) -> TxValidationCode {
        let endorsed = self.endorse("Org1", endorsers, line).await.unwrap();
        self.0.order(&self.1, &[endorsed]).unwrap()[0]
    }

    /// What a peer answers a client of its organisation, or the peer's words.
    async fn query(&self, organization: &str, line: &str) -> String {
        self.query_as(organization, organization, line).await
    }

    async fn query_as(&self, peer: &str, submitter: &str, line: &str) -> String {
        let client = Arc::clone(self.0.organization(submitter).unwrap());
        match self.0.query(peer, client.client(), &self.call(line)).await {
            Ok(response) => String::from_utf8(response.payload.to_vec()).unwrap(),
            Err(error) => error.to_string(),
        }
    }
}

const ANY: &str = "OR('Org1MSP.peer','Org2MSP.peer')";
const VALID: TxValidationCode = TxValidationCode::Valid;
const UNENDORSED: TxValidationCode = TxValidationCode::EndorsementPolicyFailure;

#[tokio::test]
async fn only_members_have_private_values_and_no_block_has_them() {
    let net = Two::start(ANY).await;
    let endorsed = net
        .endorse("Org1", &["Org1"], "put ours k = top-secret")
        .await;
    let endorsed = endorsed.unwrap();
    for hidden in ["top-secret".as_bytes(), b"value"] {
        let bytes = &endorsed.transaction;
        assert!(!bytes.windows(hidden.len()).any(|found| found == hidden));
    }
    assert_eq!(net.0.order(&net.1, &[endorsed]).unwrap(), [VALID]);
    assert_eq!(net.query("Org1", "get ours k").await, "top-secret");
    let digest = crate::ids::Digest::of(b"top-secret").to_string();
    assert_eq!(net.query("Org1", "hash ours k").await, digest);
    assert_eq!(net.query("Org2", "hash ours k").await, digest);
    let refused = net.query("Org2", "get ours k").await;
    assert!(refused.contains("read access permission"), "{refused}");
    let lacking = net.query_as("Org2", "Org1", "get ours k").await;
    assert!(
        lacking.contains("public hash version is not available"),
        "{lacking}"
    );
    let write = net.endorse("Org2", &["Org1"], "put ours k = 1").await;
    assert!(
        write
            .unwrap_err()
            .to_string()
            .contains("write access permission")
    );
    let undefined = net.query("Org1", "get other k").await;
    assert!(
        undefined.contains("other could not be found"),
        "{undefined}"
    );
    // an organisation that joins its peer later has the same state
    net.0.join(&net.1, "Org3").unwrap();
    assert_eq!(
        net.0
            .state(&net.1, "Org3")
            .unwrap()
            .get_private("ours", "k"),
        net.0
            .state(&net.1, "Org1")
            .unwrap()
            .get_private("ours", "k"),
    );
    assert_eq!(net.submit(&["Org2"], "purge ours k").await, VALID);
    assert_eq!(net.query("Org1", "get ours k").await, "");
}

#[tokio::test]
async fn private_reads_conflict_by_their_digests() {
    let net = Two::start(ANY).await;
    assert_eq!(net.submit(&["Org1"], "put ours k = 1").await, VALID);
    let first = net
        .endorse("Org1", &["Org1", "Org2"], "change ours k = 2")
        .await;
    let second = net.endorse("Org1", &["Org2"], "change ours k = 3").await;
    let both = [first.unwrap(), second.unwrap()];
    let codes = net.0.order(&net.1, &both).unwrap();
    assert_eq!(codes, [VALID, TxValidationCode::MvccReadConflict]);
    assert_eq!(net.query("Org1", "get ours k").await, "2");
}

#[tokio::test]
async fn an_implicit_collection_is_endorsed_by_its_organisation() {
    let net = Two::start("/Channel/Application/Endorsement").await;
    let put = "put _implicit_org_Org2MSP k = 1";
    assert_eq!(net.submit(&["Org1"], put).await, UNENDORSED);
    assert_eq!(net.submit(&["Org2"], put).await, VALID);
    assert_eq!(net.submit(&["Org1"], "put ours k = 1").await, UNENDORSED);
    let get = "get _implicit_org_Org2MSP k";
    assert_eq!(net.query_as("Org2", "Org1", get).await, "1");
    let lacking = net.query("Org1", get).await;
    assert!(lacking.contains("not available"), "{lacking}");
}

#[tokio::test]
async fn the_policy_of_a_key_takes_the_place_of_the_chaincodes() {
    for (name, value) in [("-", " 1"), ("ours", " = 1")] {
        let net = Two::start("AND('Org1MSP.peer','Org2MSP.peer')").await;
        let put = |key: &str| format!("put {name} {key}{value}");
        let both = ["Org1", "Org2"];
        assert_eq!(net.submit(&["Org1"], &put("k")).await, UNENDORSED);
        assert_eq!(net.submit(&both, &put("k")).await, VALID);
        let policy = format!("policy {name} k OR('Org1MSP.peer')");
        assert_eq!(net.submit(&["Org1"], &policy).await, UNENDORSED);
        assert_eq!(net.submit(&both, &policy).await, VALID);
        assert_eq!(net.submit(&["Org1"], &put("k")).await, VALID);
        assert_eq!(net.submit(&["Org2"], &put("k")).await, UNENDORSED);
        assert_eq!(net.submit(&["Org1"], &put("other")).await, UNENDORSED);
        // a policy that an earlier transaction of the block writes lets no later one in
        let changes = net.endorse("Org1", &["Org1"], &policy).await.unwrap();
        let writes = net.endorse("Org1", &both, &put("k")).await.unwrap();
        let codes = net.0.order(&net.1, &[changes, writes]).unwrap();
        assert_eq!(codes, [VALID, UNENDORSED], "{name}");
        assert_eq!(net.submit(&["Org1"], "hash ours k").await, UNENDORSED);
    }
}

#[tokio::test]
async fn history_names_transactions() {
    let net = Two::start(ANY).await;
    let mut expected = Vec::new();
    for value in ["1", "2"] {
        let put = format!("put - k {value}");
        let endorsed = net.endorse("Org1", &["Org1"], &put).await.unwrap();
        expected.insert(0, format!("{} {value}", endorsed.tx_id));
        net.0.order(&net.1, &[endorsed]).unwrap();
    }
    assert_eq!(net.query("Org2", "history k").await, expected.join("\n"));
}

#[tokio::test]
async fn an_init_knows_no_private_data() {
    let net = Two::start(ANY).await;
    let client = Arc::clone(net.0.organization("Org1").unwrap());
    let mut call = net.call("hash ours k");
    call.is_init = true;
    let refused = net.0.query("Org1", client.client(), &call).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("not allowed in chaincode Init()"),
        "{refused}"
    );
}

#[test]
fn endorsers_that_differ_in_private_data_are_told_so() {
    use crate::{
        devnet::{action::Action, rwset::HidingSet},
        stub::{
            Write,
            memory::{CollectionSet, ReadWriteSet},
        },
    };
    let action = |private: CollectionSet, metadata: &[&str]| {
        let metadata = metadata.iter().map(|key| ((*key).to_owned(), [].into()));
        let set = ReadWriteSet {
            private: [("c".into(), private)].into(),
            metadata: metadata.collect(),
            ..ReadWriteSet::default()
        };
        Action {
            response: Response::success(""),
            set: HidingSet::split(set).0,
        }
    };
    let none = action(CollectionSet::default(), &[]);
    let reads = action(
        CollectionSet {
            reads: [("k".to_owned(), None)].into(),
            ..CollectionSet::default()
        },
        &[],
    );
    let writes = action(
        CollectionSet {
            writes: [("k".to_owned(), Write::Delete)].into(),
            ..CollectionSet::default()
        },
        &[],
    );
    let metadata = action(CollectionSet::default(), &["k"]);
    for (other, what) in [
        (reads, "the read set of a collection"),
        (writes, "the write set of a collection"),
        (metadata, "the metadata of keys"),
    ] {
        assert_eq!(none.difference(&other), Some(what));
    }
    assert_eq!(none.difference(&none), None);
}
