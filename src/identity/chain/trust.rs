//! Chains from a certificate to a root, found and checked by the rules of Go's verifier.
//!
//! Signatures are verified once: a certificate remembers which keys signed it, and which did not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use bytes::Bytes;

use crate::{
    crypto::signature::PublicKey,
    identity::{
        certificate::{Certificate, NotSigned},
        error::MspError,
    },
};

use super::{certificate_policies, constraints};

/// What a certificate is to be used for, by its extended key usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Authenticating a client.
    ClientAuth,
    /// Authenticating a server.
    ServerAuth,
}

/// What Fabric's MSPs ask of every identity, since it is what Go asks for by default.
const IDENTITY_USAGE: &[Usage] = &[Usage::ServerAuth];

/// What Fabric asks of consenters: that they can be clients, or that they can be servers.
const TLS_USAGE: &[Usage] = &[Usage::ClientAuth, Usage::ServerAuth];

/// At how many times one certificate is looked at.
const MAX_TIMES: usize = 24;

/// Which answers there are about a certificate at some time within its dates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsAnswers {
    /// Sometimes it is accepted, or something is out of date.
    pub yes: bool,
    /// When it is refused for another reason, ascending.
    pub no: Vec<Period>,
}

/// A span of time, in seconds since 1970; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first second.
    pub first: i64,
    /// The last second; not before the first.
    pub last: i64,
}

impl Period {
    /// The dates of a certificate; `None` where it ends before it begins.
    pub fn of(certificate: &Certificate) -> Option<Self> {
        let (first, last) = (certificate.not_before(), certificate.not_after());
        (first <= last).then_some(Self { first, last })
    }

    /// The seconds that are in both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(Self { first, last })
    }

    /// Whether some second of it is in none of the others, which ascend by their first second.
    #[must_use]
    pub fn exceeds(&self, others: &[Self]) -> bool {
        let mut from = self.first;
        for other in others.iter().take_while(|other| other.first <= self.last) {
            if other.first > from {
                return true;
            }
            from = from.max(other.last.saturating_add(1));
        }
        from <= self.last
    }
}

/// Root and intermediate CAs.
#[derive(Clone, Default)]
pub struct TrustPool {
    roots: Pool,
    intermediates: Pool,
}

impl fmt::Debug for TrustPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustPool")
            .field("roots", &self.roots.certificates)
            .field("intermediates", &self.intermediates.certificates)
            .finish()
    }
}

/// How many pairs of certificate and issuer one search looks at, as in Go. It also bounds the depth of
/// the search, since each step takes one.
const MAX_SIGNATURE_CHECKS: u32 = 100;

impl TrustPool {
    /// A pool of these roots and intermediates; the same certificate twice counts once.
    pub fn new(
        roots: impl IntoIterator<Item = Certificate>,
        intermediates: impl IntoIterator<Item = Certificate>,
    ) -> Self {
        Self {
            roots: Pool::new(roots),
            intermediates: Pool::new(intermediates),
        }
    }

    /// All chains from a certificate (first) to a root (last) that hold at a time, in seconds since
    /// 1970; at least one.
    ///
    /// # Errors
    /// Why there is none: of several reasons the one that came closest.
    // Go: crypto/x509, Certificate.Verify
    pub fn chains(
        &self,
        certificate: &Certificate,
        at: i64,
        usages: &[Usage],
    ) -> Result<Vec<Vec<Certificate>>, MspError> {
        self.chains_at(certificate, Some(at), usages)
    }

    /// The same; without a time, dates count for nothing.
    fn chains_at(
        &self,
        certificate: &Certificate,
        at: Option<i64>,
        usages: &[Usage],
    ) -> Result<Vec<Vec<Certificate>>, MspError> {
        check_alone(certificate, at)?;
        let candidates = if self.roots.contains(certificate) {
            vec![vec![certificate.clone()]]
        } else {
            let mut search = Search::new(self, at);
            let _ = search.extend(&[certificate]);
            search.finish(certificate)?
        };
        keep_valid(candidates, usages)
    }

    /// When a certificate authenticates a client or a server of TLS: for each chain that holds but for
    /// dates the time in which all of its certificates are valid. Chains that are never valid as a
    /// whole add nothing, so there may be none.
    ///
    /// # Errors
    /// No chain leads to a root, whatever the time.
    // Go: crypto/x509, Certificate.Verify, at all times at once
    pub fn tls_periods(&self, certificate: &Certificate) -> Result<Vec<Period>, MspError> {
        let chains = self.chains_at(certificate, None, TLS_USAGE)?;
        let period = |chain: &Vec<Certificate>| {
            let first = chain.iter().map(Certificate::not_before).max()?;
            let last = chain.iter().map(Certificate::not_after).min()?;
            (first <= last).then_some(Period { first, last })
        };
        Ok(chains.iter().filter_map(period).collect())
    }

