//! Key pairs for signing models: ECDSA on P-256, in PEM.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use p256::SecretKey;
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};

/// The private key's file name.
pub const SIGNING_KEY_FILE: &str = "signing.pem";
/// The public key's file name.
pub const VERIFICATION_KEY_FILE: &str = "verification.pem";

/// The two files of a key pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// PKCS#8, readable by its owner only.
    pub signing_key: PathBuf,
    /// SubjectPublicKeyInfo.
    pub verification_key: PathBuf,
}

/// A key pair that can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A file is there already, or can't be written.
    #[error("{path}: can't be created")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The system has no randomness.
    #[error("no randomness for a key: {0}")]
    Randomness(String),
    /// The key can't be written as PEM.
    #[error("the key can't be encoded: {0}")]
    Encode(String),
}

/// Makes a new key pair in `folder`. Never overwrites a file.
pub fn generate(folder: &Path) -> Result<KeyFiles, KeysError> {
    let secret = random_secret()?;
    let signing_pem = secret
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|e| KeysError::Encode(e.to_string()))?;
    let verification_pem = secret
        .public_key()
        .to_public_key_pem(LineEnding::LF)
        .map_err(|e| KeysError::Encode(e.to_string()))?;
    let files = KeyFiles {
        signing_key: folder.join(SIGNING_KEY_FILE),
        verification_key: folder.join(VERIFICATION_KEY_FILE),
    };
    std::fs::create_dir_all(folder).map_err(|source| file_error(folder, source))?;
    // Both are created before either is written, so that no half of a pair is left beside another's half.
    let mut signing = create(&files.signing_key, 0o600)?;
    let mut verification = match create(&files.verification_key, 0o644) {
        Ok(file) => file,
        Err(error) => {
            let _ = std::fs::remove_file(&files.signing_key);
            return Err(error);
        }
    };
    let path = &files.signing_key;
    signing
        .write_all(signing_pem.as_bytes())
        .map_err(|source| file_error(path, source))?;
    let path = &files.verification_key;
    verification
        .write_all(verification_pem.as_bytes())
        .map_err(|source| file_error(path, source))?;
    Ok(files)
}

fn random_secret() -> Result<SecretKey, KeysError> {
    loop {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|e| KeysError::Randomness(e.to_string()))?;
        // Fails, with probability 2^-32, for numbers outside the group's order.
        if let Ok(secret) = SecretKey::from_slice(&bytes) {
            return Ok(secret);
        }
    }
}

fn create(path: &Path, mode: u32) -> Result<File, KeysError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> KeysError {
    KeysError::File {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_signs_and_verifies_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let files = generate(folder.path()).unwrap();
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        let (signing, verification) = (read(&files.signing_key), read(&files.verification_key));
        let resource = model_export::signature::Resource {
            name: "a".into(),
            sha256: "0".repeat(64),
        };
        let bundle = model_export::signature::sign("m", std::slice::from_ref(&resource), &signing).unwrap();
        let verified = model_export::signature::verify(&bundle, &verification).unwrap();
        assert_eq!(verified.resources, [resource]);
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&files.signing_key.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(generate(folder.path()).is_err());
        assert_eq!(read(&files.signing_key), signing);
        std::fs::remove_file(&files.signing_key).unwrap();
        assert!(generate(folder.path()).is_err());
        assert!(!files.signing_key.exists(), "half a pair was left");
    }
}
