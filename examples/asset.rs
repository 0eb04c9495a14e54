//! The asset transfer that every newcomer to Fabric knows, as a tutorial in Rust.
//!
//! An asset has a color, a size and an owner, which is an organisation. Everybody on the channel sees
//! that. What it is worth only the owner's peers know: it lies in the owner's private collection. And
//! only the owner's peers can endorse a change of it.
//!
//! Read from top to bottom: the data, the functions, the table of functions, `main`, the tests. Then
//! run it beside a peer; its package is of type `ccaas` and names the address.
//!
//! ```sh
//! CHAINCODE_SERVER_ADDRESS=127.0.0.1:9999 CHAINCODE_ID="$PACKAGE_ID" cargo run --example asset
//! export APPRAISAL=$(echo -n '{"value":1300}' | base64 -w0)
//! peer chaincode invoke -C mychannel -n asset --transient "{\"appraisal\":\"$APPRAISAL\"}" \
//!     -c '{"Args":["CreateAsset","a1","blue","5"]}'
//! peer chaincode query -C mychannel -n asset -c '{"Args":["ReadAsset","a1"]}'
//! peer chaincode query -C mychannel -n asset -c '{"Args":["GetMetadata"]}'
//! ```
//!
//! The first query answers `{"color":"blue","id":"a1","owner":"Org1MSP","size":5}`, the second what
//! there is to call.

use cmscc::{
    chaincode::{
        ChaincodeError, ContractChaincode, EndorserRole, JsonSchema, StateEndorsementPolicy,
        TransactionContext, from_json,
    },
    shim::server::{self, RunError},
    stub::{Entry, Stub, keys},
};
use serde::{Deserialize, Serialize};

/// What lies on the ledger, as JSON. `JsonSchema` has `GetMetadata` tell clients its fields.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Asset {
    id: String,
    color: String,
    size: u32,
    /// The MSP id of the organisation that it belongs to.
    owner: String,
}

/// What an asset is worth: private data.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Appraisal {
    value: u64,
}

/// One step in the life of an asset.
#[derive(Serialize, JsonSchema)]
struct Step {
    tx_id: String,
    /// Seconds since 1970.
    seconds: i64,
    /// `null`: it was deleted.
    asset: Option<Asset>,
}

/// What every function has in its hands: the transaction, and the ledger as it is before it.
type Ctx<'a> = TransactionContext<'a>;

/// What every function gives: an error refuses the call, and nothing is written.
type Outcome<T> = Result<T, ChaincodeError>;

/// How many assets or steps one answer holds at most.
const MOST: usize = 100;

/// A function is an `async fn`: first the transaction, then arguments of any type.
async fn create_asset(ctx: &mut Ctx<'_>, id: String, color: String, size: u32) -> Outcome<Asset> {
    if ctx.get_state(&id).await?.is_some() {
        let text = format!("there is an asset `{id}` already");
        return Err(ChaincodeError::conflict("ASSET_EXISTS", text));
    }
    let owner = ctx.client()?.msp_id().to_string();
    // arguments are in the transaction, for all to see; transient data is not
    let appraisal: Appraisal = ctx.transient_json("appraisal")?;
    ctx.put_private_json(&private_collection(&owner), &*id, &appraisal)?;
    let asset = Asset {
        id,
        color,
        size,
        owner,
    };
    put(ctx, &asset)?;
    Ok(asset)
}

async fn read_asset(ctx: &mut Ctx<'_>, id: String) -> Outcome<Asset> {
    let asset = ctx.get_json(&id).await?;
    asset.ok_or_else(|| {
        ChaincodeError::not_found("ASSET_MISSING", format!("there is no asset `{id}`"))
    })
}

/// Answered by the peers of the owner alone: others do not have the value.
async fn read_appraisal(ctx: &mut Ctx<'_>, id: String) -> Outcome<Appraisal> {
    let owner = own_asset(ctx, id.clone()).await?.owner;
    let collection = private_collection(&owner);
    let appraisal = ctx.get_private_json(&collection, &id).await?;
    appraisal.ok_or_else(|| ChaincodeError::not_found("APPRAISAL_MISSING", "it was not appraised"))
}

/// Gives an asset to another organisation, which appraises it anew.
async fn transfer_asset(ctx: &mut Ctx<'_>, id: String, new_owner: String) -> Outcome<Asset> {
    let asset = own_asset(ctx, id).await?;
    ctx.del_private_data(&private_collection(&asset.owner), &*asset.id);
    let owner = new_owner;
    let asset = Asset { owner, ..asset };
    put(ctx, &asset)?;
    Ok(asset)
}

async fn delete_asset(ctx: &mut Ctx<'_>, id: String) -> Outcome<()> {
    let asset = own_asset(ctx, id).await?;
    ctx.del_private_data(&private_collection(&asset.owner), &*asset.id);
    ctx.del_state(asset.id);
    Ok(())
}

/// The assets whose ids begin with a text, which may be left out.
async fn get_assets(ctx: &mut Ctx<'_>, prefix: Option<String>) -> Outcome<Vec<Asset>> {
    let start = prefix.unwrap_or_default();
    let range = keys::simple_range(&start, &format!("{start}{}", char::MAX))?;
    let found = ctx.get_range(&range, MOST).await?;
    let read = |entry: &Entry| from_json(&entry.key, &entry.value);
    found.entries.iter().map(read).collect()
}

