//! What comes from outside may be anything.

use proptest::prelude::*;

use super::*;

/// A real definition with intermediates, to be damaged.
const DEFINITION: &[u8] = include_bytes!("../../../tests/vectors/msps/nodeou-ica.pb");

proptest! {
    #![proptest_config(crate::cases::cases(256))]

    #[test]
    fn damaged_definitions_never_panic(at in 0..DEFINITION.len(), byte in any::<u8>(), cut in 0..40usize) {
        let mut damaged = DEFINITION.to_vec();
        damaged[at] = byte;
        damaged.drain(at..(at + cut / 8).min(DEFINITION.len()));
        let _ = Msp::setup(&damaged, MspVersion::V3_0).map_err(|why| why.to_string());
    }

    #[test]
    fn damaged_certificates_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let config = wire_msp::MspConfig::decode(DEFINITION).unwrap();
        let config = wire_msp::FabricMspConfig::decode(config.config).unwrap();
        let mut der = Certificate::from_pem(&config.intermediate_certs[0]).unwrap().der().to_vec();
        let at = at.index(der.len());
        der[at] = byte;
        if let Ok(damaged) = Certificate::from_der(der) {
            let pool = TrustPool::new([Certificate::from_pem(&config.root_certs[0]).unwrap()], [damaged.clone()]);
            let _ = chain::normalise(&damaged, &pool);
            let _ = format!("{damaged:?} {}", damaged.issuer());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Certificate::from_der(bytes.clone());
        let _ = chain::Crl::read(&bytes);
        let _ = Msp::setup(&bytes, MspVersion::V1_4_3);
        let _ = expires_at(&bytes);
        let parsed = Principal::parse(&bytes);
        let _ = (parsed.to_string(), parsed.msp_id());
        let _ = Msps::default().deserialize(&bytes);
    }
}