    /// What Go says of a certificate as the time passes from its first second to its last, where the
    /// answer that something is out of date counts as a yes. Of many times only the first
    /// 24 are tried.
    // Fabric: orderer/consensus/etcdraft/util.go, validateConsenterTLSCerts with ignoreExpiration
    pub fn tls_answers(&self, certificate: &Certificate) -> TlsAnswers {
        let mut answers = TlsAnswers::default();
        let times = self.times_of(certificate);
        let ends = times.iter().skip(1).map(|next| next.saturating_sub(1));
        for (first, last) in times.iter().zip(ends.chain([certificate.not_after()])) {
            if self.accepts_or_out_of_date(certificate, *first) {
                answers.yes = true;
            } else {
                let period = Period {
                    first: *first,
                    last,
                };
                answers.no.extend((period.first <= last).then_some(period));
            }
        }
        answers
    }

    fn accepts_or_out_of_date(&self, certificate: &Certificate, at: i64) -> bool {
        match check_alone(certificate, Some(at)) {
            Ok(()) => {}
            Err(why) => return matches!(why, MspError::CaValidity { .. }),
        }
        let mut search = Search::new(self, Some(at));
        let candidates = if self.roots.contains(certificate) {
            vec![vec![certificate.clone()]]
        } else {
            match search.extend(&[certificate]) {
                Ok(()) => search.chains,
                Err(fault) => return fault == ChainFault::OutOfDate,
            }
        };
        keep_valid(candidates, TLS_USAGE).is_ok()
    }

    /// The times within a certificate's dates at which an answer about it can change, ascending: where
    /// it begins, and where a certificate that may be above it begins or is over.
    fn times_of(&self, certificate: &Certificate) -> BTreeSet<i64> {
        let mut times = BTreeSet::from([certificate.not_before()]);
        let mut names = BTreeSet::from([certificate.raw_issuer()]);
        let mut open = vec![certificate.raw_issuer()];
        let within = certificate.not_before()..=certificate.not_after();
        while let Some(name) = open.pop() {
            for pool in [&self.roots, &self.intermediates] {
                for above in pool.of_subject(name) {
                    let changes = [above.not_before(), above.not_after().saturating_add(1)];
                    times.extend(changes.into_iter().filter(|time| within.contains(time)));
                    if times.len() >= MAX_TIMES {
                        return times;
                    }
                    if names.insert(above.raw_issuer()) {
                        open.push(above.raw_issuer());
                    }
                }
            }
        }
        times
    }

    /// The latest start of validity among the CAs; `None` without any.
    pub fn youngest(&self) -> Option<i64> {
        let pools = [&self.roots, &self.intermediates];
        let certificates = pools.into_iter().flat_map(|pool| &pool.certificates);
        certificates.map(Certificate::not_before).max()
    }

    /// All chains from a CA to a root that hold at a time for an identity of it; none where it does not
    /// hold.
    pub(in crate::identity) fn identity_chains(
        &self,
        ca: &Certificate,
        at: i64,
    ) -> Vec<Vec<Certificate>> {
        self.chains(ca, at, IDENTITY_USAGE).unwrap_or_default()
    }

    /// The one chain of a certificate, at a second after its validity starts.
    ///
    /// # Errors
    /// There is none, or more than one.
    // Fabric: msp/mspimpl.go, getUniqueValidationChain
    pub(in crate::identity) fn unique_chain(
        &self,
        certificate: &Certificate,
    ) -> Result<Vec<Certificate>, MspError> {
        let chains = self.chains(certificate, check_time(certificate), IDENTITY_USAGE)?;
        only(chains)
    }
}

/// The chain of a self-signed CA that is trusted by itself.
pub(in crate::identity) fn chain_of_root(root: &Certificate) -> Result<Vec<Certificate>, MspError> {
    check_alone(root, Some(check_time(root)))?;
    only(keep_valid(vec![vec![root.clone()]], IDENTITY_USAGE)?)
}

/// The form of a certificate in which certificates are compared: signed with low S, where it is signed
/// with ECDSA. Other certificates stay as they are, and unchecked.
// Fabric: msp/mspimpl.go, sanitizeCert
pub(in crate::identity) fn normalise(
    certificate: &Certificate,
    pool: &TrustPool,
) -> Result<Certificate, MspError> {
    if !certificate.algorithm().is_ecdsa() {
        return Ok(certificate.clone());
    }
    if certificate.is_ca() && certificate.check_signed_by(certificate).is_ok() {
        let normalised = lower(certificate, certificate)?;
        chain_of_root(&normalised)?;
        return Ok(normalised);
    }
    match pool.unique_chain(certificate)?.get(1) {
        Some(issuer) => lower(certificate, issuer),
        None => Err(MspError::NotSelfSignedRoot),
    }
}

