//! Ranges of addresses, and which addresses nobody outside can have.

// addresses as data: nothing is connected to here
use core::net::{IpAddr, Ipv6Addr};

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::agent) struct AddressRange {
    first: IpAddr,
    bits: u8,
}

impl AddressRange {
    /// Reads an address, or a range of them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, bits) = match text.split_once('/') {
            Some((first, bits)) => (first, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = first.parse().ok()?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most)?,
            None => most,
        };
        Some(Self { first, bits })
    }

    /// Whether an address is in it.
    pub(in crate::agent) fn holds(&self, address: IpAddr) -> bool {
        let (one, other, all) = match (self.first, address.to_canonical()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                (u128::from(one.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let free = u32::from(all - self.bits.min(all));
        // a shift by all bits is none
        one.checked_shr(free) == other.checked_shr(free)
    }
}

/// Whether an address is of no public network: one's own machine, one's own network, or no host at all.
pub(in crate::agent) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast()
                || address.is_documentation()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                // the nearest gateway of 6to4
                || (a == 192 && b == 88 && c == 99)
                || (a == 198 && (18..20).contains(&b))
                || a >= 240
        }
        IpAddr::V6(address) => !is_global(address),
    }
}

/// Whether an address of IPv6 is of the public network: all of it that was given out lies in `2000::/3`.
fn is_global(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [first, second, ..] = segments;
    let is_given_out = first & 0xe000 == 0x2000;
    // for protocols, among them some that stand for an address of IPv4 (2001::/23)
    let is_protocol = first == 0x2001 && second & 0xfe00 == 0;
    let is_documentation =
        (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second & 0xf000 == 0);
    is_given_out && !is_protocol && !is_documentation && !is_carrier(segments)
}

/// Whether an address stands for one of IPv4, by 6to4 or ISATAP: it could be any.
fn is_carrier(segments: [u16; 8]) -> bool {
    let [first, _, _, _, host, carries, ..] = segments;
    first == 0x2002 || (host & 0xfdff == 0 && carries == 0x5efe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_addresses() {
        for (range, address, holds) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("::/0", "fd00::1", true),
        ] {
            let range = AddressRange::parse(range).unwrap();
            assert_eq!(
                range.holds(address.parse().unwrap()),
                holds,
                "{range:?} {address}"
            );
        }
        for bad in [
            "",
            "10.0.0.0/33",
            "host",
            "10.0.0.0/",
            "fd00::/129",
            "10.0.0/8",
        ] {
            assert_eq!(AddressRange::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn private_addresses_are_known_in_every_writing() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "::7f00:1",
            // site-local, of old
            "fec0::1",
            // translated, by two more prefixes
            "::ffff:0:7f00:1",
            "64:ff9b:1::7f00:1",
            // ISATAP
            "2606:4700::5efe:7f00:1",
            "2606:4700::200:5efe:7f00:1",
            // to nobody, segment routing, documentation, protocols
            "100::1",
            "5f00::1",
            "3fff::1",
            "3fff:fff::1",
            "2001:2::1",
            "2001:20::1",
            "4000::1",
            "192.88.99.1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "2a00:1450::1",
            "3ffe::1",
            "2606:4700::5efe",
        ] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }
}
