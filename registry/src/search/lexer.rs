//! Cuts a filter into tokens. Every character belongs to a token or is white space, and quotes protect everything.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, dotted and quoted or not: `metrics.auc`, `` tags.`a b` ``, `"run name"`.
    Identifier,
    /// A bare word that means something: `AND`, `OR`, `NOT`, `IN`, `IS`, `NULL`, `LIKE`, `ILIKE`.
    Keyword,
    /// In single quotes.
    Text,
    Integer,
    Real,
    /// A run of `<`, `>`, `=`, `!` and `~`.
    Operator,
    /// From a parenthesis to the one that closes it.
    Parenthesis,
    Semicolon,
    /// Anything else.
    Other,
}

/// A piece of the filter, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        self.kind == Kind::Keyword && self.text.eq_ignore_ascii_case(word)
    }
}

const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "null", "like", "ilike"];

/// All tokens of `text`, in their order.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (kind, length) = token(first, rest);
        let (text, after) = rest.split_at(length.max(first.len_utf8()));
        tokens.push(Token { kind, text });
        rest = after.trim_start();
    }
    tokens
}

fn token(first: char, rest: &str) -> (Kind, usize) {
    match first {
        '\'' => match quoted(rest, '\'') {
            Some(length) => (Kind::Text, length),
            None => (Kind::Other, rest.len()),
        },
        '(' => (Kind::Parenthesis, parenthesis(rest)),
        ';' => (Kind::Semicolon, 1),
        '<' | '>' | '=' | '!' | '~' => (Kind::Operator, span(rest, |c| "<>=!~".contains(c))),
        '0'..='9' => number(rest),
        '-' | '+' if rest[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.') => number(rest),
        '"' | '`' => identifier(rest),
        first if is_name(first) => identifier(rest),
        first => (Kind::Other, first.len_utf8()),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn identifier(rest: &str) -> (Kind, usize) {
    let mut length = 0;
    loop {
        let part = &rest[length..];
        length += match part.chars().next() {
            Some(quote @ ('"' | '`')) => match quoted(part, quote) {
                Some(length) => length,
                None => return (Kind::Other, rest.len()),
            },
            _ => span(part, is_name),
        };
        if !rest[length..].starts_with('.') {
            break;
        }
        length += 1;
    }
    let text = &rest[..length];
    if KEYWORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return (Kind::Keyword, length);
    }
    (Kind::Identifier, length)
}

/// `12`, `-1`, `0.5`, `1e-3`; a name that begins with a digit is none.
fn number(rest: &str) -> (Kind, usize) {
    let digits = |at: usize| span(&rest[at..], |c| c.is_ascii_digit());
    let mut kind = Kind::Integer;
    let mut length = usize::from(rest.starts_with(['-', '+']));
    length += digits(length);
    if rest[length..].starts_with('.') {
        kind = Kind::Real;
        length += 1;
        length += digits(length);
    }
    if rest[length..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[length + 1..].starts_with(['-', '+']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            kind = Kind::Real;
            length += 1 + sign + exponent;
        }
    }
    let tail = span(&rest[length..], is_name);
    if tail > 0 {
        return (Kind::Other, length + tail);
    }
    (kind, length)
}

/// The length up to the closing quote, which a doubled one isn't.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut from = 1;
    loop {
        let end = from + rest[from..].find(quote)? + 1;
        if !rest[end..].starts_with(quote) {
            return Some(end);
        }
        from = end + 1;
    }
}

fn parenthesis(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(c) = rest[at..].chars().next() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\'' | '"' | '`' => at += quoted(&rest[at..], c).map_or(0, |length| length - 1),
            _ => {}
        }
        at += c.len_utf8();
        if depth == 0 {
            break;
        }
    }
    at
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_token() {
        use Kind::{Identifier, Integer, Keyword, Operator, Other, Parenthesis, Real, Semicolon, Text};
        for (text, expected) in [
            (
                "metrics.auc>=1e-3",
                vec![(Identifier, "metrics.auc"), (Operator, ">="), (Real, "1e-3")],
            ),
            (
                "a = -1",
                vec![(Identifier, "a"), (Operator, "="), (Integer, "-1")],
            ),
            (
                "tags.`a 'b.c` LIKE 'it''s'",
                vec![
                    (Identifier, "tags.`a 'b.c`"),
                    (Keyword, "LIKE"),
                    (Text, "'it''s'"),
                ],
            ),
            (
                "\"run name\" != \"x\"",
                vec![
                    (Identifier, "\"run name\""),
                    (Operator, "!="),
                    (Identifier, "\"x\""),
                ],
            ),
            (
                "run_id not IN ('a)', 'b') ;",
                vec![
                    (Identifier, "run_id"),
                    (Keyword, "not"),
                    (Keyword, "IN"),
                    (Parenthesis, "('a)', 'b')"),
                    (Semicolon, ";"),
                ],
            ),
            (
                "tags.and IS NULL",
                vec![(Identifier, "tags.and"), (Keyword, "IS"), (Keyword, "NULL")],
            ),
            (
                "a.b-c",
                vec![(Identifier, "a.b"), (Other, "-"), (Identifier, "c")],
            ),
            ("'open", vec![(Other, "'open")]),
            ("1x .", vec![(Other, "1x"), (Other, ".")]),
            ("((a", vec![(Parenthesis, "((a")]),
            (
                "ключ = 'é'",
                vec![(Identifier, "ключ"), (Operator, "="), (Text, "'é'")],
            ),
            ("  ", vec![]),
        ] {
            let found: Vec<(Kind, &str)> = tokens(text).iter().map(|t| (t.kind, t.text)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn no_text_panics() {
        let alphabet = [
            "'", "\"", "`", "(", ")", ".", "-", "+", "e", "1", "é", " ", "=", "a", ";", "!",
        ];
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(alphabet[(state >> 33) as usize % alphabet.len()]);
            }
            let together: usize = tokens(&text).iter().map(|token| token.text.len()).sum();
            assert!(together <= text.len());
        }
    }
}