fn lower(certificate: &Certificate, issuer: &Certificate) -> Result<Certificate, MspError> {
    match issuer.key() {
        PublicKey::Ecdsa(curve, _) => certificate.with_low_s(curve),
        // no other key verifies an ECDSA signature
        _ => Ok(certificate.clone()),
    }
}

/// Never the wall clock: expired and future certificates are fine for Fabric.
// Fabric: msp/mspimplvalidate.go, getValidityOptsForCert
fn check_time(certificate: &Certificate) -> i64 {
    certificate.not_before().saturating_add(1)
}

fn only(chains: Vec<Vec<Certificate>>) -> Result<Vec<Certificate>, MspError> {
    let count = chains.len();
    let mut chains = chains.into_iter();
    match (chains.next(), chains.next()) {
        (Some(chain), None) => {
            constraints::check_common_name(&chain)?;
            Ok(chain)
        }
        _ => Err(MspError::MultipleChains(count)),
    }
}

/// What every certificate of a chain is checked for by itself.
// Go: crypto/x509, Certificate.isValid
fn check_alone(certificate: &Certificate, at: Option<i64>) -> Result<(), MspError> {
    if certificate.extensions().unhandled_critical {
        return Err(MspError::CriticalExtension {
            subject: certificate.subject(),
        });
    }
    let valid = certificate.not_before()..=certificate.not_after();
    if at.is_some_and(|at| !valid.contains(&at)) {
        return Err(MspError::CaValidity {
            subject: certificate.subject(),
        });
    }
    Ok(())
}

/// Drops the chains that contradict themselves as a whole.
fn keep_valid(
    mut chains: Vec<Vec<Certificate>>,
    usages: &[Usage],
) -> Result<Vec<Vec<Certificate>>, MspError> {
    let mut failure = None;
    chains.retain(|chain| {
        let checked = certificate_policies::check(chain)
            .and_then(|()| check_usage(chain, usages))
            .and_then(|()| constraints::check(chain));
        checked
            .map_err(|why| failure.get_or_insert(why).clone())
            .is_ok()
    });
    match failure {
        Some(why) if chains.is_empty() => Err(why),
        _ => Ok(chains),
    }
}

/// Some usage is one that every certificate with extended key usages lists, or says any.
// Go: crypto/x509, checkChainForKeyUsage
fn check_usage(chain: &[Certificate], usages: &[Usage]) -> Result<(), MspError> {
    let mut left = usages.to_vec();
    for certificate in chain.iter().rev() {
        let listed = certificate.extensions().extended_key_usage;
        if let Some(listed) = listed.filter(|listed| !listed.any) {
            left.retain(|usage| match usage {
                Usage::ClientAuth => listed.client_auth,
                Usage::ServerAuth => listed.server_auth,
            });
        }
        if left.is_empty() {
            return Err(MspError::KeyUsage {
                subject: certificate.subject(),
            });
        }
    }
    Ok(())
}

/// Why a search finds no chain, as far as it matters who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChainFault {
    /// A certificate is not valid at the time.
    OutOfDate,
    /// Anything else.
    Other,
}

/// A search for chains.
struct Search<'p> {
    pool: &'p TrustPool,
    /// When the chains must hold; `None`: whatever the dates.
    at: Option<i64>,
    checks: u32,
    exhausted: bool,
    chains: Vec<Vec<Certificate>>,
    failure: Option<MspError>,
}

impl<'p> Search<'p> {
    const fn new(pool: &'p TrustPool, at: Option<i64>) -> Self {
        Self {
            pool,
            at,
            checks: 0,
            exhausted: false,
            chains: Vec::new(),
            failure: None,
        }
    }

