//! OpenSSF model signing: who vouches for the files of a model directory.
//!
//! A bundle is a Sigstore bundle (v0.3 JSON) around a DSSE envelope around an in-toto statement of predicate type
//! `https://model_signing/signature/v1.0`, signed with ECDSA P-256 over SHA-256. The tool `model_signing` reads and
//! writes the same form: `model_signing verify key DIR --signature DIR/model.sig --public_key KEY`.
//!
//! Invariant: [`verify`] returns only what the key signed, and every digest it returns is well formed.

mod bundle;
mod der;
mod pem;
#[cfg(feature = "sign")]
mod sign;

use p256::ecdsa::signature::Verifier;
#[cfg(feature = "sign")]
pub use sign::{public_key_pem, sign, signing_key_pem};
use thiserror::Error;

/// A signed file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Path within the signed directory, `/` between its parts.
    pub name: String,
    /// Lower-case hex SHA-256 of its bytes.
    pub sha256: String,
}

/// What a valid bundle vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The signed files in the order of their paths.
    pub resources: Vec<Resource>,
    /// Lower-case hex SHA-256 of the public key's SPKI DER.
    pub key_fingerprint: String,
}

/// Why a bundle was refused or not made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not a P-256 public key in PEM.
    #[error("the public key is not a P-256 key in PEM (SubjectPublicKeyInfo)")]
    PublicKey,
    /// Not a P-256 private key in PEM.
    #[error("the signing key is not a P-256 key in PEM (PKCS#8)")]
    SigningKey,
    /// The bundle does not have its form.
    #[error("the bundle is malformed: {0}")]
    Bundle(&'static str),
    /// The bundle names another key.
    #[error("the bundle was signed with another key")]
    OtherKey,
    /// The signature is not the key's.
    #[error("the signature does not match: the statement was changed or another key signed it")]
    Mismatch,
    /// The signed statement contradicts itself or is of another kind.
    #[error("the signed statement is refused: {0}")]
    Statement(&'static str),
    /// Files that can't be signed.
    #[error("resource \"{name}\" can't be signed: {problem}")]
    Resource {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Checks a bundle against a public key in PEM and returns what it vouches for.
///
/// The caller compares the digests with the files it holds.
pub fn verify(bundle_json: &str, public_key_pem: &str) -> Result<Verified, SignatureError> {
    let key = pem::PublicKey::from_pem(public_key_pem).ok_or(SignatureError::PublicKey)?;
    let verifier = key.verifier().ok_or(SignatureError::PublicKey)?;
    let envelope = bundle::Envelope::parse(bundle_json)?;
    if envelope.key_hint.is_some_and(|hint| hint != key.hint()) {
        return Err(SignatureError::OtherKey);
    }
    let signature =
        der::read(&envelope.signature).ok_or(SignatureError::Bundle("the signature is not DER"))?;
    verifier
        .verify(&bundle::signed_bytes(&envelope.payload), &signature)
        .map_err(|_| SignatureError::Mismatch)?;
    let resources = bundle::read_statement(&envelope.payload)?;
    Ok(Verified {
        resources,
        key_fingerprint: key.fingerprint(),
    })
}

#[cfg(test)]
mod tests;
