//! Times as callers write them.

/// Milliseconds since the epoch, written so or as RFC 3339 (`2026-11-23T06:24:01.5Z`, `…+01:00`).
pub(super) fn parse(text: &str) -> Option<i64> {
    if let Ok(at_ms) = text.parse() {
        return Some(at_ms);
    }
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    // A `+` in a query that wasn't escaped arrives as a space.
    let zone_at = time.find(['Z', 'z', '+', '-', ' '])?;
    let (clock, zone) = time.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let in_range = (1..=12).contains(&month) && day >= 1 && day <= days_of(year, month);
    if !in_range || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    let offset = match zone {
        "Z" | "z" => 0,
        zone => {
            let [hours, minutes] = numbers(&zone[1..], ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = hours * 60 + minutes;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let minutes = days(year, month, day) * 1440 + hour * 60 + minute - offset;
    Some((minutes * 60 + second) * 1000 + thousandths)
}

fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let years = before * 365 + before / 4 - before / 100 + before / 400;
    let months: i64 = (1..month).map(|month| days_of(year, month)).sum();
    years + months + day - 1 - 719_162
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn times_are_numbers_or_rfc_3339() {
        for (text, expected) in [
            ("1795415041865", Some(1_795_415_041_865)),
            ("-5", Some(-5)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00.25z", Some(951_825_600_250)),
            ("2026-11-23T07:24:01+01:00", Some(1_795_415_041_000)),
            ("2026-11-23T07:24:01 01:00", Some(1_795_415_041_000)),
            ("2026-11-23T05:24:01.0019-01:00", Some(1_795_415_041_001)),
            ("2026-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-11-23", None),
            ("2026-11-23T06:24:01", None),
            ("2026-11-23T25:24:01Z", None),
            ("2026-11-23T06:24:01.Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
