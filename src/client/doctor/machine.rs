//! This machine: settings, folders, one's own certificate and key.

use super::{check::Check, diagnosis::Diagnosis, ends, facts::DoctorFacts};
use crate::client::{ClientError, Exit};

/// Below so much room on a disk nothing can be relied on. Unit: bytes.
const ROOM: u64 = 16 << 20;

/// Judges all of it.
pub(super) fn judge(facts: &DoctorFacts, found: &mut Diagnosis) {
    settings(facts, found);
    state(facts, found);
    trust(facts, found);
    identity(facts, found);
}

fn settings(facts: &DoctorFacts, found: &mut Diagnosis) {
    let settings = &facts.settings;
    if settings.is_empty {
        nothing_said(found);
        return found.skip(&[Check::SettingsPlaces], Check::Settings);
    }
    let no_peer = settings.no_peer.as_ref();
    for problem in settings
        .problems
        .iter()
        .chain(no_peer.filter(|_| !facts.only_orders()))
    {
        found.failed(Check::Settings, problem);
    }
    if settings.problems.is_empty() && no_peer.is_some() && facts.only_orders() {
        let text = "no peer is named: who only orders has none, and signs what members hand over";
        let fix = "cmscc sign --in FILE.signreq --out FILE";
        found.note(Check::Settings, text, Some(fix.to_owned()));
    } else if settings.problems.is_empty() && no_peer.is_none() {
        let channel = settings.channel.as_ref().map_or("", |id| id.as_str());
        let msp_id = settings.msp_id.as_ref().map_or("", |id| id.as_str());
        let places = match settings.places.as_slice() {
            [] => String::new(),
            places => format!(", from {}", places.join(", ")),
        };
        let text = format!("channel `{channel}` as `{msp_id}`{places}");
        found.ok(Check::Settings, text);
    }
    for (text, fix) in &settings.contradictions {
        found.note(Check::SettingsPlaces, text, Some(fix.clone()));
    }
    if settings.contradictions.is_empty() {
        found.ok(Check::SettingsPlaces, "no two places contradict each other");
    }
}

/// What to set, for somebody who begins.
fn nothing_said(found: &mut Diagnosis) {
    found.error(
        Check::Settings,
        Exit::Usage,
        "nothing says yet which network, which peer and which identity are meant",
        "cmscc profile import CONNECTION.json --wallet ADMIN.id --channel CHANNEL",
    );
    let ways = [
        (
            "where `peer` works",
            "its variables are enough: CORE_PEER_ADDRESS, CORE_PEER_LOCALMSPID, CORE_PEER_MSPCONFIGPATH, \
             CORE_PEER_TLS_ENABLED=true, CORE_PEER_TLS_ROOTCERT_FILE; with CMSCC_CHANNEL",
        ),
        (
            "with a connection profile, and an MSP folder in place of a wallet",
            "cmscc profile import CONNECTION.json --msp-folder DIR --channel CHANNEL",
        ),
        (
            "without Fabric, to try it",
            "cmscc devnet up; in another terminal: eval \"$(cmscc devnet env org1)\"",
        ),
    ];
    found.said(
        ways.map(|(way, how)| (way.to_owned(), how.to_owned()))
            .into(),
    );
}

fn state(facts: &DoctorFacts, found: &mut Diagnosis) {
    let Some(state) = &facts.state else {
        return found.skip(&[Check::StateFolder], Check::Settings);
    };
    let folder = state.folder.display();
    let check = Check::StateFolder;
    if let Some(first) = state.open.first() {
        let text = format!(
            "others may change `{}`, which says what is trusted  [STATE_OF_OTHERS]",
            first.display()
        );
        let paths = state.open.iter().map(|path| path.display().to_string());
        let paths: Vec<String> = paths.collect();
        let fix = format!(
            "look at it with `cmscc pin`, then: chmod go-w {}",
            paths.join(" ")
        );
        return found.error(check, Exit::Unsafe, text, fix);
    }
    if let Some(why) = &state.unwritable {
        let text = format!("`{folder}` cannot be written: {why}");
        let fix = "make it yours, or name another folder: CMSCC_STATE_DIR";
        return found.error(check, Exit::Failed, text, fix);
    }
    match state.room {
        Some(room) if room < ROOM => {
            let text = format!(
                "the disk of `{folder}` is full: {} KiB are left",
                room >> 10
            );
            let fix = "make room, or name another folder: CMSCC_STATE_DIR";
            found.error(check, Exit::Failed, text, fix);
        }
        _ if state.is_locked => {
            let text = format!("another command writes to `{folder}` just now");
            let fix =
                "wait for it; one that hangs is found by `fuser` of the `.lock` file in there";
            found.warn(check, text, fix);
        }
        _ => found.ok(check, format!("`{folder}`")),
    }
}

fn trust(facts: &DoctorFacts, found: &mut Diagnosis) {
    let check = Check::TrustAnchor;
    match &facts.trust {
        None => found.skip(&[check], Check::Settings),
        Some(Ok(Some(trust))) => {
            let text = match trust.head == trust.pin {
                true => format!("config {} is pinned", trust.pin),
                false => format!(
                    "config {} is pinned, verified up to config {}",
                    trust.pin, trust.head
                ),
            };
            found.ok(check, text);
        }
        Some(Ok(None)) => found.note(
            check,
            "nothing is pinned yet: before you propose or sign, a digest has to be compared",
            Some("cmscc pin --anchor FILE, with a config block that you trust".to_owned()),
        ),
        Some(Err(error)) => {
            let hint = error.hint.clone();
            let fix = match error.symbol.as_str() {
                "ANCHOR_UNREADABLE" => {
                    "--anchor, CMSCC_ANCHOR or `trust_anchor` of the profile names a file with a config block"
                        .to_owned()
                }
                "BAD_BLOCK" | "WRONG_CHANNEL" => {
                    "take the genesis block of this channel: `peer channel fetch 0`".to_owned()
                }
                _ => hint.unwrap_or_else(|| "cmscc pin".to_owned()),
            };
            let error = ClientError {
                hint: Some(fix),
                ..error.clone()
            };
            found.failed(check, &error);
        }
    }
}

fn identity(facts: &DoctorFacts, found: &mut Diagnosis) {
    let certificate = match &facts.certificate {
        None => {
            let rest = [
                Check::IdentityCertificate,
                Check::IdentityKey,
                Check::IdentityEnd,
            ];
            return found.skip(&rest, Check::Settings);
        }
        Some(Err(error)) => {
            found.failed(Check::IdentityCertificate, error);
            let rest = [Check::IdentityKey, Check::IdentityEnd];
            return found.skip(&rest, Check::IdentityCertificate);
        }
        Some(Ok(certificate)) => certificate,
    };
    found.ok(
        Check::IdentityCertificate,
        certificate.certificate.subject(),
    );
    match &facts.key {
        // that it is expired is told below
        Some(Err(error)) if error.symbol != "CERT_EXPIRED" => {
            found.failed(Check::IdentityKey, error);
        }
        _ => {
            let text = format!("{}, that of the certificate", certificate.key_kind());
            found.ok(Check::IdentityKey, text);
        }
    }
    let end = ends::EndOfCertificate {
        what: "your certificate",
        effect: "peers and orderers refuse what you sign",
        fix: "enroll again: fabric-ca-client reenroll",
    };
    end.judge(
        Check::IdentityEnd,
        certificate.certificate.not_after(),
        facts.now,
        found,
    );
}
