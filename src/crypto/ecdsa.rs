//! ECDSA signatures: their two encodings, low S, and verification.
//!
//! A signature is `SEQUENCE { r INTEGER, s INTEGER }`. Fabric reads it leniently (bytes after the
//! sequence and elements after `s` are ignored), Go's certificate verification strictly.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};

use super::{
    HashFunction,
    der::{self, Reader, tag},
};

/// A curve that certificates and keys may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-224.
    P224,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl Curve {
    /// The curve with this object identifier (its content bytes).
    #[must_use]
    pub const fn from_oid(oid: &[u8]) -> Option<Self> {
        match oid {
            [0x2b, 0x81, 0x04, 0x00, 0x21] => Some(Self::P224),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => Some(Self::P256),
            [0x2b, 0x81, 0x04, 0x00, 0x22] => Some(Self::P384),
            [0x2b, 0x81, 0x04, 0x00, 0x23] => Some(Self::P521),
            _ => None,
        }
    }

    /// The order of the group, big-endian; as long as a coordinate.
    #[must_use]
    pub const fn order(self) -> &'static [u8] {
        match self {
            Self::P224 => &P224_ORDER,
            Self::P256 => &P256_ORDER,
            Self::P384 => &P384_ORDER,
            Self::P521 => &P521_ORDER,
        }
    }

    /// The length of a coordinate, of r and of s. Unit: bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        self.order().len()
    }

    /// Whether these bytes are an uncompressed point of the curve.
    #[must_use]
    pub fn has_point(self, point: &[u8]) -> bool {
        if point.first() != Some(&4) || point.len() != 2 * self.size() + 1 {
            return false;
        }
        match self {
            Self::P224 => p224::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
            Self::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
            Self::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
            Self::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
        }
    }

    /// Whether s is at most half the order, rounded down. `s` has no leading zeros.
    fn is_low(self, s: &[u8]) -> bool {
        let size = self.size();
        // 2s < order says the same, since the order is odd
        let mut doubled = vec![0; size.max(s.len()).saturating_add(1)];
        let mut carry = 0;
        for (to, from) in doubled.iter_mut().rev().zip(s.iter().rev().chain(&[0])) {
            *to = from << 1 | carry;
            carry = from >> 7;
        }
        let doubled = der::strip_zeros(&doubled);
        let order = der::strip_zeros(self.order());
        (doubled.len(), doubled) < (order.len(), order)
    }

    /// order - s, for s up to the order; as long as the order.
    fn negate(self, s: &[u8]) -> Vec<u8> {
        let mut borrow = false;
        let mut difference: Vec<u8> = self
            .order()
            .iter()
            .rev()
            .zip(s.iter().rev().chain(std::iter::repeat(&0)))
            .map(|(n, s)| {
                let (first, under) = n.overflowing_sub(*s);
                let (byte, under_again) = first.overflowing_sub(u8::from(borrow));
                borrow = under || under_again;
                byte
            })
            .collect();
        difference.reverse();
        difference
    }
}

/// r and s of a signature: positive, without leading zeros, not compared with any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    r: &'a [u8],
    s: &'a [u8],
}

impl<'a> Signature<'a> {
    /// Reads a signature as Fabric does: what follows the sequence, and what follows s inside it, is
    /// ignored.
    // Fabric: bccsp/utils/ecdsa.go, UnmarshalECDSASignature
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut inside = Reader::new(bytes).inside(tag::SEQUENCE)?;
        let signature = Self {
            r: positive(inside.integer()?)?,
            s: positive(inside.integer()?)?,
        };
        Some(signature)
    }

    /// How many bytes the longer of r and s takes.
    #[must_use]
    pub const fn size(&self) -> usize {
        if self.r.len() > self.s.len() {
            self.r.len()
        } else {
            self.s.len()
        }
    }

    /// The one strict encoding.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        encode(self.r, self.s)
    }

    /// The strict encoding with the lower of s and order - s.
    #[must_use]
    pub fn low_s_der(&self, curve: Curve) -> Vec<u8> {
        if self.is_low_s(curve) {
            return self.der();
        }
        encode(self.r, &curve.negate(self.s))
    }

    /// Whether s is at most half the order of the curve.
    #[must_use]
    pub fn is_low_s(&self, curve: Curve) -> bool {
        curve.is_low(self.s)
    }
}

