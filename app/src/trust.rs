//! Which signing key this device trusts: the first it saw, until a person says otherwise.
//!
//! The key comes from where the model comes from, so a signature alone proves little. What a device can notice
//! is a change: another key, or no signature where there used to be one. Either holds the model back.

/// How a model's signature stands to what this device saw before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Signed by the key this device knows.
    Known,
    /// Signed, and no key was known: this one is from now on.
    FirstUse,
    /// Not signed, and no key was known.
    Unsigned,
    /// Signed by another key than the one known.
    Changed {
        /// The fingerprint known until now.
        pinned: String,
    },
    /// Not signed, though a key is known.
    Missing {
        /// The fingerprint known until now.
        pinned: String,
    },
}

impl Trust {
    /// Judges what a model presents (its verified key's fingerprint, if signed) by what is pinned.
    pub fn judge(pinned: Option<&str>, presented: Option<&str>) -> Trust {
        match (pinned, presented) {
            (None, None) => Trust::Unsigned,
            (None, Some(_)) => Trust::FirstUse,
            (Some(pinned), Some(presented)) if pinned == presented => Trust::Known,
            (Some(pinned), Some(_)) => Trust::Changed {
                pinned: pinned.to_owned(),
            },
            (Some(pinned), None) => Trust::Missing {
                pinned: pinned.to_owned(),
            },
        }
    }

    /// Whether the model must not predict before a person has agreed.
    pub fn holds_back(&self) -> bool {
        matches!(self, Trust::Changed { .. } | Trust::Missing { .. })
    }
}

/// What a person typed or pasted as a fingerprint, in the form the page has it: lower-case hexadecimal digits
/// without the colons or spaces that other programs put between them. `None` if it isn't a SHA-256.
pub fn parse_fingerprint(text: &str) -> Option<String> {
    let digits: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_ascii_whitespace() && *c != ':')
        .collect::<String>()
        .to_ascii_lowercase();
    (digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_every_case() {
        let pinned = || "a".to_owned();
        for (known, presented, trust, holds_back) in [
            (None, None, Trust::Unsigned, false),
            (None, Some("a"), Trust::FirstUse, false),
            (Some("a"), Some("a"), Trust::Known, false),
            (Some("a"), Some("b"), Trust::Changed { pinned: pinned() }, true),
            (Some("a"), None, Trust::Missing { pinned: pinned() }, true),
        ] {
            let judged = Trust::judge(known, presented);
            assert_eq!(judged, trust);
            assert_eq!(judged.holds_back(), holds_back);
        }
    }

    #[test]
    fn reads_fingerprints_as_people_paste_them() {
        let plain = "0a".repeat(32);
        let colons = ["0A"; 32].join(":");
        assert_eq!(parse_fingerprint(&format!(" {plain}\n")), Some(plain.clone()));
        assert_eq!(parse_fingerprint(&colons), Some(plain.clone()));
        for wrong in ["", "0a", &plain[1..], &format!("{plain}0"), &"g0".repeat(32)] {
            assert_eq!(parse_fingerprint(wrong), None, "{wrong}");
        }
    }
}
