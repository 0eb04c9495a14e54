//! The consensus type `etcdraft`: its metadata, and what its plug-in checks before an update.

use std::{cell::OnceCell, collections::BTreeSet};

use bytes::Bytes;

use super::{
    bft::BFT,
    error::{ConsensusError, OptionsError},
};
use crate::{
    config::bundle::{
        Orderer, duration,
        values::{each, set_bytes, set_text, set_u32},
    },
    identity::{Certificate, MspError, Period, TrustPool},
    proto::scan::ScanError,
};

/// The name of the consensus type.
pub(crate) const RAFT: &str = "etcdraft";

/// Where more consenters than this are listed and too many change, nobody looks at certificates first:
/// the update is refused in any case.
const MANY: usize = 32;

/// How the set of consenters changes, and what only the clock decides about their certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsenterChange {
    /// How many are new.
    pub added: usize,
    /// How many the next config no longer lists.
    pub removed: usize,
    /// The new ones, as `host:port`: their certificates must be valid by the clock.
    pub new: Vec<String>,
    /// Those that were there before, as `host:port`, with a certificate that an orderer takes at some
    /// times and not at others. In the order of the metadata.
    pub out_of_date: Vec<String>,
}

impl ConsenterChange {
    /// One comes, one goes, or one takes the place of another.
    fn check_counts(&self) -> Result<(), ConsensusError> {
        let Self { added, removed, .. } = *self;
        match added > 1 || removed > 1 {
            true => Err(ConsensusError::TooManyChanges { added, removed }),
            false => Ok(()),
        }
    }
}

// Fabric: orderer/consensus/etcdraft/chain.go, ValidateConsensusMetadata
pub(super) fn check_raft(
    current_orderer: &Orderer,
    next: &Orderer,
) -> Result<ConsenterChange, ConsensusError> {
    if next.consensus.metadata.is_empty() {
        return Ok(ConsenterChange::default());
    }
    match (&*next.consensus.name, next.org_without_endpoints()) {
        (RAFT, _) => {}
        (BFT, None) => return Ok(ConsenterChange::default()),
        (BFT, Some(org)) => {
            return Err(ConsensusError::MissingEndpoints {
                org: org.to_owned(),
            });
        }
        (other, _) => return Err(ConsensusError::UnknownType(other.to_owned())),
    }
    let parse = |orderer: &Orderer| {
        RaftMetadata::parse(&orderer.consensus.metadata).map_err(OptionsError::Undecodable)
    };
    // the reference crashes when the current metadata is absent or does not decode
    if current_orderer.consensus.metadata.is_empty() {
        return Err(OptionsError::Missing.into());
    }
    let current = parse(current_orderer)?.consenters;
    let metadata = parse(next)?;
    check_raft_options(metadata.options.as_ref().ok_or(OptionsError::Missing)?)?;
    if metadata.consenters.is_empty() {
        return Err(ConsensusError::NoConsenters);
    }
    let change = change_of(&current, &metadata.consenters);
    if metadata.consenters.len() > MANY {
        change.check_counts()?;
    }
    let certificates = Certificates {
        current: &current,
        current_orderer,
        next: &metadata.consenters,
        pool: tls_pool(next),
        current_pool: OnceCell::new(),
        youngest: OnceCell::new(),
    };
    let undecided = certificates.check()?;
    check_distinct(&metadata.consenters)?;
    change.check_counts()?;
    certificates.check_new(&undecided)?;
    Ok(ConsenterChange {
        out_of_date: undecided.places,
        ..change
    })
}

