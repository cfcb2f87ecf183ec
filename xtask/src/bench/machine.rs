//! What the numbers were measured on.

use std::fs;
use std::process::Command;

use crate::process;

/// One line: processor and its vector units, cores, memory, system.
pub(super) fn describe() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let cores = processor
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let flags = field(&processor, "flags", ':').unwrap_or_default();
    let vectors: Vec<&str> = ["avx2", "avx512bw", "asimd"]
        .into_iter()
        .filter(|unit| flags.split(' ').any(|flag| flag == *unit))
        .collect();
    let kilobytes = field(&memory, "MemTotal", ':')
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .unwrap_or(0);
    format!(
        "{} (family {}, model {}; {}), {cores} cores, {} GiB of memory, {}, Linux {}",
        field(&processor, "model name", ':').unwrap_or("unknown processor"),
        field(&processor, "cpu family", ':').unwrap_or("?"),
        field(&processor, "model", ':').unwrap_or("?"),
        vectors.join(", "),
        kilobytes.div_ceil(1 << 20),
        field(&release, "PRETTY_NAME", '=')
            .unwrap_or("unknown system")
            .trim_matches('"'),
        said(Command::new("uname").arg("-r")),
    )
}

/// Today, as year-month-day.
pub(super) fn today() -> String {
    said(Command::new("date").args(["-u", "+%Y-%m-%d"]))
}

/// The first line of what a program says, or that it said nothing.
pub(super) fn said(command: &mut Command) -> String {
    let text = process::output(command).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").trim().to_owned()
}

fn field<'a>(text: &'a str, name: &str, separator: char) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "model\t\t: 167\nmodel name\t: Some CPU @ 2.6GHz\n";
        assert_eq!(field(text, "model", ':'), Some("167"));
        assert_eq!(field(text, "model name", ':'), Some("Some CPU @ 2.6GHz"));
        assert_eq!(field(text, "cores", ':'), None);
    }
}
