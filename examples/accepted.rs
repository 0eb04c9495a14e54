//! Would an orderer accept this config update? Answered from two files, without an orderer.
//!
//! The first file holds the channel's config: a config block, as `peer channel fetch config` writes
//! it, or the serialized `common.Config`. The second holds the update's envelope, as `peer channel
//! update` takes it. The config is believed: see `cmscc::block::verify` and `advance` for a chain of
//! blocks that proves it.
//!
//! ```sh
//! cd tests/fabric-data/fabric-3.1.5-caps-v3
//! cargo run --no-default-features --example accepted -- \
//!   genesis.block rejected_orgx_org1_only.pb
//! ```
//!
//! prints
//!
//! ```text
//! not yet: signatures are missing, of Org2MSP
//! /Channel/Application/Admins: not satisfied
//! ```
//!
//! and ends with exit code 1: 0 is "accepted", 1 "not accepted", 2 "nobody can say".

use std::{env, error::Error, fs, process::ExitCode};

use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    config::{Bundle, ConfigTree, Emulation, Update, Verdict, envelope::read_update_envelope},
};

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing the answer is what this program is for"
)]
fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [config, update] = args.as_slice() else {
        eprintln!("give two files: a config block or a config, and the envelope of an update");
        return ExitCode::from(2);
    };
    let read = |path| fs::read(path).map(Bytes::from);
    let answer = read(config).and_then(|config| Ok((config, read(update)?)));
    match answer.map_err(Into::into).and_then(|(c, u)| judge(c, &u)) {
        Ok((code, lines)) => {
            for line in lines {
                println!("{line}");
            }
            ExitCode::from(code)
        }
        Err(error) => {
            eprintln!("no answer: {error}");
            ExitCode::from(2)
        }
    }
}

/// The exit code, and the answer for people: the verdict first, then what it rests on.
fn judge(config: Bytes, envelope: &Bytes) -> Result<(u8, Vec<String>), Box<dyn Error>> {
    let envelope = read_update_envelope(envelope)?;
    let update = Update::parse(envelope.config_update)?;
    let (channel, tree) = match ConfigBlock::parse(config.clone()) {
        Ok(block) => (block.channel_id().clone(), block.tree().clone()),
        // a bare config does not say which channel it is of
        Err(_) => (update.channel_id().into(), ConfigTree::parse(config)?),
    };
    let bundle = Bundle::new(&channel, tree)?;
    let emulation = bundle.emulate(&update, &envelope.signatures);
    let (code, verdict) = match &emulation.verdict {
        Verdict::Accepted => (0, "accepted".to_owned()),
        Verdict::Refused(refusal) => (1, format!("refused, whoever signs: {refusal}")),
        Verdict::Unsatisfied => {
            let missing: Vec<String> = emulation
                .missing()
                .iter()
                .map(ToString::to_string)
                .collect();
            let missing = missing.join(", ");
            (1, format!("not yet: signatures are missing, of {missing}"))
        }
        Verdict::Unsupported { levels } => {
            let levels = levels.join(", ");
            (
                2,
                format!("nobody can say: unknown capability levels {levels}"),
            )
        }
    };
    Ok((code, [vec![verdict], reasons(&emulation)].concat()))
}

/// What each policy says, and which signatures do not count.
fn reasons(emulation: &Emulation) -> Vec<String> {
    let policies = emulation.policies.iter().map(|policy| {
        let says = match policy.explanation.satisfied() {
            true => "satisfied",
            false => "not satisfied",
        };
        format!("{}: {says}", policy.path)
    });
    let rejected = emulation.signers.rejected().iter();
    let rejected = rejected.map(|one| format!("signature {}: {}", one.index, one.why));
    policies.chain(rejected).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FABRIC: &str = "tests/fabric-data/fabric-3.1.5-caps-v3";

    fn judged(config: &str, update: &str) -> (u8, Vec<String>) {
        let read = |name: &str| Bytes::from(fs::read(format!("{FABRIC}/{name}")).unwrap());
        judge(read(config), &read(update)).unwrap()
    }

    #[test]
    fn the_answers_are_those_of_a_real_orderer() {
        for (config, update, code, verdict) in [
            (
                "genesis.block",
                "add-orgx/envelope_onchain.pb",
                0,
                "accepted",
            ),
            (
                "add-orgx/config_raw_before.pb",
                "add-orgx/envelope_onchain.pb",
                0,
                "accepted",
            ),
            (
                "genesis.block",
                "rejected_orgx_org1_only.pb",
                1,
                "not yet: signatures are missing, of Org2MSP",
            ),
            (
                "add-orgx/config_block_after.pb",
                "add-orgx/envelope_onchain.pb",
                1,
                "refused",
            ),
        ] {
            let (got, lines) = judged(config, update);
            assert_eq!(got, code, "{config} {update}: {lines:?}");
            assert!(
                lines[0].starts_with(verdict),
                "{config} {update}: {lines:?}"
            );
        }
    }
}