// Fabric: orderer/consensus/etcdraft/util.go, VerifyConfigMetadata
fn check_raft_options(options: &RaftOptions) -> Result<(), OptionsError> {
    let counts = [
        ("heartbeat_tick", options.heartbeat_tick),
        ("election_tick", options.election_tick),
        ("max_inflight_blocks", options.max_inflight_blocks),
    ];
    if let Some((option, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(OptionsError::Zero(option));
    }
    if options.election_tick <= options.heartbeat_tick {
        return Err(OptionsError::Order {
            smaller: "heartbeat_tick + 1",
            greater: "election_tick",
        });
    }
    // a negative interval passes
    match duration::parse(&options.tick_interval) {
        Ok(1.. | ..=-1) => Ok(()),
        _ => Err(OptionsError::Duration {
            option: "tick_interval",
            value: options.tick_interval.clone(),
        }),
    }
}

/// The certificates of consenters, beside what was there before.
///
/// Fabric asks Go at the wall clock, and takes the answer that something is out of date for a yes,
/// except for consenters that are new. Go gives that answer for a certificate before it looks for a
/// chain. Nobody has a clock here, so no date refuses a consenter that is there.
struct Certificates<'a> {
    current: &'a [RaftConsenter],
    current_orderer: &'a Orderer,
    next: &'a [RaftConsenter],
    /// The TLS CAs of the next config's orderer organisations.
    pool: TrustPool,
    /// Those of the current config's, once they are needed.
    current_pool: OnceCell<TrustPool>,
    /// The latest start of validity in both configs, once it is needed.
    youngest: OnceCell<Option<i64>>,
}

/// What only the clock decides of consenters that were there.
#[derive(Default)]
struct Undecided {
    /// The consenters, as `host:port`, in the order of the metadata.
    places: Vec<String>,
    /// When an orderer refuses one of their certificates, ascending.
    refused: Vec<Period>,
}

impl Certificates<'_> {
    /// Each certificate chains to the TLS CAs, for clients or for servers, or must be out of date.
    // Fabric: orderer/consensus/etcdraft/util.go, VerifyConfigMetadata, validateConsenterTLSCerts
    fn check(&self) -> Result<Undecided, ConsensusError> {
        let mut undecided = Undecided::default();
        for consenter in self.next {
            let is_new = !is_among(self.current, consenter);
            let mut decided = true;
            for pem in consenter.certificates() {
                let certificate =
                    Certificate::from_pem(pem).map_err(|source| consenter.refused(source))?;
                let periods = self.pool.tls_periods(&certificate);
                let dates = Period::of(&certificate);
                if (periods.iter().flatten()).any(|period| Some(*period) == dates) {
                    continue;
                }
                let answers = self.pool.tls_answers(&certificate);
                if let (false, Err(source)) = (answers.yes, periods)
                    && (is_new || !self.is_out_of_date(pem, &certificate))
                {
                    return Err(consenter.refused(source));
                }
                // the chains of new ones are looked at once more
                decided &= is_new || answers.no.is_empty();
                undecided.refused.extend(answers.no);
            }
            if !decided {
                undecided.places.push(consenter.place());
            }
        }
        undecided.refused.sort_by_key(|period| period.first);
        Ok(undecided)
    }

    /// Whether a certificate that no time within its dates makes acceptable must be out of date, as
    /// far as the configs show. Either it was so before, and nothing else can have kept it in the
    /// config; or it ended before another one begins that is in use.
    fn is_out_of_date(&self, pem: &Bytes, certificate: &Certificate) -> bool {
        if certificate.extensions().unhandled_critical {
            // Go looks for these before it looks at dates
            return false;
        }
        let mut certificates = self.current.iter().flat_map(RaftConsenter::certificates);
        if certificates.any(|other| other == pem) {
            let pool = (self.current_pool).get_or_init(|| tls_pool(self.current_orderer));
            if !pool.tls_answers(certificate).yes {
                return true;
            }
        }
        *self.youngest.get_or_init(|| self.find_youngest()) > Some(certificate.not_after())
    }

    fn find_youngest(&self) -> Option<i64> {
        let pool = (self.current_pool).get_or_init(|| tls_pool(self.current_orderer));
        let consenters = self.current.iter().chain(self.next);
        let certificates = consenters.flat_map(RaftConsenter::certificates);
        let starts =
            certificates.filter_map(|pem| Some(Certificate::from_pem(pem).ok()?.not_before()));
        starts.max().max(self.pool.youngest()).max(pool.youngest())
    }

    /// There is a time at which both certificates of each new consenter are valid, with all that is
    /// above them, and nobody else is refused. Whether that is now, nobody can tell here.
    // Fabric: orderer/consensus/etcdraft/chain.go, ValidateConsensusMetadata
    fn check_new(&self, undecided: &Undecided) -> Result<(), ConsensusError> {
        for consenter in self.next {
            if is_among(self.current, consenter) {
                continue;
            }
            let [client, server] = (consenter.certificates())
                .map(|pem| self.pool.tls_periods(&Certificate::from_pem(pem)?));
            let client = client.map_err(|source| consenter.refused(source))?;
            let server = server.map_err(|source| consenter.refused(source))?;
            let ever = client.iter().any(|one| {
                let both = server.iter().filter_map(|other| one.common(other));
                both.into_iter()
                    .any(|period| period.exceeds(&undecided.refused))
            });
            if !ever {
                return Err(ConsensusError::NeverValid {
                    host: consenter.host.clone(),
                    port: consenter.port,
                });
            }
        }
        Ok(())
    }
}

