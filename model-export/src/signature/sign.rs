//! Writing bundles.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use serde_json::json;

use super::bundle::{self, MEDIA_TYPE, PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE};
use super::pem::PublicKey;
use super::{Resource, SignatureError};
use crate::digest::digest_from_hex;

/// Signs `resources` with a PKCS#8 P-256 key and returns the bundle's JSON.
///
/// The resources may come in any order. Nonces follow RFC 6979, so the same input gives the same bundle. The
/// statement tells verifiers to ignore `model.sig`, where the bundle itself is meant to be stored.
pub fn sign(
    model_name: &str,
    resources: &[Resource],
    signing_key_pem: &str,
) -> Result<String, SignatureError> {
    let key = signing_key(signing_key_pem)?;
    let mut resources = resources.to_vec();
    resources.sort_by(|left, right| bundle::parts(left).cmp(bundle::parts(right)));
    for (index, resource) in resources.iter().enumerate() {
        let repeated = index > 0 && resources[index - 1].name == resource.name;
        let problem = bundle::problem_of(&resource.name)
            .or(repeated.then_some("the name is there twice"))
            .or(digest_from_hex(&resource.sha256)
                .is_none()
                .then_some("the digest is not a SHA-256 in hex"));
        if let Some(problem) = problem {
            return Err(SignatureError::Resource {
                name: resource.name.clone(),
                problem,
            });
        }
    }
    let listed: Vec<_> = resources
        .iter()
        .map(|resource| json!({ "name": resource.name, "algorithm": "sha256", "digest": resource.sha256 }))
        .collect();
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": [{ "name": model_name, "digest": { "sha256": bundle::root_digest(&resources) } }],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": false,
                "ignore_paths": ["model.sig"],
            },
            "resources": listed,
        },
    });
    let payload = statement.to_string().into_bytes();
    let signature: Signature = key.sign(&bundle::signed_bytes(&payload));
    let bundle = json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": { "hint": public_key(&key)?.hint() },
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": STANDARD.encode(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{ "sig": STANDARD.encode(signature.to_der().as_bytes()), "keyid": "" }],
        },
    });
    Ok(bundle.to_string())
}

/// The public key, in PEM, that belongs to a PKCS#8 P-256 key.
pub fn public_key_pem(signing_key_pem: &str) -> Result<String, SignatureError> {
    Ok(public_key(&signing_key(signing_key_pem)?)?.to_pem())
}

/// The PKCS#8 PEM of the key whose scalar is `secret`, which the caller has drawn at random.
pub fn signing_key_pem(secret: &[u8; 32]) -> Result<String, SignatureError> {
    let key = SecretKey::from_slice(secret).map_err(|_| SignatureError::SigningKey)?;
    let pem = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|_| SignatureError::SigningKey)?;
    Ok(pem.as_str().to_owned())
}

fn signing_key(pem: &str) -> Result<SigningKey, SignatureError> {
    SigningKey::from_pkcs8_pem(pem).map_err(|_| SignatureError::SigningKey)
}

fn public_key(key: &SigningKey) -> Result<PublicKey, SignatureError> {
    PublicKey::from_point(key.verifying_key().to_sec1_point(false).as_bytes())
        .ok_or(SignatureError::SigningKey)
}
