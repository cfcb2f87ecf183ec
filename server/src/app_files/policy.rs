//! The content security policy of the app.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// For files that aren't pages, such as workers.
pub(super) const OF_FILES: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

/// For a page: scripts and styles come from this server or are the inline ones of this very page.
pub(super) fn of_page(html: &str) -> String {
    let digests = |element| -> String {
        inline(html, element)
            .map(|text| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(text))))
            .collect()
    };
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{}; style-src 'self'{}; \
         style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
         worker-src 'self' blob:; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
        digests("script"),
        digests("style"),
    )
}

/// The texts of the elements of this name that have no `src`.
fn inline<'a>(html: &'a str, element: &'static str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{element}"), format!("</{element}"));
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.find(&open)? + open.len()..];
            let (attributes, content) = rest.split_once('>')?;
            let text = &content[..content.find(&close)?];
            rest = &content[text.len()..];
            let is_element =
                attributes.is_empty() || attributes.starts_with(|c: char| c.is_ascii_whitespace());
            let has_source = attributes
                .split_ascii_whitespace()
                .any(|attribute| attribute.starts_with("src="));
            if is_element && !has_source {
                return Some(text);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_and_styles_are_named_by_digest_and_others_not() {
        let html = "<head><script src=\"app.js\"></script><style>body{}</style><scripture>no</scripture>\
            <script type=\"module\">alert(1)</script></head>";
        let policy = of_page(html);
        let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        assert!(
            policy.contains(&format!(
                "script-src 'self' 'wasm-unsafe-eval' {};",
                digest("alert(1)")
            )),
            "{policy}"
        );
        assert!(
            policy.contains(&format!("style-src 'self' {};", digest("body{}"))),
            "{policy}"
        );
        assert!(!policy.contains(&digest("")), "{policy}");
    }
}