fn positive(content: &[u8]) -> Option<&[u8]> {
    let negative = content.first().is_some_and(|b| b & 0x80 != 0);
    let magnitude = der::strip_zeros(content);
    (!negative && !magnitude.is_empty()).then_some(magnitude)
}

fn encode(r: &[u8], s: &[u8]) -> Vec<u8> {
    der::write(
        tag::SEQUENCE,
        &[&der::write_unsigned(r), &der::write_unsigned(s)],
    )
}

/// The strict DER encoding of the (r, s) that a signature holds, as Fabric reads it; `None` where it
/// holds none.
#[must_use]
pub fn canonical(signature: &[u8]) -> Option<Vec<u8>> {
    Signature::read(signature).map(|s| s.der())
}

/// The DER encoding of a signature given as r and s of equal length, one after the other.
#[must_use]
pub fn der_signature(r_and_s: &[u8]) -> Vec<u8> {
    let (r, s) = r_and_s.split_at(r_and_s.len() / 2);
    encode(r, s)
}

/// The DER encoding with low S of a signature given as r and s of equal length, one after the other:
/// what a signer hands out, since Fabric refuses high S.
#[must_use]
pub fn low_s(curve: Curve, r_and_s: &[u8]) -> Vec<u8> {
    let (r, s) = r_and_s.split_at(r_and_s.len() / 2);
    if curve.is_low(der::strip_zeros(s)) {
        encode(r, s)
    } else {
        encode(r, &curve.negate(s))
    }
}

/// Verifies a signature as Fabric verifies those of identities: lenient encoding, low S, and the
/// given hash for every curve.
// Fabric: bccsp/sw/ecdsa.go, verifyECDSA
#[must_use]
pub fn verify_low_s(
    curve: Curve,
    point: &[u8],
    hash: HashFunction,
    message: &[u8],
    signature: &[u8],
) -> bool {
    Signature::read(signature).is_some_and(|signature| {
        signature.is_low_s(curve) && verify(curve, point, hash, message, &signature)
    })
}

/// Verifies a signature as Go verifies those of certificates: strict encoding, any S.
#[must_use]
pub fn verify_strict(
    curve: Curve,
    point: &[u8],
    hash: HashFunction,
    message: &[u8],
    signature: &[u8],
) -> bool {
    Signature::read(signature)
        .is_some_and(|read| read.der() == signature && verify(curve, point, hash, message, &read))
}

fn verify(
    curve: Curve,
    point: &[u8],
    hash: HashFunction,
    message: &[u8],
    signature: &Signature<'_>,
) -> bool {
    let by_ring = |algorithm: &'static EcdsaVerificationAlgorithm| {
        UnparsedPublicKey::new(algorithm, point)
            .verify(message, &signature.der())
            .is_ok()
    };
    match (curve, hash) {
        (Curve::P256, HashFunction::Sha256) => by_ring(&ECDSA_P256_SHA256_ASN1),
        (Curve::P256, HashFunction::Sha384) => by_ring(&ECDSA_P256_SHA384_ASN1),
        (Curve::P384, HashFunction::Sha256) => by_ring(&ECDSA_P384_SHA256_ASN1),
        (Curve::P384, HashFunction::Sha384) => by_ring(&ECDSA_P384_SHA384_ASN1),
        _ => verify_digest(curve, point, hash.digest(&[message]), signature).is_some(),
    }
}

