//! Which crate may depend on which: the project's layers, checked on what cargo resolved.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{process, workspace};

/// One thing that must hold.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Of this workspace's crates, `of` reaches no other than these.
    ReachesOfOurs(&'static str, &'static [&'static str]),
    /// `of`, built alone, reaches none of these crates, by whatever way.
    NeverReaches(&'static str, &'static [&'static str]),
    /// Only these crates of the workspace name `what` in their manifest, for tests too; `what` may end in `*`.
    NamedOnlyBy(&'static str, &'static [&'static str]),
}

use Rule::{NamedOnlyBy, NeverReaches, ReachesOfOurs};

/// The layers.
pub const RULES: &[Rule] = &[
    ReachesOfOurs("model-export", &[]),
    ReachesOfOurs("registry", &[]),
    ReachesOfOurs("report", &[]),
    ReachesOfOurs("tables", &["model-export"]),
    ReachesOfOurs("xgboost", &[]),
    ReachesOfOurs("api-types", &["model-export"]),
    ReachesOfOurs("clickleaf-export", &["model-export", "tables"]),
    ReachesOfOurs("clickleaf-npm", &["model-export"]),
    ReachesOfOurs("clickleaf-registry", &["registry"]),
    ReachesOfOurs("app", &["api-types", "model-export"]),
    ReachesOfOurs("server", &["api-types", "model-export", "registry", "report"]),
    ReachesOfOurs(
        "trainer",
        &["model-export", "registry", "report", "tables", "xgboost"],
    ),
    ReachesOfOurs("e2e", &["api-types", "model-export", "registry"]),
    ReachesOfOurs("xtask", &[]),
    NeverReaches("server", &["xgboost", "trainer", "gbdt"]),
    NeverReaches("trainer", &["axum", "leptos", "server"]),
    NeverReaches("clickleaf-registry", &["axum", "leptos", "xgboost"]),
    NeverReaches("app", &["serde_yaml", "tokio", "openssl"]),
    NeverReaches("model-export", IMPURE),
    NeverReaches("report", IMPURE),
    NeverReaches("clickleaf-npm", &["getrandom", "leptos", "web-sys"]),
    NamedOnlyBy("csv", &["clickleaf-export", "tables"]),
    NamedOnlyBy("sqlx", &["registry"]),
    NamedOnlyBy("object_store", &["registry"]),
    NamedOnlyBy("plotters", &["report"]),
    NamedOnlyBy("xgboost", &["trainer"]),
    NamedOnlyBy("axum", &["server"]),
    NamedOnlyBy("leptos", &["app"]),
];

/// What is built for WebAssembly.
const IN_THE_BROWSER: [&str; 4] = ["api-types", "app", "clickleaf-npm", "model-export"];

/// Crates that do IO or read a clock, randomness or threads: a pure crate can't have them.
const IMPURE: &[&str] = &[
    "async-std",
    "chrono",
    "crossbeam",
    "fs-err",
    "getrandom",
    "hyper",
    "js-sys",
    "memmap2",
    "mio",
    "object_store",
    "rand",
    "rayon",
    "reqwest",
    "sqlx",
    "tempfile",
    "time",
    "tokio",
    "tracing",
    "ureq",
    "wasm-bindgen",
    "web-sys",
    "web-time",
];

/// Who depends on whom, by package name.
#[derive(Debug, Default)]
pub struct Graph {
    packages: BTreeMap<String, Package>,
    /// Everything that a crate reaches when it is built alone, where that was asked for.
    built_alone: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug, Default)]
struct Package {
    ours: bool,
    /// What it is built from.
    built_from: BTreeSet<String>,
    /// What its manifest names, for tests too.
    named: BTreeSet<String>,
}

/// Checks this workspace; an error lists every rule that is broken.
pub fn check() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked"]);
    let metadata: Value =
        serde_json::from_str(&process::output(&mut cargo)?).context("parsing cargo metadata")?;
    let mut graph = Graph::from_metadata(&metadata)?;
    for rule in RULES {
        if let NeverReaches(of, _) = rule {
            graph.built_alone.insert((*of).to_owned(), built_alone(of)?);
        }
    }
    let broken = graph.violations(RULES);
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    eprintln!(
        "{} rules hold over {} packages",
        RULES.len(),
        graph.packages.len()
    );
    Ok(())
}

/// What a crate is built from when nothing else is built beside it, so that nobody else's features count.
fn built_alone(of: &str) -> Result<BTreeSet<String>> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "tree",
        "--locked",
        "--package",
        of,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    if IN_THE_BROWSER.contains(&of) {
        cargo.args(["--target", "wasm32-unknown-unknown"]);
    }
    let listing = process::output(&mut cargo)?;
    let names = listing
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty());
    Ok(names.filter(|name| *name != of).map(str::to_owned).collect())
}

impl Graph {
    /// Reads what `cargo metadata` answers.
    pub fn from_metadata(metadata: &Value) -> Result<Self> {
        let list = |value: &Value, key: &str| -> Result<Vec<Value>> {
            Ok(value[key]
                .as_array()
                .with_context(|| format!("cargo metadata has no list {key}"))?
                .clone())
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
        let members: BTreeSet<String> = list(metadata, "workspace_members")?.iter().map(text).collect();
        let packages = list(metadata, "packages")?;
        let names: BTreeMap<String, String> = packages
            .iter()
            .map(|p| (text(&p["id"]), text(&p["name"])))
            .collect();
        let mut graph = Self::default();
        for package in &packages {
            let entry = graph.packages.entry(text(&package["name"])).or_default();
            entry.ours |= members.contains(&text(&package["id"]));
            entry
                .named
                .extend(list(package, "dependencies")?.iter().map(|d| text(&d["name"])));
        }
        for node in list(&metadata["resolve"], "nodes")? {
            let name = names
                .get(&text(&node["id"]))
                .context("a resolved package without a name")?;
            for dependency in list(&node, "deps")? {
                let kinds = list(&dependency, "dep_kinds")?;
                if kinds.iter().all(|kind| kind["kind"] == "dev") {
                    continue;
                }
                if let (Some(entry), Some(other)) =
                    (graph.packages.get_mut(name), names.get(&text(&dependency["pkg"])))
                {
                    entry.built_from.insert(other.clone());
                }
            }
        }
        Ok(graph)
    }

    /// One line for each broken rule.
    pub fn violations(&self, rules: &[Rule]) -> Vec<String> {
        rules.iter().flat_map(|rule| self.broken(*rule)).collect()
    }

    fn broken(&self, rule: Rule) -> Vec<String> {
        match rule {
            ReachesOfOurs(of, allowed) => {
                let ours = |name: &&String| self.packages.get(*name).is_some_and(|package| package.ours);
                let reached = self.reached(of);
                let extra = reached
                    .iter()
                    .filter(ours)
                    .filter(|name| !allowed.contains(&name.as_str()));
                extra
                    .map(|name| format!("{of} must not depend on {name}"))
                    .collect()
            }
            NeverReaches(of, banned) => {
                let reached = self.reached(of);
                let found = banned.iter().filter(|name| reached.contains(**name));
                found.map(|name| format!("{of} must not reach {name}")).collect()
            }
            NamedOnlyBy(what, by) => {
                let matches = |name: &str| match what.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => name == what,
                };
                let others = self
                    .packages
                    .iter()
                    .filter(|(name, package)| package.ours && !by.contains(&name.as_str()));
                let guilty = others.filter(|(_, package)| package.named.iter().any(|name| matches(name)));
                guilty
                    .map(|(name, _)| format!("{name} must not name {what}"))
                    .collect()
            }
        }
    }

    /// Everything that `of` is built from, without itself.
    fn reached(&self, of: &str) -> BTreeSet<String> {
        if let Some(names) = self.built_alone.get(of) {
            return names.clone();
        }
        let mut seen = BTreeSet::new();
        let mut next = vec![of.to_owned()];
        while let Some(name) = next.pop() {
            for other in self
                .packages
                .get(&name)
                .map(|package| &package.built_from)
                .into_iter()
                .flatten()
            {
                if seen.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
        }
        seen.remove(of);
        seen
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of `app`, `server`, `trainer` and `xgboost`, where the server is built from what is given.
    fn metadata(server: &[(&str, Option<&str>)]) -> Value {
        let names = ["app", "server", "trainer", "xgboost", "middle", "sqlx"];
        let dependencies = |name: &str| -> Vec<(&str, Option<&str>)> {
            match name {
                "server" => server.to_vec(),
                "middle" | "trainer" => vec![("xgboost", None)],
                _ => Vec::new(),
            }
        };
        let packages = names.iter().map(|name| {
            let named: Vec<Value> = dependencies(name)
                .iter()
                .map(|(n, kind)| json!({"name": n, "kind": kind}))
                .collect();
            json!({"id": format!("{name} 1"), "name": name, "dependencies": named})
        });
        let nodes = names.iter().map(|name| {
            let deps: Vec<Value> = dependencies(name)
                .iter()
                .map(|(n, kind)| json!({"pkg": format!("{n} 1"), "dep_kinds": [{"kind": kind}]}))
                .collect();
            json!({"id": format!("{name} 1"), "deps": deps})
        });
        json!({
            "workspace_members": ["app 1", "server 1", "trainer 1", "xgboost 1"],
            "packages": packages.collect::<Vec<_>>(),
            "resolve": {"nodes": nodes.collect::<Vec<_>>()},
        })
    }

    fn violations(server: &[(&str, Option<&str>)]) -> Vec<String> {
        Graph::from_metadata(&metadata(server)).unwrap().violations(RULES)
    }

    #[test]
    fn a_clean_workspace_breaks_no_rule() {
        assert_eq!(violations(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_direct_dependency_is_caught() {
        let broken = violations(&[("trainer", None)]);
        assert!(
            broken.contains(&"server must not depend on trainer".to_owned()),
            "{broken:?}"
        );
        assert!(
            broken.contains(&"server must not reach trainer".to_owned()),
            "{broken:?}"
        );
    }

    #[test]
    fn a_way_through_a_foreign_crate_is_caught() {
        let broken = violations(&[("middle", None)]);
        assert!(
            broken.contains(&"server must not reach xgboost".to_owned()),
            "{broken:?}"
        );
    }

    #[test]
    fn a_build_dependency_counts_and_a_test_dependency_does_not() {
        assert!(!violations(&[("trainer", Some("build"))]).is_empty());
        assert_eq!(violations(&[("middle", Some("dev"))]), Vec::<String>::new());
    }

    #[test]
    fn naming_counts_for_tests_too() {
        assert_eq!(
            violations(&[("sqlx", Some("dev"))]),
            ["server must not name sqlx"]
        );
    }

    #[test]
    fn a_star_matches_a_family() {
        let graph = Graph::from_metadata(&metadata(&[("sqlx", Some("dev"))])).unwrap();
        assert_eq!(
            graph.violations(&[NamedOnlyBy("sq*", &["app"])]),
            ["server must not name sq*"]
        );
        assert!(graph.violations(&[NamedOnlyBy("sq*", &["server"])]).is_empty());
    }
}
