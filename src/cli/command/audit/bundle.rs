//! `cmscc audit verify BUNDLE BLOCK..`

use std::{fs, path::Path, process::ExitCode};

use anyhow::Context;
use bytes::Bytes;

use crate::{
    cli::{args::AuditVerifyArgs, output},
    contract::audit::{AuditReport, verify},
};

/// Ends a verification that found something: the answer is no.
const FOUND: u8 = 3;

/// Verifies a bundle of `ExportProposal`.
pub(super) fn run(args: &AuditVerifyArgs) -> anyhow::Result<ExitCode> {
    let bundle = read(&args.bundle)?;
    anyhow::ensure!(
        !args.blocks.is_empty(),
        "the config blocks that the bundle's chain names are needed, too: cmscc audit verify --help"
    );
    let mut blocks = Vec::with_capacity(args.blocks.len());
    for file in &args.blocks {
        blocks.push(Bytes::from(read(file)?));
    }
    let report = verify(&bundle, &blocks)?;
    if args.json {
        output::foreign_json(&serde_json::to_string(&report)?);
    } else {
        for line in lines(&report) {
            output::foreign(&line);
        }
    }
    Ok(match report.verified {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FOUND),
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// The report for people.
fn lines(report: &AuditReport) -> Vec<String> {
    let verdict = match report.verified {
        true => "verified",
        false => "NOT verified",
    };
    let mut lines = vec![format!(
        "{} on {}: {}, {verdict}",
        report.proposal_id, report.channel_id, report.outcome
    )];
    if let Some(effective) = &report.effective {
        lines.push(format!(
            "took effect as revision {} of {} in block {}, sequence {}",
            effective.revision, effective.proposal_id, effective.block_number, effective.sequence
        ));
        for policy in &effective.policies {
            let is = match policy.satisfied {
                true => "satisfied",
                false => "NOT satisfied",
            };
            lines.push(format!("policy {} ({}): {is}", policy.policy, policy.rule));
        }
        for signer in &effective.signers {
            let recorded = match signer.recorded {
                true => "",
                false => ", not by way of the contract",
            };
            lines.push(format!(
                "signed by {} of {}{recorded}",
                signer.subject, signer.msp_id
            ));
        }
    }
    let changes = report.diff.iter().flat_map(|diff| &diff.changes);
    lines.extend(changes.map(|change| format!("change: {}", change.text)));
    for found in &report.findings {
        let id = found.id.name();
        lines.push(format!("FOUND {id}, {}: {}", found.place, found.text));
    }
    if let Some(trusted) = &report.trusted {
        lines.push(format!(
            "believed: the config of sequence {} (block {}) with sha-256 {}; compare it with a \
             source of your own",
            trusted.sequence, trusted.block_number, trusted.config_sha256
        ));
    }
    let left = report.not_verified.iter();
    lines.extend(left.map(|text| format!("not verified: {text}")));
    lines
}
