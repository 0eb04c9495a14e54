//! From arguments and the files that they name to intents.

use std::path::Path;

use bytes::Bytes;
use clap::Parser;

use super::super::act;
use crate::{
    cli::args::{
        AddressArgs, ConsenterCertificates, ConsenterCommand, ProposalArgs, ProposeBatchArgs,
        ProposeIntent, ProposeRotateCaArgs,
    },
    client::{
        AddressChange, AskedIntent, ClientError, ConsenterIntent, ConsenterNode, Exit,
        MspDefinitionFolder, NamedCa, OrganizationFile, OwnIdentity, RotationStart, WantedChange,
        demand_no_key, slashed,
    },
    ids::MspId,
};

/// One intent of a batch, as it would follow `cmscc propose`.
#[derive(Debug, Parser)]
#[command(name = "", no_binary_name = true, disable_help_flag = true)]
struct BatchLine {
    #[command(subcommand)]
    intent: ProposeIntent,
}

impl ProposeIntent {
    /// What all intents take, as this one was given it.
    pub(super) const fn proposal(&self) -> &ProposalArgs {
        match self {
            Self::Acl(args) => &args.proposal,
            Self::AddOrg(args) => &args.proposal,
            Self::AnchorPeers(args) => &args.proposal,
            Self::Batch(args) => &args.proposal,
            Self::Capability(args) => &args.proposal,
            Self::Consenter(args) => match &args.command {
                ConsenterCommand::Add(args) => &args.proposal,
                ConsenterCommand::Remove(args) => &args.proposal,
                ConsenterCommand::ReplaceCert(args) => &args.proposal,
            },
            Self::Edit(args) => &args.proposal,
            Self::Endpoints(args) => &args.proposal,
            Self::FromFile(args) | Self::FromUpdate(args) | Self::Patch(args) => &args.proposal,
            Self::ModPolicy(args) => &args.proposal,
            Self::Policy(args) => &args.proposal,
            Self::RemoveOrg(args) => &args.proposal,
            Self::RotateCa(args) => &args.proposal,
            Self::Set(args) => &args.proposal,
            Self::SetMsp(args) => &args.proposal,
        }
    }

    /// The intents that are said here, with the files that were named; `None` where there are more steps
    /// to them: an editor, the second step of a rotation.
    pub(super) fn gather(
        &self,
        identity: &OwnIdentity,
    ) -> Result<Option<Vec<AskedIntent>>, ClientError> {
        Ok(Some(match self {
            Self::Batch(args) => batch(args, identity)?,
            Self::Edit(_) => return Ok(None),
            Self::RotateCa(args) if args.finish.is_some() => return Ok(None),
            one => vec![one.intent(identity)?],
        }))
    }

    fn intent(&self, identity: &OwnIdentity) -> Result<AskedIntent, ClientError> {
        Ok(match self {
            Self::Acl(args) => AskedIntent::Acl {
                resource: args.resource.clone(),
                policy: args.policy.clone(),
            },
            Self::AddOrg(args) => {
                let name = args.name.as_deref();
                let organization = organization(&args.file, name.map(MspId::from))?;
                AskedIntent::Known(WantedChange::AddOrganization {
                    name: name.unwrap_or(organization.msp_id.as_str()).to_owned(),
                    group: organization.group,
                })
            }
            Self::AnchorPeers(args) => AskedIntent::AnchorPeers {
                org: args.addresses.org.clone(),
                change: addresses(&args.addresses),
            },
            Self::Capability(args) => AskedIntent::Capability {
                section: args.section.clone(),
                level: args.level.clone(),
            },
            Self::Consenter(args) => AskedIntent::Consenter(consenter(&args.command)?),
            Self::Endpoints(args) => AskedIntent::Endpoints {
                global: args.global,
                org: args.addresses.org.clone(),
                change: addresses(&args.addresses),
            },
            Self::FromFile(args) => {
                AskedIntent::Known(WantedChange::Config(Bytes::from(read(&args.file)?)))
            }
            Self::FromUpdate(args) => {
                AskedIntent::Known(WantedChange::Update(Bytes::from(read(&args.file)?)))
            }
            Self::ModPolicy(args) => AskedIntent::ModPolicy {
                path: slashed(&args.path).into_owned(),
                name: args.name.clone(),
            },
            Self::Patch(args) => AskedIntent::Known(WantedChange::Patch(text(&args.file)?)),
            Self::Policy(args) => AskedIntent::Policy {
                path: slashed(&args.path).into_owned(),
                rule: args.rule.clone(),
                create: args.create,
            },
            Self::RemoveOrg(args) => AskedIntent::Known(WantedChange::RemoveOrganization {
                name: args.name.clone(),
            }),
            Self::RotateCa(args) => AskedIntent::RotateStart(rotation(args)?),
            Self::Set(args) => AskedIntent::Set {
                path: slashed(&args.path).into_owned(),
                value: args.value.clone(),
            },
            Self::SetMsp(args) => {
                let organization = organization(&args.file, Some(identity.msp_id.clone()))?;
                AskedIntent::Known(WantedChange::SetMsp(organization.msp))
            }
            Self::Batch(_) | Self::Edit(_) => return Err(not_together("a batch or an edit")),
        })
    }
}

