//! The asset transfer that every newcomer to Fabric knows, as a tutorial in Rust.
//!
//! An asset has a color, a size and an owner, which is an organisation. Everybody on the channel sees
//! that. What it is worth only the owner's peers know: it lies in the owner's private collection. And
//! only the owner's peers can endorse a change of it.
//!
//! Read it from top to bottom, then run it, with a network in another terminal:
//!
//! ```sh
//! CHAINCODE_SERVER_ADDRESS=127.0.0.1:9999 CHAINCODE_ID=asset:1 cargo run --example asset
//! cargo run -- devnet try 127.0.0.1:9999
//! > submit CreateAsset a1 blue 5
//! > submit --endorse Org1 --transient 'appraisal={"salt":"4cf0a9d1c07e63b2","value":1300}' AppraiseAsset a1
//! > submit --endorse Org1 TransferAsset a1 Org2MSP
//! ```
//!
//! The first takes the endorsements that the chaincode's policy asks for, the others the owner's alone.

use cmscc::chaincode::*;
use cmscc::shim::server::{self, RunError};
use cmscc::stub::{Entry, Stub, keys};
use serde::{Deserialize, Serialize};

/// What lies on the ledger, as JSON. `JsonSchema` has `GetMetadata` tell clients its fields.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Asset {
    id: String,
    color: String,
    size: u32,
    /// The MSP id of the organisation that it belongs to.
    owner: String,
}

/// What an asset is worth: private data.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Appraisal {
    value: u64,
    /// Random. All peers have the digest; without a salt one tries values until the digest fits.
    salt: String,
}

/// Some assets, by id.
#[derive(Serialize, JsonSchema)]
struct AssetPage {
    assets: Vec<Asset>,
    /// `after` of the next page, where there is one.
    next: Option<String>,
}

/// One step in the life of an asset.
#[derive(Serialize, JsonSchema)]
struct Step {
    tx_id: String,
    /// `null`: it was deleted, or is no asset.
    asset: Option<Asset>,
}

/// What every function has in its hands: the transaction, and the ledger as it is before it. What it
/// gives is an answer, or an error, with which nothing is written.
type Ctx<'a> = TransactionContext<'a>;
type Outcome<T> = Result<T, ChaincodeError>;

/// A function is an `async fn`: first the transaction, then arguments of any type.
async fn create_asset(ctx: &mut Ctx<'_>, id: String, color: String, size: u32) -> Outcome<Asset> {
    let taken = ctx.get_state(&id).await?.is_some();
    refuse_if(taken, 409, "ASSET_EXISTS", "there is one of this id")?;
    let owner = ctx.client()?.msp_id().to_string();
    put(ctx, id, color, size, owner)
}

async fn read_asset(ctx: &mut Ctx<'_>, id: String) -> Outcome<Asset> {
    let value = ctx.get_state(&id).await?.unwrap_or_default();
    refuse_if(value.is_empty(), 404, "ASSET_MISSING", "there is none")?;
    asset_of(&id, &value)
}

/// Writes to the owner's collection alone, for which the owner's endorsement is enough. Every endorser
/// sees transient data: call the owner's peers only.
async fn appraise_asset(ctx: &mut Ctx<'_>, id: String) -> Outcome<()> {
    let owner = own_asset(ctx, id.clone()).await?.owner;
    // arguments are in the transaction, for all to see; transient data is not
    let appraisal: Appraisal = ctx.transient_json("appraisal")?;
    let short = appraisal.salt.chars().count() < 16;
    refuse_if(short, 400, "SALT_TOO_SHORT", "it has 16 characters or more")?;
    ctx.put_private_json(&private_collection(&owner), id, &appraisal)
}

/// Answered by the peers of the owner alone: others do not have the value.
async fn read_appraisal(ctx: &mut Ctx<'_>, id: String) -> Outcome<Option<Appraisal>> {
    let owner = own_asset(ctx, id.clone()).await?.owner;
    ctx.get_private_json(&private_collection(&owner), &id).await
}