/// What ring does not offer.
fn verify_digest(
    curve: Curve,
    point: &[u8],
    digest: Vec<u8>,
    signature: &Signature<'_>,
) -> Option<()> {
    let size = curve.size();
    // a digest shorter than the order counts as a number, so zeros in front change nothing; without
    // them the crates refuse one of less than half the order's length
    let digest = if digest.len() < size {
        padded(&digest, size)?
    } else {
        digest
    };
    let (r, s) = (padded(signature.r, size)?, padded(signature.s, size)?);
    macro_rules! verify_with {
        ($curve:ident) => {{
            use $curve::ecdsa::signature::hazmat::PrehashVerifier as _;
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            let signature = $curve::ecdsa::Signature::from_slice(&[r, s].concat()).ok()?;
            key.verify_prehash(&digest, &signature).ok()
        }};
    }
    match curve {
        Curve::P224 => verify_with!(p224),
        Curve::P256 => verify_with!(p256),
        Curve::P384 => verify_with!(p384),
        Curve::P521 => verify_with!(p521),
    }
}

/// The bytes with zeros in front, `size` in all; `None` where they are more.
fn padded(bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; size.checked_sub(bytes.len())?];
    out.extend_from_slice(bytes);
    Some(out)
}

const P224_ORDER: [u8; 28] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x16, 0xa2,
    0xe0, 0xb8, 0xf0, 0x3e, 0x13, 0xdd, 0x29, 0x45, 0x5c, 0x5c, 0x2a, 0x3d,
];
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];
const P521_ORDER: [u8; 66] = [
    0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09,
    0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38,
    0x64, 0x09,
];

#[cfg(test)]
mod tests {
    use p521::elliptic_curve::rand_core;
    use proptest::prelude::*;

    use super::*;

    const CURVES: [Curve; 4] = [Curve::P224, Curve::P256, Curve::P384, Curve::P521];

    /// floor(order / 2), plus some.
    fn half_order(curve: Curve, plus: u8) -> Vec<u8> {
        let mut carry = 0;
        let mut half: Vec<u8> = curve
            .order()
            .iter()
            .map(|b| {
                let byte = b >> 1 | carry;
                carry = b << 7;
                byte
            })
            .collect();
        *half.last_mut().unwrap() += plus;
        half
    }

    #[test]
    fn low_s_ends_at_half_the_order() {
        for curve in CURVES {
            let (low, high) = (half_order(curve, 0), half_order(curve, 1));
            assert!(curve.is_low(der::strip_zeros(&low)), "{curve:?}");
            assert!(!curve.is_low(der::strip_zeros(&high)), "{curve:?}");
            assert!(!curve.is_low(&[1; 80]), "{curve:?}");
            assert_eq!(curve.negate(&high), low, "{curve:?}");
            assert_eq!(curve.negate(&low), high, "{curve:?}");
            let r = padded(&[1], curve.size()).unwrap();
            let lowered = low_s(curve, &[r.clone(), high.clone()].concat());
            assert_eq!(lowered, der_signature(&[r.clone(), low.clone()].concat()));
            let high_der = der_signature(&[r, high].concat());
            assert_eq!(
                Signature::read(&high_der).unwrap().low_s_der(curve),
                lowered
            );
        }
    }