/// The TLS CAs of the orderer organisations.
// Fabric: orderer/consensus/etcdraft/util.go, createX509VerifyOptions
fn tls_pool(orderer: &Orderer) -> TrustPool {
    let cas = || orderer.orgs.values().map(|org| org.msp.tls());
    TrustPool::new(
        cas().flat_map(|(roots, _)| roots).cloned(),
        cas().flat_map(|(_, intermediates)| intermediates).cloned(),
    )
}

/// No certificate is in two consenters; the two of one consenter may be equal.
// Fabric: orderer/consensus/etcdraft/util.go, MetadataHasDuplication
fn check_distinct(consenters: &[RaftConsenter]) -> Result<(), ConsensusError> {
    let mut seen = BTreeSet::new();
    for consenter in consenters {
        let certificates = [&consenter.server_tls_cert, &consenter.client_tls_cert];
        if certificates
            .iter()
            .any(|certificate| seen.contains(*certificate))
        {
            return Err(ConsensusError::DuplicateConsenter {
                host: consenter.host.clone(),
                port: consenter.port,
            });
        }
        seen.extend(certificates);
    }
    Ok(())
}

/// A consenter is who it is by its client certificate, byte by byte.
fn is_among(consenters: &[RaftConsenter], one: &RaftConsenter) -> bool {
    (consenters.iter()).any(|other| other.client_tls_cert == one.client_tls_cert)
}

// Fabric: orderer/consensus/etcdraft/membership.go, ComputeMembershipChanges
fn change_of(current: &[RaftConsenter], next: &[RaftConsenter]) -> ConsenterChange {
    let new = next.iter().filter(|new| !is_among(current, new));
    let new: Vec<String> = new.map(RaftConsenter::place).collect();
    ConsenterChange {
        added: new.len(),
        removed: current.iter().filter(|old| !is_among(next, old)).count(),
        new,
        out_of_date: Vec::new(),
    }
}

/// `etcdraft.ConfigMetadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RaftMetadata {
    /// The nodes, in the order given.
    pub(crate) consenters: Vec<RaftConsenter>,
    /// The options; `None` where absent.
    pub(super) options: Option<RaftOptions>,
}

/// `etcdraft.Consenter`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RaftConsenter {
    /// Host name or address, as written.
    pub(crate) host: String,
    /// TCP port; numbers past 65535 pass here.
    pub(crate) port: u32,
    /// Its TLS client certificate, PEM: what identifies a node.
    pub(crate) client_tls_cert: Bytes,
    /// Its TLS server certificate, PEM.
    pub(crate) server_tls_cert: Bytes,
}

/// `etcdraft.Options`, as far as they are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RaftOptions {
    /// Length of a tick, in Go's spelling, such as `500ms`.
    pub(super) tick_interval: String,
    /// Ticks without a heartbeat after which a follower becomes a candidate.
    pub(super) election_tick: u32,
    /// Ticks between two heartbeats.
    pub(super) heartbeat_tick: u32,
    /// Blocks that may be on their way to a follower, at most.
    pub(super) max_inflight_blocks: u32,
}