/// Gives an asset to another organisation, which appraises it anew. Nothing here knows which there
/// are: an asset that is given to an MSP that does not exist is locked for good.
async fn transfer_asset(ctx: &mut Ctx<'_>, id: String, new_owner: String) -> Outcome<Asset> {
    let asset = own_asset(ctx, id).await?;
    let same = asset.owner == new_owner;
    refuse_if(same, 409, "OWNER_UNCHANGED", "it has the asset already")?;
    ctx.del_private_data(&private_collection(&asset.owner), &*asset.id);
    put(ctx, asset.id, asset.color, asset.size, new_owner)
}

async fn delete_asset(ctx: &mut Ctx<'_>, id: String) -> Outcome<()> {
    let asset = own_asset(ctx, id).await?;
    ctx.del_private_data(&private_collection(&asset.owner), &*asset.id);
    ctx.del_state(asset.id);
    Ok(())
}

/// Up to 100 assets, behind an id. One that does not read is left out: it must not hide the others.
async fn get_assets(ctx: &mut Ctx<'_>, after: Option<String>) -> Outcome<AssetPage> {
    let start = after.map_or_else(String::new, |after| after + "\0");
    let range = keys::simple_range(&start, "")?;
    let mut found = ctx.get_range(&range, 100).await?;
    let read = |entry: &Entry| asset_of(&entry.key, &entry.value).ok();
    let assets = found.entries.iter().filter_map(read).collect();
    let last = found.entries.pop().filter(|_| found.more);
    let next = last.map(|entry| entry.key);
    Ok(AssetPage { assets, next })
}

/// What became of an asset: the last 100 steps, the latest first.
async fn get_history(ctx: &mut Ctx<'_>, id: String) -> Outcome<Vec<Step>> {
    let history = ctx.get_history(&id).await?;
    let (steps, _) = history.take(100, ctx).await?;
    let steps = steps.into_iter().map(|step| Step {
        tx_id: step.tx_id.to_string(),
        asset: asset_of(&id, &step.value).ok(),
    });
    Ok(steps.collect())
}

/// What stands under a key with a policy of its own is the word of that organisation: its peers can
/// endorse anything there, another id or no asset at all. So it is checked.
fn asset_of(id: &str, value: &[u8]) -> Outcome<Asset> {
    let asset: Asset = from_json(id, value)?;
    let wrong = asset.id != id || !fit([&asset.id, &asset.color, &asset.owner]);
    refuse_if(wrong, 500, "ASSET_CORRUPT", "the key holds another thing")?;
    Ok(asset)
}

/// A text without end would make lists too large to be answered.
fn fit(texts: [&str; 3]) -> bool {
    texts.iter().all(|text| (1..=64).contains(&text.len()))
}

/// The asset, for its owner only.
async fn own_asset(ctx: &mut Ctx<'_>, id: String) -> Outcome<Asset> {
    let asset = read_asset(ctx, id).await?;
    ctx.client()?.assert_msp(&asset.owner)?;
    Ok(asset)
}

/// Writes an asset; from now on every change of it takes an endorsement of its owner's peers.
fn put(ctx: &mut Ctx<'_>, id: String, color: String, size: u32, owner: String) -> Outcome<Asset> {
    let wrong = !fit([&id, &color, &owner]);
    refuse_if(wrong, 400, "BAD_ASSET", "texts have 1 to 64 bytes")?;
    let mut policy = StateEndorsementPolicy::default();
    policy.add_organizations(EndorserRole::Peer, [&*owner]);
    ctx.set_validation_parameter(None, &*id, policy.to_bytes());
    #[rustfmt::skip]
    let asset = Asset { id, color, size, owner };
    ctx.put_json(&*asset.id, &asset)?;
    Ok(asset)
}

