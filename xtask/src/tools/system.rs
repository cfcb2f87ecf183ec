//! What must come from the operating system: a browser, a database, a compiler, two script runtimes.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// One need: what it is, how to see that it is there, and Debian's packages for it.
struct Need {
    what: &'static str,
    present: fn() -> bool,
    packages: &'static [&'static str],
}

const NEEDS: [Need; 6] = [
    Need {
        what: "a C++ compiler",
        present: || which("g++").is_some() || which("c++").is_some(),
        packages: &["g++"],
    },
    Need {
        what: "Chromium",
        present: || chromium().is_some(),
        packages: &["chromium"],
    },
    Need {
        what: "chromedriver",
        present: || which("chromedriver").is_some(),
        packages: &["chromium-driver"],
    },
    Need {
        what: "PostgreSQL's server",
        present: || postgres_bin_dir().is_some(),
        packages: &["postgresql"],
    },
    Need {
        what: "npm",
        present: || which("npm").is_some() && which("node").is_some(),
        packages: &["nodejs", "npm"],
    },
    Need {
        what: "python3",
        present: || which("python3").is_some(),
        packages: &["python3", "python3-venv"],
    },
];

/// What the benchmark's peers need besides: a C compiler for WebAssembly.
const BENCH_NEEDS: [Need; 1] = [Need {
    what: "clang",
    present: || which("clang").is_some() && which("llvm-ar").is_some(),
    packages: &["clang", "llvm"],
}];

/// Fails with one line for each thing that is missing, unless apt-get can install it here and now.
pub fn require_system() -> Result<()> {
    require(&NEEDS.iter().collect::<Vec<_>>())
}

/// The same for the benchmark, which needs no database.
pub fn require_for_bench() -> Result<()> {
    let needed = |need: &&Need| !["PostgreSQL's server", "chromedriver"].contains(&need.what);
    require(
        &NEEDS
            .iter()
            .filter(needed)
            .chain(&BENCH_NEEDS)
            .collect::<Vec<_>>(),
    )
}

fn require(needs: &[&Need]) -> Result<()> {
    let missing = || needs.iter().filter(|need| !(need.present)());
    let packages: Vec<&str> = missing().flat_map(|need| need.packages.iter().copied()).collect();
    if packages.is_empty() {
        return Ok(());
    }
    if which("apt-get").is_some() && nix::unistd::geteuid().is_root() {
        eprintln!("installing {} with apt-get", packages.join(" "));
        let apt = || {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive");
            command
        };
        process::run(apt().args(["-qq", "update"]))?;
        let install = ["-qq", "install", "-y", "--no-install-recommends"];
        process::run(apt().args(install).args(&packages))?;
    }
    let how = |need: &Need| format!("apt-get install {}", need.packages.join(" "));
    let still: Vec<String> = missing()
        .map(|need| format!("{} is missing; on Debian or Ubuntu: {}", need.what, how(need)))
        .collect();
    if still.is_empty() {
        Ok(())
    } else {
        bail!("{}", still.join("\n"))
    }
}

/// The folder with `initdb` and `postgres`, which Debian keeps off `PATH`; the newest where there are several.
pub fn postgres_bin_dir() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    versions.sort();
    let on_path = || which("initdb").and_then(|initdb| initdb.parent().map(Path::to_owned));
    versions.pop().map(|(_, bin)| bin).or_else(on_path)
}

/// The program's path, when it is on `PATH`.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The browser's program, when it is on `PATH`.
pub fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| which(name))
}