impl RaftMetadata {
    /// Reads the metadata of a `ConsensusType` of type `etcdraft`.
    ///
    /// # Errors
    /// [`ScanError`].
    pub(crate) fn parse(metadata: &[u8]) -> Result<Self, ScanError> {
        let mut raft = Self::default();
        each(metadata, |field| {
            match (field.number, field.bytes()) {
                (1, Some(message)) => raft.consenters.push(RaftConsenter::parse(message)?),
                (2, Some(message)) => raft.options.get_or_insert_default().merge(message)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(raft)
    }
}

impl RaftConsenter {
    /// Its two certificates, PEM, the client's first.
    const fn certificates(&self) -> [&Bytes; 2] {
        [&self.client_tls_cert, &self.server_tls_cert]
    }

    /// `host:port`, for texts.
    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    fn refused(&self, source: MspError) -> ConsensusError {
        ConsensusError::Certificate {
            host: self.host.clone(),
            port: self.port,
            source,
        }
    }

    fn parse(message: &[u8]) -> Result<Self, ScanError> {
        let mut consenter = Self::default();
        each(message, |field| {
            match field.number {
                1 => set_text(&mut consenter.host, &field)?,
                2 => set_u32(&mut consenter.port, &field),
                3 => set_bytes(&mut consenter.client_tls_cert, &field),
                4 => set_bytes(&mut consenter.server_tls_cert, &field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(consenter)
    }
}

impl RaftOptions {
    fn merge(&mut self, message: &[u8]) -> Result<(), ScanError> {
        each(message, |field| {
            match field.number {
                1 => set_text(&mut self.tick_interval, &field)?,
                2 => set_u32(&mut self.election_tick, &field),
                3 => set_u32(&mut self.heartbeat_tick, &field),
                4 => set_u32(&mut self.max_inflight_blocks, &field),
                _ => {}
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn raft_options_are_judged_one_by_one() {
        let good = RaftOptions {
            tick_interval: "500ms".into(),
            election_tick: 10,
            heartbeat_tick: 1,
            max_inflight_blocks: 5,
        };
        assert_eq!(check_raft_options(&good), Ok(()));
        type Change = fn(&mut RaftOptions);
        let cases: [(&str, bool, Change); 4] = [
            ("negative", true, |o| o.tick_interval = "-1s".into()),
            ("zero", false, |o| o.tick_interval = "0".into()),
            ("no election", false, |o| o.election_tick = 1),
            ("no blocks", false, |o| o.max_inflight_blocks = 0),
        ];
        for (name, want, change) in cases {
            let mut options = good.clone();
            change(&mut options);
            assert_eq!(check_raft_options(&options).is_ok(), want, "{name}");
        }
    }

    fn node(certificate: &'static [u8]) -> RaftConsenter {
        RaftConsenter {
            client_tls_cert: Bytes::from_static(certificate),
            server_tls_cert: Bytes::from_static(certificate),
            ..RaftConsenter::default()
        }
    }

    #[test]
    fn consenters_are_told_apart_by_their_client_certificate() {
        let (a, b, c) = (node(b"a"), node(b"b"), node(b"c"));
        let moved = RaftConsenter {
            host: "elsewhere".into(),
            server_tls_cert: Bytes::new(),
            ..a.clone()
        };
        let change = |current: &[&RaftConsenter], next: &[&RaftConsenter]| {
            let [current, next] = [current, next].map(|all| all.iter().copied().cloned());
            let change = change_of(&current.collect::<Vec<_>>(), &next.collect::<Vec<_>>());
            (change.added, change.removed)
        };
        assert_eq!(change(&[&a, &b], &[&b, &moved]), (0, 0));
        assert_eq!(change(&[&a, &b], &[&b, &c]), (1, 1));
        assert!(check_distinct(&[a.clone(), b]).is_ok());
        assert!(check_distinct(&[a.clone(), c, a]).is_err());
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = RaftMetadata::parse(&bytes);
        }
    }
}