/// Every organisation has a collection of its own, without anybody defining it.
fn private_collection(owner: &str) -> String {
    format!("_implicit_org_{owner}")
}

/// A refusal has a status, a code for clients and words for people.
fn refuse_if(is_so: bool, status: u16, code: &'static str, text: &str) -> Outcome<()> {
    let refusal = is_so.then(|| ChaincodeError::new(status, code, text));
    refusal.map_or(Ok(()), Err)
}

/// The table of functions: those to submit write, those to evaluate only answer.
fn contract() -> ContractChaincode {
    ContractChaincode::new("asset-transfer", "1.0")
        .submit("CreateAsset", ["id", "color", "size"], create_asset)
        .submit("AppraiseAsset", ["id"], appraise_asset)
        .submit("TransferAsset", ["id", "newOwner"], transfer_asset)
        .submit("DeleteAsset", ["id"], delete_asset)
        .evaluate("ReadAsset", ["id"], read_asset)
        .evaluate("ReadAppraisal", ["id"], read_appraisal)
        .evaluate("GetAssets", ["after"], get_assets)
        .evaluate("GetHistory", ["id"], get_history)
}

fn main() -> Result<(), RunError> {
    server::run(contract())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cmscc::{identity::serialized_identity, stub::memory::*, stub::*};

    const APPRAISAL: &str = r#"{"salt":"4cf0a9d1c07e63b2","value":1300}"#;

    /// A call by an organisation; what it wrote is on the ledger then.
    async fn call(ledger: &mut Ledger, org: u8, args: &str) -> String {
        let msp = format!("Org{org}MSP").into();
        ledger.define_collection(format!("_implicit_org_{msp}"), CollectionAccess::default());
        let certified = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
        let invocation = Invocation {
            args: args.split(' ').map(|arg| arg.to_owned().into()).collect(),
            creator: serialized_identity(&msp, certified.cert.pem().as_bytes()).into(),
            transient: [("appraisal".to_owned(), APPRAISAL.into())].into(),
            ..Invocation::default()
        };
        let mut stub = MemoryStub::new(ledger);
        let response = contract().invoke(&invocation, &mut stub).await;
        ledger.commit(Version::default(), &stub.finish().unwrap());
        response.message + &String::from_utf8_lossy(&response.payload)
    }

    #[tokio::test]
    async fn an_asset_belongs_to_one_organisation_at_a_time() {
        let mut ledger = Ledger::new();
        let asset = r#"{"color":"blue","id":"a1","owner":"Org1MSP","size":5}"#;
        let theirs = asset.replace("Org1", "Org2");
        // as only the peers of an owner can do it
        let mut stub = MemoryStub::new(&ledger);
        stub.put_state("b", asset);
        ledger.commit(Version::default(), &stub.finish().unwrap());
        for (org, args, answer) in [
            (1, "CreateAsset a1 blue 5", asset),
            (2, "CreateAsset a1 red 1", "ASSET_EXISTS"),
            (2, "CreateAsset a2  1", "BAD_ASSET"),
            (2, "AppraiseAsset a1", "MSP_REQUIRED"),
            (1, "AppraiseAsset a1", ""),
            (1, "ReadAppraisal a1", APPRAISAL),
            (1, "TransferAsset b Org2MSP", "ASSET_CORRUPT"),
            (1, "TransferAsset a1 Org1MSP", "OWNER_UNCHANGED"),
            (1, "TransferAsset a1 Org2MSP", &theirs),
            (1, "GetAssets", &theirs),
            (1, "GetAssets a1", r#"{"assets":[],"next":null}"#),
            (2, "DeleteAsset a1", ""),
            (2, "ReadAsset a1", "ASSET_MISSING"),
            (1, "GetHistory a1", r#"[{"asset":null,"#),
        ] {
            let given = call(&mut ledger, org, args).await;
            assert!(given.contains(answer), "{args}: {given}");
        }
    }
}