    /// Finds all ways up from the last certificate of a chain. Where there is none, what Go returns
    /// for it: the fault of the last candidate that signed. Recursion: at most
    /// [`MAX_SIGNATURE_CHECKS`] deep.
    // Go: crypto/x509, Certificate.buildChains
    fn extend(&mut self, chain: &[&'p Certificate]) -> Result<(), ChainFault> {
        let Some(&last) = chain.last() else {
            return Err(ChainFault::Other);
        };
        let pool = self.pool;
        let found = self.chains.len();
        let mut outcome = Err(ChainFault::Other);
        let roots = pool.roots.issuers_of(last).into_iter().map(|ca| (ca, true));
        let intermediates = pool
            .intermediates
            .issuers_of(last)
            .into_iter()
            .map(|ca| (ca, false));
        for (candidate, is_root) in roots.chain(intermediates) {
            self.checks = self.checks.saturating_add(1);
            if self.checks > MAX_SIGNATURE_CHECKS {
                self.exhausted = true;
            }
            if self.exhausted {
                outcome = Err(ChainFault::Other);
                break;
            }
            if !candidate.has_known_key() || is_in(candidate, chain) {
                continue;
            }
            match self.check(candidate, is_root, chain, last) {
                Ok(()) if is_root => {
                    let longer = [chain, &[candidate]].concat();
                    self.chains.push(longer.into_iter().cloned().collect());
                }
                Ok(()) => outcome = self.extend(&[chain, &[candidate]].concat()),
                Err(why) => {
                    match why {
                        MspError::CaValidity { .. } => outcome = Err(ChainFault::OutOfDate),
                        // a key that did not sign, or may not, is no fault of this candidate
                        MspError::OtherKey { .. } | MspError::KeyUsage { .. } => {}
                        _ => outcome = Err(ChainFault::Other),
                    }
                    self.failure.get_or_insert(why);
                }
            }
        }
        if self.chains.len() > found {
            return Ok(());
        }
        outcome
    }

    fn check(
        &self,
        candidate: &Certificate,
        is_root: bool,
        chain: &[&Certificate],
        last: &Certificate,
    ) -> Result<(), MspError> {
        last.check_signed_by(candidate).map_err(|why| match why {
            NotSigned::NotAllowed => MspError::KeyUsage {
                subject: candidate.subject(),
            },
            NotSigned::Signature => MspError::OtherKey {
                issuer: candidate.subject(),
            },
        })?;
        check_alone(candidate, self.at)?;
        let basic = candidate.extensions().basic;
        if !is_root && !basic.is_some_and(|basic| basic.is_ca) {
            return Err(MspError::NotACa);
        }
        let between = chain.len().saturating_sub(1);
        let allowed = basic.and_then(|basic| basic.max_path_length);
        if allowed.is_some_and(|allowed| u64::try_from(between).is_ok_and(|n| n > allowed)) {
            return Err(MspError::PathLength {
                subject: candidate.subject(),
            });
        }
        Ok(())
    }

    fn finish(self, certificate: &Certificate) -> Result<Vec<Vec<Certificate>>, MspError> {
        if !self.chains.is_empty() {
            return Ok(self.chains);
        }
        if self.exhausted {
            return Err(MspError::SignatureLimit);
        }
        Err(self.failure.unwrap_or_else(|| MspError::UnknownAuthority {
            issuer: certificate.issuer(),
        }))
    }
}

/// Whether a chain has a certificate of the same subject, key and alternative names already, which
/// keeps cross-signed CAs from going round in circles.
// Go: crypto/x509, alreadyInChain
fn is_in(candidate: &Certificate, chain: &[&Certificate]) -> bool {
    let names = |certificate: &Certificate| {
        let names = certificate.extensions().alternative_names.as_ref();
        names.map(|names| names.raw.clone())
    };
    for certificate in chain {
        if candidate.raw_subject() != certificate.raw_subject()
            || candidate.key_info() != certificate.key_info()
        {
            continue;
        }
        match (names(candidate), names(certificate)) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => return true,
            (Some(_), Some(_)) => {}
            // as Go: the rest of the chain is not looked at
            _ => return false,
        }
    }
    false
}

/// Certificates by subject.
#[derive(Clone, Default)]
struct Pool {
    certificates: Vec<Certificate>,
    by_subject: BTreeMap<Bytes, Vec<usize>>,
    encodings: BTreeSet<Bytes>,
}

impl Pool {
    fn new(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        let mut pool = Self::default();
        for certificate in certificates {
            if pool.encodings.insert(certificate.der().clone()) {
                pool.by_subject
                    .entry(certificate.raw_subject().clone())
                    .or_default()
                    .push(pool.certificates.len());
                pool.certificates.push(certificate);
            }
        }
        pool
    }

    fn contains(&self, certificate: &Certificate) -> bool {
        self.encodings.contains(certificate.der())
    }

    /// Those of a name, in the order given.
    fn of_subject(&self, name: &Bytes) -> impl Iterator<Item = &Certificate> {
        let indices = self.by_subject.get(name).into_iter().flatten();
        indices.filter_map(|i| self.certificates.get(*i))
    }

    /// Those with the issuer's name; first those whose key identifiers match, then those where one is
    /// missing.
    // Go: crypto/x509, CertPool.findPotentialParents
    fn issuers_of(&self, certificate: &Certificate) -> Vec<&Certificate> {
        let wanted = &certificate.extensions().authority_key_id;
        let mut found: Vec<&Certificate> = self.of_subject(certificate.raw_issuer()).collect();
        found.sort_by_key(|ca| {
            let key_id = ca
                .extensions()
                .subject_key_id
                .as_deref()
                .unwrap_or_default();
            if key_id == &**wanted {
                0
            } else if key_id.is_empty() != wanted.is_empty() {
                1
            } else {
                2
            }
        });
        found
    }
}
