//! Chains from a certificate to a root, found and checked by the rules of Go's verifier.
//!
//! Signatures are verified once: a certificate remembers the key that signed it.

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
        check_alone(certificate, at)?;
        let candidates = if self.roots.contains(certificate) {
            vec![vec![certificate.clone()]]
        } else {
            let mut search = Search {
                pool: self,
                at,
                checks: 0,
                exhausted: false,
                chains: Vec::new(),
                failure: None,
            };
            search.extend(&[certificate]);
            search.finish(certificate)?
        };
        keep_valid(candidates, usages)
    }

    /// Whether a certificate (PEM) can authenticate a client or a server of TLS.
    ///
    /// Fabric asks at the wall clock and passes expired certificates; here the time is a second after
    /// the certificate's validity starts, so that the answer is always the same.
    ///
    /// # Errors
    /// It does not parse, or no chain leads to a root.
    // Fabric: orderer/consensus/etcdraft/util.go, validateConsenterTLSCerts
    pub fn verify_tls(&self, certificate_pem: &[u8]) -> Result<(), MspError> {
        let certificate = Certificate::from_pem(certificate_pem)?;
        let usages = [Usage::ClientAuth, Usage::ServerAuth];
        self.chains(&certificate, check_time(&certificate), &usages)?;
        Ok(())
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
    check_alone(root, check_time(root))?;
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
fn check_alone(certificate: &Certificate, at: i64) -> Result<(), MspError> {
    if certificate.extensions().unhandled_critical {
        return Err(MspError::CriticalExtension {
            subject: certificate.subject(),
        });
    }
    if at < certificate.not_before() || at > certificate.not_after() {
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

/// A search for chains.
struct Search<'p> {
    pool: &'p TrustPool,
    at: i64,
    checks: u32,
    exhausted: bool,
    chains: Vec<Vec<Certificate>>,
    failure: Option<MspError>,
}

impl<'p> Search<'p> {
    /// Finds all ways up from the last certificate of a chain. Recursion: at most
    /// [`MAX_SIGNATURE_CHECKS`] deep.
    // Go: crypto/x509, Certificate.buildChains
    fn extend(&mut self, chain: &[&'p Certificate]) {
        let Some(&last) = chain.last() else {
            return;
        };
        let pool = self.pool;
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
                return;
            }
            if !candidate.has_known_key() || is_in(candidate, chain) {
                continue;
            }
            if let Err(why) = self.check(candidate, is_root, chain, last) {
                self.failure.get_or_insert(why);
                continue;
            }
            let longer = [chain, &[candidate]].concat();
            if is_root {
                self.chains.push(longer.into_iter().cloned().collect());
            } else {
                self.extend(&longer);
                if self.exhausted {
                    return;
                }
            }
        }
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
            NotSigned::Signature => MspError::UnknownAuthority {
                issuer: last.issuer(),
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

    /// Those with the issuer's name; first those whose key identifiers match, then those where one is
    /// missing.
    // Go: crypto/x509, CertPool.findPotentialParents
    fn issuers_of(&self, certificate: &Certificate) -> Vec<&Certificate> {
        let wanted = &certificate.extensions().authority_key_id;
        let indices = self.by_subject.get(certificate.raw_issuer());
        let mut found: Vec<&Certificate> = indices
            .into_iter()
            .flatten()
            .filter_map(|i| self.certificates.get(*i))
            .collect();
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