    #[test]
    fn reading_is_lenient_behind_s_and_strict_before() {
        let want = vec![0x30, 6, 2, 1, 1, 2, 1, 2];
        let cases: &[(&str, &[u8], bool)] = &[
            ("plain", &[0x30, 6, 2, 1, 1, 2, 1, 2], true),
            ("bytes behind", &[0x30, 6, 2, 1, 1, 2, 1, 2, 9, 9], true),
            ("another element", &[0x30, 8, 2, 1, 1, 2, 1, 2, 5, 0], true),
            ("junk behind s", &[0x30, 7, 2, 1, 1, 2, 1, 2, 0xff], true),
            ("zero", &[0x30, 6, 2, 1, 0, 2, 1, 2], false),
            ("negative", &[0x30, 6, 2, 1, 0x81, 2, 1, 2], false),
            ("not minimal", &[0x30, 7, 2, 2, 0, 1, 2, 1, 2], false),
            ("long length", &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 2], false),
            ("truncated", &[0x30, 6, 2, 1, 1, 2, 1], false),
            ("one number", &[0x30, 3, 2, 1, 1], false),
        ];
        for (name, bytes, good) in cases {
            assert_eq!(canonical(bytes), good.then(|| want.clone()), "{name}");
        }
    }

    /// Numbers that are random enough for a test.
    struct Fixed;

    impl rand_core::RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            7
        }

        fn next_u64(&mut self) -> u64 {
            7
        }

        fn fill_bytes(&mut self, out: &mut [u8]) {
            out.iter_mut()
                .zip((0..19).cycle())
                .for_each(|(to, byte)| *to = byte);
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(out);
            Ok(())
        }
    }

    impl rand_core::CryptoRng for Fixed {}

    /// The crates verify what ring signed or the crates themselves signed.
    #[test]
    fn verifies_with_every_curve_and_hash() {
        use p256::ecdsa::signature::hazmat::RandomizedPrehashSigner as _;
        let message = b"message";
        let hashes = [
            HashFunction::Sha1,
            HashFunction::Sha256,
            HashFunction::Sha384,
            HashFunction::Sha512,
            HashFunction::Sha3_256,
        ];
        macro_rules! check {
            ($curve:ident, $name:expr) => {
                for hash in hashes {
                    let size = $name.size();
                    let key =
                        $curve::ecdsa::SigningKey::from_slice(&padded(&[7; 20], size).unwrap())
                            .unwrap();
                    let digest = hash.digest(&[message]);
                    let digest = if digest.len() < size {
                        padded(&digest, size).unwrap()
                    } else {
                        digest
                    };
                    let signature: $curve::ecdsa::Signature =
                        key.sign_prehash_with_rng(&mut Fixed, &digest).unwrap();
                    let point = $curve::ecdsa::VerifyingKey::from(&key).to_encoded_point(false);
                    let point = point.as_bytes();
                    assert!($name.has_point(point));
                    let low = low_s($name, &signature.to_bytes());
                    assert!(
                        verify_low_s($name, point, hash, message, &low),
                        "{:?} {hash:?}",
                        $name
                    );
                    assert!(
                        verify_strict($name, point, hash, message, &low),
                        "{:?} {hash:?}",
                        $name
                    );
                    assert!(
                        !verify_low_s($name, point, hash, b"massage", &low),
                        "{:?} {hash:?}",
                        $name
                    );
                    let read = Signature::read(&low).unwrap();
                    let high = encode(read.r, &$name.negate(read.s));
                    assert!(
                        !verify_low_s($name, point, hash, message, &high),
                        "{:?} {hash:?}",
                        $name
                    );
                    assert!(
                        verify_strict($name, point, hash, message, &high),
                        "{:?} {hash:?}",
                        $name
                    );
                    let behind = [&low[..], &[0]].concat();
                    assert!(
                        verify_low_s($name, point, hash, message, &behind),
                        "{:?} {hash:?}",
                        $name
                    );
                    assert!(
                        !verify_strict($name, point, hash, message, &behind),
                        "{:?} {hash:?}",
                        $name
                    );
                    let mut off = point.to_vec();
                    *off.last_mut().unwrap() ^= 1;
                    assert!(!$name.has_point(&off));
                }
            };
        }
        check!(p224, Curve::P224);
        check!(p256, Curve::P256);
        check!(p384, Curve::P384);
        check!(p521, Curve::P521);
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
            let _ = canonical(&bytes);
            let _ = der_signature(&bytes);
            for curve in CURVES {
                let _ = low_s(curve, &bytes);
                let _ = curve.has_point(&bytes);
                let _ = verify_low_s(curve, &bytes, HashFunction::Sha3_256, &bytes, &bytes);
                let _ = Signature::read(&bytes).map(|s| s.low_s_der(curve));
            }
        }

        #[test]
        fn canonical_is_a_fixed_point(r in 1u64.., s in 1u64.., behind in any::<[u8; 2]>()) {
            let der = encode(&r.to_be_bytes(), &s.to_be_bytes());
            prop_assert_eq!(canonical(&der), Some(der.clone()));
            prop_assert_eq!(canonical(&[&der[..], &behind].concat()), Some(der));
        }
    }
}
