//! Results as lines of text. A number is written in the fewest digits that give the same bits again.

use std::io::Write;

use anyhow::Result;

use super::{Columns, Field, Results};

/// The columns' names, quoted where needed.
pub(super) fn head(names: &[String], separator: u8) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .from_writer(Vec::new());
    writer.write_record(names)?;
    Ok(writer.into_inner().map_err(|error| error.into_error())?)
}

/// A line a row; as many numbers as `width` in each.
pub(super) fn separated(results: &Results, width: usize, separator: u8) -> Vec<u8> {
    let mut text = Vec::with_capacity(results.values.len() * 12);
    for row in results.values.chunks_exact(width) {
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                text.push(separator);
            }
            push(&mut text, format_args!("{value}"));
        }
        text.push(b'\n');
    }
    text
}

/// A JSON object a row.
pub(super) fn json_lines(results: &Results, fields: &[Field], unit: &str) -> Vec<u8> {
    let width: usize = fields.iter().map(Field::width).sum();
    let mut text = Vec::with_capacity(results.values.len() * 20);
    for (row, number) in results.values.chunks_exact(width).zip(&results.numbers) {
        push(&mut text, format_args!("{{\"{unit}\":{number}"));
        let mut values = row;
        for field in fields {
            let own;
            (own, values) = values.split_at(field.width());
            push(&mut text, format_args!(",\"{}\":", field.name));
            match &field.columns {
                Columns::One => push_number(&mut text, own[0]),
                Columns::Numbered(..) => list(&mut text, b"[]", own, |_, _| {}),
                Columns::Named(names) => list(&mut text, b"{}", own, |text, index| {
                    push(
                        text,
                        format_args!("{}:", serde_json::Value::from(names[index].as_str())),
                    );
                }),
            }
        }
        text.extend(b"}\n");
    }
    text
}

fn list(text: &mut Vec<u8>, brackets: &[u8; 2], values: &[f32], key: impl Fn(&mut Vec<u8>, usize)) {
    text.push(brackets[0]);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        key(text, index);
        push_number(text, *value);
    }
    text.push(brackets[1]);
}

/// JSON has no infinities.
fn push_number(text: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        push(text, format_args!("{value}"));
    } else {
        text.extend(b"null");
    }
}

fn push(text: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    // Writing to a vector does not fail.
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_numbers_arrays_and_objects() {
        let fields = [
            Field::one("margin"),
            Field {
                name: "probabilities".to_owned(),
                columns: Columns::Numbered("probability", 2),
            },
            Field {
                name: "contributions".to_owned(),
                columns: Columns::Named(vec!["a \"b\"".to_owned()]),
            },
        ];
        let results = Results {
            values: vec![0.5, 1e-9, f32::INFINITY, -2.0],
            numbers: vec![7],
        };
        assert_eq!(
            String::from_utf8(json_lines(&results, &fields, "line")).unwrap(),
            "{\"line\":7,\"margin\":0.5,\"probabilities\":[0.000000001,null],\"contributions\":{\"a \\\"b\\\"\":-2}}\n"
        );
        assert_eq!(separated(&results, 2, b','), b"0.5,0.000000001\ninf,-2\n");
        assert_eq!(
            head(&["a".to_owned(), "b,c".to_owned()], b',').unwrap(),
            b"a,\"b,c\"\n"
        );
    }
}