/// The intents of a batch: those of the file, then those of the flags.
fn batch(args: &ProposeBatchArgs, identity: &OwnIdentity) -> Result<Vec<AskedIntent>, ClientError> {
    let mut lines = Vec::new();
    if let Some(file) = &args.file {
        let content = text(file)?;
        for (number, line) in (1usize..).zip(content.lines()) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                lines.push((format!("line {number}"), line.to_owned()));
            }
        }
    }
    for (number, line) in (1usize..).zip(&args.intents) {
        lines.push((format!("--do {number}"), line.clone()));
    }
    if lines.is_empty() {
        let text = "there is no intent in the batch";
        return Err(ClientError::new(Exit::Usage, "NO_INTENT", text));
    }
    let mut intents = Vec::new();
    for (place, line) in &lines {
        let at = |mut error: ClientError| {
            error.message = format!("{place}: {}", error.message);
            error
        };
        intents.push(batch_intent(line, identity).map_err(at)?);
    }
    Ok(intents)
}

fn batch_intent(line: &str, identity: &OwnIdentity) -> Result<AskedIntent, ClientError> {
    let bad = |text: String| {
        ClientError::new(Exit::Usage, "BAD_INTENT", text)
            .hint("write what would follow `cmscc propose`, such as: set /Channel/Orderer/BatchTimeout 1s")
    };
    let words = shlex::split(line).ok_or_else(|| bad("a quote is not closed".to_owned()))?;
    let words = words.iter().map(String::as_str);
    let words = words.skip_while(|word| matches!(*word, "cmscc" | "propose"));
    let parsed = BatchLine::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        bad(first.strip_prefix("error: ").unwrap_or(first).to_owned())
    })?;
    let own = parsed.intent.proposal();
    let has_own = own.id.is_some()
        || !own.description.is_empty()
        || own.deadline.is_some()
        || own.from.is_some()
        || own.dry_run
        || own.sign;
    if has_own {
        let text = "id, description, deadline and the like are said of the whole batch";
        return Err(bad(text.to_owned()));
    }
    match &parsed.intent {
        ProposeIntent::RotateCa(_) => {
            Err(not_together("a CA rotation, which takes two proposals,"))
        }
        ProposeIntent::FromFile(_) | ProposeIntent::FromUpdate(_) => {
            Err(not_together("a whole config or a computed update"))
        }
        intent => intent.intent(identity),
    }
}

fn not_together(what: &str) -> ClientError {
    let text = format!("{what} goes into no batch");
    ClientError::new(Exit::Usage, "BAD_INTENT", text)
}

fn addresses(args: &AddressArgs) -> AddressChange {
    AddressChange {
        exactly: args.exactly.clone(),
        add: args.add.clone(),
        remove: args.remove.clone(),
        none: args.none,
    }
}

fn consenter(command: &ConsenterCommand) -> Result<ConsenterIntent, ClientError> {
    let node = |address: &str, certificates: &ConsenterCertificates| {
        let file = |path: &Option<_>| -> Result<Option<Bytes>, ClientError> {
            path.as_deref()
                .map(|path: &Path| read(path).map(Bytes::from))
                .transpose()
        };
        Ok::<_, ClientError>(ConsenterNode {
            address: address.to_owned(),
            server_tls: file(&certificates.server_cert)?,
            client_tls: file(&certificates.client_cert)?,
            identity: file(&certificates.identity)?,
            msp_id: certificates.org.clone(),
        })
    };
    Ok(match command {
        ConsenterCommand::Add(args) => {
            ConsenterIntent::Add(node(&args.address, &args.certificates)?)
        }
        ConsenterCommand::Remove(args) => ConsenterIntent::Remove(args.address.clone()),
        ConsenterCommand::ReplaceCert(args) => {
            ConsenterIntent::ReplaceCert(node(&args.address, &args.certificates)?)
        }
    })
}

fn rotation(args: &ProposeRotateCaArgs) -> Result<RotationStart, ClientError> {
    let files = |paths: &[std::path::PathBuf]| {
        let contents = paths.iter().map(|path| read(path).map(Bytes::from));
        contents.collect::<Result<Vec<_>, _>>()
    };
    Ok(RotationStart {
        add: files(&args.add)?,
        add_tls: files(&args.add_tls)?,
        remove: named_cas(&args.remove)?,
        org: args.org.clone(),
    })
}

/// CAs that are named by a file, or by a fingerprint.
pub(super) fn named_cas(named: &[String]) -> Result<Vec<NamedCa>, ClientError> {
    let one = |text: &String| {
        let is_hex = text.len() >= 8 && text.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        match is_hex && !Path::new(text).exists() {
            true => Ok(NamedCa::Fingerprint(text.clone())),
            false => read(Path::new(text)).map(|content| NamedCa::Certificate(content.into())),
        }
    };
    named.iter().map(one).collect()
}

/// A file that goes to all members as it is.
// SECURITY: what is proposed is read by everybody, for ever
fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    let content = act::read(path)?;
    demand_no_key(&format!("`{}`", path.display()), &content)?;
    Ok(content)
}

fn text(path: &Path) -> Result<String, ClientError> {
    String::from_utf8(read(path)?).map_err(|_| {
        let text = format!("`{}` is no text", path.display());
        ClientError::new(Exit::Usage, "BAD_JSON", text)
    })
}

/// An organisation's definition, from a file or an MSP folder.
fn organization(path: &Path, msp_id: Option<MspId>) -> Result<OrganizationFile, ClientError> {
    if !path.is_dir() {
        return OrganizationFile::parse(&read(path)?);
    }
    let msp_id = msp_id.ok_or_else(|| {
        let text = format!(
            "an MSP folder does not say its MSP id: `{}`",
            path.display()
        );
        ClientError::new(Exit::Usage, "NO_MSP_ID", text)
            .hint("--name MSPID, the id that the organisation has in the config")
    })?;
    OrganizationFile::of_msp(MspDefinitionFolder::new(path).read(&msp_id)?)
}
