//! The JSON of a bundle and of the statement in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Resource, SignatureError};
use crate::digest::{digest_from_hex, sha256_hex};
use crate::json::Value;

pub(super) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
pub(super) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
pub(super) const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";

/// The parts of a bundle that verification needs.
pub(super) struct Envelope {
    /// Names the key, where the bundle does.
    pub(super) key_hint: Option<String>,
    pub(super) payload: Vec<u8>,
    /// DER.
    pub(super) signature: Vec<u8>,
}

impl Envelope {
    pub(super) fn parse(json: &str) -> Result<Self, SignatureError> {
        let malformed = SignatureError::Bundle;
        let bundle = Value::parse(json.as_bytes()).map_err(|_| malformed("it is not JSON"))?;
        if bundle["mediaType"].as_str() != Some(MEDIA_TYPE) {
            return Err(malformed("it is not a Sigstore bundle v0.3"));
        }
        let envelope = &bundle["dsseEnvelope"];
        if envelope["payloadType"].as_str() != Some(PAYLOAD_TYPE) {
            return Err(malformed("the payload is not an in-toto statement"));
        }
        let Some([signature]) = envelope["signatures"].items() else {
            return Err(malformed("there is not exactly one signature"));
        };
        let bytes = |value: &Value| value.as_str().and_then(|text| STANDARD.decode(text).ok());
        let hint = bundle["verificationMaterial"]["publicKey"]["hint"].as_str();
        Ok(Self {
            key_hint: hint.filter(|hint| !hint.is_empty()).map(str::to_owned),
            payload: bytes(&envelope["payload"]).ok_or(malformed("the payload is not base64"))?,
            signature: bytes(&signature["sig"]).ok_or(malformed("the signature is not base64"))?,
        })
    }
}

/// What is signed: DSSE's pre-authentication encoding of the payload.
pub(super) fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    let mut bytes = [
        "DSSEv1",
        &PAYLOAD_TYPE.len().to_string(),
        PAYLOAD_TYPE,
        &payload.len().to_string(),
        "",
    ]
    .join(" ")
    .into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// The resources of a statement, after checking that it is one and agrees with itself.
pub(super) fn read_statement(payload: &[u8]) -> Result<Vec<Resource>, SignatureError> {
    let refused = SignatureError::Statement;
    let statement = Value::parse(payload).map_err(|_| refused("it is not JSON"))?;
    if statement["_type"].as_str() != Some(STATEMENT_TYPE)
        || statement["predicateType"].as_str() != Some(PREDICATE_TYPE)
    {
        return Err(refused("it is not a model signature v1.0"));
    }
    let predicate = &statement["predicate"];
    let serialization = &predicate["serialization"];
    if serialization["method"].as_str() != Some("files")
        || serialization["hash_type"].as_str() != Some("sha256")
    {
        return Err(refused("it does not list the SHA-256 of whole files"));
    }
    let listed = predicate["resources"]
        .items()
        .ok_or(refused("it lists no resources"))?;
    let mut resources: Vec<Resource> = Vec::with_capacity(listed.len());
    for entry in listed {
        let (Some(name), Some(sha256)) = (entry["name"].as_str(), entry["digest"].as_str()) else {
            return Err(refused("a resource has no name or no digest"));
        };
        if entry["algorithm"].as_str() != Some("sha256") || digest_from_hex(sha256).is_none() {
            return Err(refused("a digest is not a SHA-256"));
        }
        if let Some(problem) = problem_of(name) {
            return Err(refused(problem));
        }
        resources.push(Resource {
            name: name.to_owned(),
            sha256: sha256.to_owned(),
        });
    }
    if !resources.is_sorted_by(|left, right| parts(left).lt(parts(right))) {
        return Err(refused("the resources are not in ascending order of their paths"));
    }
    let Some([subject]) = statement["subject"].items() else {
        return Err(refused("there is not exactly one subject"));
    };
    if subject["digest"]["sha256"].as_str() != Some(root_digest(&resources).as_str()) {
        return Err(refused("the subject's digest is not that of the resources"));
    }
    Ok(resources)
}

/// The SHA-256 of all digests after one another.
pub(super) fn root_digest(resources: &[Resource]) -> String {
    let digests = resources
        .iter()
        .filter_map(|resource| digest_from_hex(&resource.sha256));
    sha256_hex(&digests.flatten().collect::<Vec<u8>>())
}

/// The parts of a path: model signing sorts by them, not by the whole text.
pub(super) fn parts(resource: &Resource) -> impl Iterator<Item = &str> {
    resource.name.split('/')
}

/// Why a path is not one within a directory.
pub(super) fn problem_of(name: &str) -> Option<&'static str> {
    let bad = |part: &str| part.is_empty() || part == "." || part == "..";
    name.split('/')
        .any(bad)
        .then_some("a name is not a path within the model directory")
}
