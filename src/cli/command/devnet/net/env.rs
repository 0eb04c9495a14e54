//! What a shell needs to act for an organisation.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, bail};

use super::folder::{Description, DevnetFolder};
use crate::cli::{args::EnvArgs, output};

/// What `cmscc` takes for the contract's name where none is given.
const CHAINCODE: &str = "cmscc";

pub(in crate::cli::command::devnet) fn env(args: &EnvArgs) -> anyhow::Result<ExitCode> {
    let folder = DevnetFolder::find(&args.folder)?;
    let description = folder.description()?;
    let variables = variables(&folder, &description, args)?;
    if args.folder.json {
        let set = variables.iter();
        let set: serde_json::Map<_, _> = set
            .map(|(name, value)| ((*name).to_owned(), serde_json::json!(value)))
            .collect();
        output::result(&serde_json::to_string_pretty(&set)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = Vec::new();
    for (name, value) in &variables {
        lines.push(match value {
            Some(value) => format!("export {name}={}", quoted(value)?),
            None => format!("unset {name}"),
        });
    }
    output::result(&lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn quoted(value: &str) -> anyhow::Result<String> {
    let quoted = shlex::try_quote(value).context("a path holds a NUL")?;
    Ok(quoted.into_owned())
}

/// The variables of Fabric's `peer` and of `cmscc`; what has no value is unset.
fn variables(
    folder: &DevnetFolder,
    description: &Description,
    args: &EnvArgs,
) -> anyhow::Result<Vec<(&'static str, Option<String>)>> {
    let text = |path: &Path| {
        let text = path.to_str().context("the folder's name is no UTF-8")?;
        Ok::<_, anyhow::Error>(Some(text.to_owned()))
    };
    let channel = match &args.channel {
        Some(channel) if description.channels.contains(channel) => channel.clone(),
        Some(channel) => bail!("there is no channel `{channel}`"),
        None => description.channels.first().cloned().unwrap_or_default(),
    };
    let organizations = folder.join("organizations");
    let orderers = organizations.join("ordererOrganizations/example.com");
    let is_orderer = args.org.eq_ignore_ascii_case("orderer");
    let (root, domain, msp_id, peer) = if is_orderer {
        if args.user != "Admin" {
            bail!("the organisation that orders has an Admin only");
        }
        (orderers.clone(), "example.com", "OrdererMSP", None)
    } else {
        let organization = description.organization(&args.org)?;
        let domain = organization.domain.as_str();
        let root = organizations.join("peerOrganizations").join(domain);
        (
            root,
            domain,
            organization.msp_id.as_str(),
            Some(organization.peer.clone()),
        )
    };
    let tls_ca = |root: &Path, domain: &str| root.join(format!("tlsca/tlsca.{domain}-cert.pem"));
    let peer_ca = match peer {
        Some(_) => text(&tls_ca(&root, domain))?,
        None => None,
    };
    let user = format!("{}@{domain}", args.user);
    let state = format!(
        "state/{}-{}",
        args.org.to_lowercase(),
        args.user.to_lowercase()
    );
    let chaincode = Some(description.chaincode.clone()).filter(|name| name != CHAINCODE);
    Ok(vec![
        ("FABRIC_CFG_PATH", text(&folder.join("fabric"))?),
        ("CORE_PEER_LOCALMSPID", Some(msp_id.to_owned())),
        (
            "CORE_PEER_MSPCONFIGPATH",
            text(&root.join("users").join(user).join("msp"))?,
        ),
        ("CORE_PEER_TLS_ENABLED", Some("true".to_owned())),
        ("CORE_PEER_ADDRESS", peer),
        ("CORE_PEER_TLS_ROOTCERT_FILE", peer_ca),
        ("CHANNEL_NAME", Some(channel)),
        ("ORDERER_ADDRESS", Some(description.orderer.clone())),
        ("CMSCC_ORDERER", Some(description.orderer.clone())),
        ("ORDERER_CA", text(&tls_ca(&orderers, "example.com"))?),
        ("CMSCC_CHAINCODE", chaincode),
        ("CMSCC_STATE_DIR", text(&folder.join(state))?),
        ("CMSCC_ANCHOR", text(&folder.join("anchors"))?),
        ("CMSCC_DEVNET_DIR", text(&folder.path)?),
    ])
}