/// What became of an asset, the latest first.
async fn get_history(ctx: &mut Ctx<'_>, id: String) -> Outcome<Vec<Step>> {
    let history = ctx.get_history(&id).await?;
    let (steps, _) = history.take(MOST, ctx).await?;
    let steps = steps.into_iter().map(|step| {
        let asset = (!step.is_delete).then(|| from_json(&id, &step.value));
        Ok(Step {
            tx_id: step.tx_id.to_string(),
            seconds: step.timestamp.seconds,
            asset: asset.transpose()?,
        })
    });
    steps.collect()
}

/// The asset, for its owner only.
async fn own_asset(ctx: &mut Ctx<'_>, id: String) -> Outcome<Asset> {
    let asset = read_asset(ctx, id).await?;
    ctx.client()?.assert_msp(&asset.owner)?;
    Ok(asset)
}

/// Writes an asset; from now on every change of it takes an endorsement of its owner's peers.
fn put(ctx: &mut Ctx<'_>, asset: &Asset) -> Outcome<()> {
    let mut policy = StateEndorsementPolicy::default();
    policy.add_organizations(EndorserRole::Peer, [&*asset.owner]);
    ctx.set_validation_parameter(None, &*asset.id, policy.to_bytes());
    ctx.put_json(&*asset.id, asset)
}

/// Every organisation has a collection of its own, without anybody defining it.
fn private_collection(owner: &str) -> String {
    format!("_implicit_org_{owner}")
}

/// Runs before every function: here whoever calls has to show a certificate.
async fn check_client(ctx: &mut Ctx<'_>) -> Outcome<()> {
    ctx.client().map(|_| ())
}

/// The table of functions: those to submit write, those to evaluate only answer.
fn contract() -> ContractChaincode {
    ContractChaincode::new("asset-transfer", "1.0")
        .before(check_client)
        .submit("CreateAsset", ["id", "color", "size"], create_asset)
        .submit("TransferAsset", ["id", "newOwner"], transfer_asset)
        .submit("DeleteAsset", ["id"], delete_asset)
        .evaluate("ReadAsset", ["id"], read_asset)
        .evaluate("ReadAppraisal", ["id"], read_appraisal)
        .evaluate("GetAssets", ["prefix"], get_assets)
        .evaluate("GetHistory", ["id"], get_history)
}

fn main() -> Result<(), RunError> {
    server::run(contract())
}

#[cfg(test)]
mod tests {
    use cmscc::{
        identity::serialized_identity,
        stub::{
            Chaincode, Invocation,
            memory::{CollectionAccess, Ledger, MemoryStub, Version},
        },
    };

    use super::*;

    /// A call by an organisation; what it wrote is on the ledger then.
    async fn call(ledger: &mut Ledger, msp: &str, args: &[&str]) -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::default();
        let certificate = params.self_signed(&key).unwrap().pem();
        let invocation = Invocation {
            args: args.iter().map(|arg| (*arg).to_owned().into()).collect(),
            creator: serialized_identity(&msp.into(), certificate.as_bytes()).into(),
            transient: [("appraisal".to_owned(), r#"{"value":1300}"#.into())].into(),
            ..Invocation::default()
        };
        let mut stub = MemoryStub::new(ledger);
        let response = contract().invoke(&invocation, &mut stub).await;
        if !response.is_success() {
            return response.message;
        }
        ledger.commit(Version::default(), &stub.finish().unwrap());
        String::from_utf8(response.payload.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_asset_belongs_to_one_organisation_at_a_time() {
        let mut ledger = Ledger::new();
        for msp in ["Org1MSP", "Org2MSP"] {
            ledger.define_collection(private_collection(msp), CollectionAccess::default());
        }
        let asset = r#"{"color":"blue","id":"a1","owner":"Org1MSP","size":5}"#;
        let theirs = asset.replace("Org1", "Org2");
        let exists = "Code 409: ASSET_EXISTS: there is an asset `a1` already";
        let other =
            "Code 403: MSP_REQUIRED: the submitter has to be of msp `Org1MSP`, it is of `Org2MSP`";
        let missing = "Code 404: ASSET_MISSING: there is no asset `a1`";
        for (msp, args, answer) in [
            ("Org1MSP", &["CreateAsset", "a1", "blue", "5"][..], asset),
            ("Org2MSP", &["CreateAsset", "a1", "red", "1"], exists),
            ("Org2MSP", &["ReadAsset", "a1"], asset),
            ("Org1MSP", &["ReadAppraisal", "a1"], r#"{"value":1300}"#),
            ("Org2MSP", &["TransferAsset", "a1", "Org2MSP"], other),
            ("Org1MSP", &["TransferAsset", "a1", "Org2MSP"], &theirs),
            ("Org1MSP", &["GetAssets"], &format!("[{theirs}]")),
            ("Org1MSP", &["GetAssets", "b"], "[]"),
            ("Org2MSP", &["DeleteAsset", "a1"], ""),
            ("Org2MSP", &["ReadAsset", "a1"], missing),
        ] {
            assert_eq!(call(&mut ledger, msp, args).await, answer, "{args:?}");
        }
        let history = call(&mut ledger, "Org1MSP", &["GetHistory", "a1"]).await;
        assert!(history.starts_with(r#"[{"asset":null,"#), "{history}");
        assert_eq!(history.matches("tx_id").count(), 3);
    }
}
