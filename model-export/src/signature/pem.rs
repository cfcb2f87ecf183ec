//! Public keys: PEM to the point on the curve, and what names the key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::AffinePoint;
use p256::ecdsa::VerifyingKey;
use p256::elliptic_curve::point::AffineCoordinates;

use crate::digest::sha256_hex;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// DER of a SubjectPublicKeyInfo of id-ecPublicKey on prime256v1, up to the 65 bytes of an uncompressed point.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// The first byte of a point whose both coordinates follow.
const UNCOMPRESSED: u8 = 0x04;
const COORDINATE_BYTES: usize = 32;
const POINT_BYTES: usize = 1 + 2 * COORDINATE_BYTES;

/// A P-256 public key as SPKI DER. Whether the point is on the curve is not checked here.
pub(super) struct PublicKey([u8; SPKI_PREFIX.len() + POINT_BYTES]);

impl PublicKey {
    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        let (_, rest) = pem.split_once(BEGIN)?;
        let (body, _) = rest.split_once(END)?;
        let digits: String = body
            .chars()
            .filter(|character| !character.is_ascii_whitespace())
            .collect();
        let der: [u8; SPKI_PREFIX.len() + POINT_BYTES] = STANDARD.decode(digits).ok()?.try_into().ok()?;
        der.starts_with(&SPKI_PREFIX).then_some(Self(der))
    }

    #[cfg(feature = "sign")]
    pub(super) fn from_point(point: &[u8]) -> Option<Self> {
        [&SPKI_PREFIX[..], point].concat().try_into().ok().map(Self)
    }

    /// Verifies signatures; `None` if the point is not on the curve.
    pub(super) fn verifier(&self) -> Option<VerifyingKey> {
        let coordinates = self.0[SPKI_PREFIX.len()..].strip_prefix(&[UNCOMPRESSED])?;
        let (x, y) = coordinates.split_at(COORDINATE_BYTES);
        let (x, y) = (x.try_into().ok()?, y.try_into().ok()?);
        // Rather than from SEC1 bytes, whose other forms need a square root's code.
        let point = AffinePoint::from_coordinates(x, y).into_option()?;
        VerifyingKey::from_affine(point).ok()
    }

    /// SHA-256 of the DER.
    pub(super) fn fingerprint(&self) -> String {
        sha256_hex(&self.0)
    }

    /// SHA-256 of the PEM text with 64 digits a line, by which model signing names a key.
    pub(super) fn hint(&self) -> String {
        sha256_hex(self.to_pem().as_bytes())
    }

    pub(super) fn to_pem(&self) -> String {
        let digits = STANDARD.encode(self.0);
        let (first, second) = digits.split_at(64);
        [BEGIN, first, second, END, ""].join("\n")
    }
}
