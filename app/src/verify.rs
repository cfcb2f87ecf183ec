//! Whether bytes are the model that the manifest names. Pure: what was fetched comes in, a model or a refusal
//! goes out.

use api_types::{ModelVersion, ServedModel};
use model_export::{FormatError, Model, Provenance, sha256_hex, signature};

/// A model that passed every check.
pub struct Checked {
    /// The model.
    pub model: Model,
    /// SHA-256 of the key whose signature was verified; `None` for an unsigned model.
    pub key_fingerprint: Option<String>,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are not the ones that were asked for.
    #[error("the file's SHA-256 is {found}, but the manifest names {expected}")]
    Digest {
        /// By the manifest.
        expected: String,
        /// Of the bytes.
        found: String,
    },
    /// The bundle or its signature is wrong.
    #[error("the signature does not hold: {0}")]
    Signature(#[from] signature::SignatureError),
    /// The signature is right, but for other files.
    #[error("the signature does not cover {name} with its digest")]
    NotCovered {
        /// The file as it should be named.
        name: String,
    },
    /// The bytes are no model.
    #[error("the file is not a usable model: {0}")]
    Format(#[from] FormatError),
    /// The file says that it comes from somewhere else.
    #[error("the file's own {field} is “{in_file}”, but the manifest says “{in_manifest}”")]
    Provenance {
        /// What differs.
        field: &'static str,
        /// By the manifest.
        in_manifest: String,
        /// By the file.
        in_file: String,
    },
}

/// Checks digest, signature (where the manifest names a bundle and a key), format and provenance, in that order.
pub fn check(bytes: &[u8], served: &ServedModel, bundle: Option<&str>) -> Result<Checked, Refusal> {
    let expected = &served.version.model_sha256;
    let found = sha256_hex(bytes);
    if &found != expected {
        return Err(Refusal::Digest {
            expected: expected.clone(),
            found,
        });
    }
    let key_fingerprint = match (bundle, &served.signing_key_pem) {
        (Some(bundle), Some(key)) => {
            let verified = signature::verify(bundle, key)?;
            let name = format!("{found}.leaf");
            if !verified
                .resources
                .iter()
                .any(|resource| resource.name == name && resource.sha256 == found)
            {
                return Err(Refusal::NotCovered { name });
            }
            Some(verified.key_fingerprint)
        }
        _ => None,
    };
    let model = Model::from_bytes(bytes)?;
    same_origin(model.provenance(), &served.version)?;
    Ok(Checked {
        model,
        key_fingerprint,
    })
}

fn same_origin(file: &Provenance, manifest: &ModelVersion) -> Result<(), Refusal> {
    let fields = [
        ("model name", &manifest.model_name, &file.model_name),
        ("experiment", &manifest.experiment_name, &file.experiment_name),
        ("run id", &manifest.run_id, &file.run_id),
        ("run name", &manifest.run_name, &file.run_name),
        ("booster SHA-256", &manifest.booster_sha256, &file.booster_sha256),
        ("dataset name", &manifest.dataset_name, &file.dataset_name),
        ("dataset digest", &manifest.dataset_digest, &file.dataset_digest),
    ];
    for (field, in_manifest, in_file) in fields {
        if in_manifest != in_file {
            return Err(Refusal::Provenance {
                field,
                in_manifest: in_manifest.clone(),
                in_file: in_file.clone(),
            });
        }
    }
    // The file names the run's artifacts, the manifest the model's directory in them.
    if !is_within(&manifest.artifact_uri, &file.artifact_uri) {
        return Err(Refusal::Provenance {
            field: "artifact URI",
            in_manifest: manifest.artifact_uri.clone(),
            in_file: file.artifact_uri.clone(),
        });
    }
    if manifest.trained_at_ms != file.trained_at_ms {
        return Err(Refusal::Provenance {
            field: "time of training",
            in_manifest: manifest.trained_at_ms.to_string(),
            in_file: file.trained_at_ms.to_string(),
        });
    }
    Ok(())
}

/// Whether a place is in a folder, by what names the folder within its store: a store can move with all that is in it.
fn is_within(place: &str, folder: &str) -> bool {
    let (place, folder) = (place.as_bytes(), folder.trim_end_matches('/').as_bytes());
    let mut slashes = 0;
    let third_last = folder.iter().rposition(|byte| {
        slashes += u8::from(*byte == b'/');
        slashes == 3
    });
    let name = &folder[third_last.unwrap_or(0)..];
    (0..place.len()).any(|at| {
        let rest = place[at..].strip_prefix(name);
        rest.is_some_and(|rest| rest.first().is_none_or(|next| *next == b'/'))
    })
}
