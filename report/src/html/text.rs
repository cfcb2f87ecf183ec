//! Texts and numbers as HTML shows them.

use std::fmt;

/// A text that is not markup, for elements and for attributes in double quotes.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (plain, special) = rest.split_at(at);
            f.write_str(plain)?;
            f.write_str(match special.as_bytes()[0] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &special[1..];
        }
        f.write_str(rest)
    }
}

/// A number with so many digits after the point.
pub(super) fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        // Rounded to nothing, it has no sign.
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// As [`fixed`], with a sign, but for nothing.
pub(super) fn signed(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    match text.starts_with('−') || text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        true => text,
        false => format!("+{text}"),
    }
}

/// A count with a comma every three digits.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number on an axis: as short as it can be.
pub(super) fn tick(value: f64) -> String {
    // Multiples of a step aren't exact.
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        text => text.replace('-', "−"),
    }
}

/// As much of a name as a chart has place for.
pub(super) fn shortened(name: &str, longest: usize) -> String {
    if name.chars().count() <= longest {
        return name.to_owned();
    }
    let start: String = name.chars().take(longest - 1).collect();
    start + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            Text("<b>\"A&B's\"</b>ä").to_string(),
            "&lt;b&gt;&quot;A&amp;B&#39;s&quot;&lt;/b&gt;ä"
        );
    }

    #[test]
    fn numbers() {
        assert_eq!(
            ["0.00", "−0.13", "12.30"],
            [-0.004, -0.125_01, 12.3].map(|value| fixed(value, 2))
        );
        assert_eq!(
            ["0.0", "+0.2", "−0.2"],
            [-0.01, 0.2, -0.2].map(|value| signed(value, 1))
        );
        assert_eq!(
            ["0", "999", "1,000", "12,345,678"],
            [0, 999, 1_000, 12_345_678].map(count)
        );
        assert_eq!(
            ["0", "0.3", "−2", "1000"],
            [-0.0, 0.300_000_000_4, -2.0, 1000.0].map(tick)
        );
        assert_eq!(
            (
                shortened("C26_mean", 8).as_str(),
                shortened("C26_log_count", 8).as_str()
            ),
            ("C26_mean", "C26_log…")
        );
    }
}
