//! The few facts that we read out of our own certificates and keys (DER, X.690).

use std::net::{Ipv4Addr, Ipv6Addr};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `subjectAltName`, 2.5.29.17.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];

/// Reads elements one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let digits = usize::from(first & 0x7f);
            if digits == 0 || digits > 4 {
                return None;
            }
            let (digits, rest) = rest.split_at_checked(digits)?;
            let length = digits
                .iter()
                .fold(0usize, |length, digit| (length << 8) | usize::from(*digit));
            (length, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

fn inside(bytes: &[u8], wanted: u8) -> Option<Elements<'_>> {
    match Elements(bytes).next() {
        Some((tag, content)) if tag == wanted => Some(Elements(content)),
        _ => None,
    }
}

/// The fields of the part that is signed, without the version: serial number, algorithm, issuer, validity, subject, key …
fn fields(certificate: &[u8]) -> Option<impl Iterator<Item = (u8, &[u8])>> {
    let (_, signed) = inside(certificate, SEQUENCE)?.next()?;
    Some(Elements(signed).skip_while(|(tag, _)| *tag == 0xa0))
}

/// The end of the certificate's validity, in seconds since 1970.
pub(crate) fn not_after(certificate: &[u8]) -> Option<u64> {
    let (_, validity) = fields(certificate)?.nth(3)?;
    let (tag, text) = Elements(validity).nth(1)?;
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        // RFC 5280: two digits below 50 are of this century.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let end = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", &text).ok()?;
    let end = end.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    u64::try_from(end.timestamp().as_second()).ok()
}

/// The `RSAPublicKey` (RFC 8017) inside the certificate; `None` if its key is of another kind.
pub(crate) fn rsa_public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, info) = fields(certificate)?.nth(5)?;
    let mut parts = Elements(info);
    let (_, algorithm) = parts.next().filter(|(tag, _)| *tag == SEQUENCE)?;
    let (tag, name) = Elements(algorithm).next()?;
    let (kind, bits) = parts.next()?;
    let is_rsa = tag == OBJECT_IDENTIFIER && name == RSA_ENCRYPTION && kind == BIT_STRING;
    let (unused, key) = bits.split_first().filter(|_| is_rsa)?;
    (*unused == 0 && rsa_numbers(key).is_some()).then_some(key)
}

/// The DNS names and addresses of the certificate's `subjectAltName`.
pub(crate) fn names(certificate: &[u8]) -> Option<Vec<String>> {
    let (_, extensions) = fields(certificate)?.find(|(tag, _)| *tag == 0xa3)?;
    let value = inside(extensions, SEQUENCE)?.find_map(|(_, extension)| {
        let mut parts = Elements(extension);
        (parts.next()?.1 == SUBJECT_ALT_NAME)
            .then(|| parts.last())
            .flatten()
    })?;
    inside(value.1, SEQUENCE)?
        .map(|(tag, name)| match tag {
            0x82 => String::from_utf8(name.to_vec()).ok(),
            0x87 => match name.len() {
                4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(name).ok()?).to_string()),
                16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(name).ok()?).to_string()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017), without leading zeros.
pub(crate) fn rsa_numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut numbers = inside(key, SEQUENCE)?;
    let mut number = || match numbers.next() {
        Some((INTEGER, bytes)) => {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.get(zeros..)
        }
        _ => None,
    };
    Some((number()?, number()?))
}
