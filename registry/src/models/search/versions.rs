//! Finding versions, whoever made them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row;

use super::{ATTRIBUTES_AND_TAGS, ModelPage, having};
use crate::{
    Registry, RegistryError, VersionRecord,
    database::doing,
    models::records::{VersionMarks, record},
    search::{Entity, Grammar, Ordering, Sql, parse_filter, parse_order},
};

const GRAMMAR: Grammar = Grammar {
    entities: ATTRIBUTES_AND_TAGS,
    valid_entities: "Valid entity types are ['attribute', 'tag']",
    text: &["name", "run_id", "source_path"],
    numeric: &["version_number"],
    lists: &["run_id"],
    aliases: &[],
    null_tests: &[],
    orderable: &[
        "name",
        "version_number",
        "creation_timestamp",
        "last_updated_timestamp",
    ],
    quotes_clauses: false,
};

/// The columns of `record.sql` and what they are of.
pub(super) const COLUMNS: &str = "coalesce(m.renamed_to, m.name) as model_name, v.model_name as key, v.version, v.stage,
    v.run_id, v.source, coalesce(v.storage_uri, v.source) as storage_uri, v.model_file, v.status, v.status_message,
    v.description, v.user_name, v.run_link, v.model_id, v.created_at_ms,
    coalesce(v.updated_at_ms, v.created_at_ms) as updated_at_ms
    from registered_models m
    join model_versions v on v.model_name = m.name ";
/// Keys that one statement asks for.
const KEYS: usize = 500;

impl Registry {
    /// Versions that a filter finds, by the order asked for; without one those that changed last come first. Aliases are
    /// left out.
    pub async fn search_versions(
        &self,
        filter: &str,
        order_by: &[String],
        limit: i64,
        offset: i64,
    ) -> Result<ModelPage<VersionRecord>, RegistryError> {
        let clauses = parse_filter(filter, &GRAMMAR)?;
        let order = parse_order(order_by, &GRAMMAR)?;
        let mut sql = Sql::new(
            self.database().kind(),
            &format!("select {COLUMNS} where v.deleted_at_ms is null"),
        );
        for clause in &clauses {
            sql.push(" and ");
            match clause.entity {
                Entity::Attribute => {
                    sql.compare(column(&clause.key), clause.comparator, &clause.operand);
                }
                _ => having(
                    &mut sql,
                    "model_version_tags",
                    "t.model_name = v.model_name and t.version = v.version",
                    clause,
                ),
            }
        }
        sql.push(" order by ");
        for term in &order {
            sql.push(column(&term.key));
            sql.push(if term.ascending { " asc, " } else { " desc, " });
        }
        let has = |key: &str| order.iter().any(|term: &Ordering| term.key == key);
        if order.is_empty() {
            sql.push("coalesce(v.updated_at_ms, v.created_at_ms) desc, ");
        }
        if !has("name") {
            sql.push("coalesce(m.renamed_to, m.name) asc, ");
        }
        sql.push("v.version desc limit ").bind(limit.saturating_add(1));
        sql.push(" offset ").bind(offset);
        let rows = sql.fetch_all(self.pool(), "search model versions").await?;
        let found: Result<Vec<_>, _> = rows.iter().map(record).collect();
        let mut page = ModelPage::of(found?, limit);
        self.fill_versions(&mut page.found).await?;
        Ok(ModelPage {
            found: page.found.into_iter().map(|(_, version)| version).collect(),
            has_more: page.has_more,
        })
    }

    /// Adds tags.
    async fn fill_versions(&self, versions: &mut [(String, VersionRecord)]) -> Result<(), RegistryError> {
        let read = doing("read model versions");
        let keys: BTreeSet<&str> = versions.iter().map(|(key, _)| key.as_str()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut marks: BTreeMap<String, VersionMarks> = BTreeMap::new();
        for keys in keys.chunks(KEYS) {
            let mut sql = Sql::new(
                self.database().kind(),
                "select model_name, version, key, value from model_version_tags where model_name",
            );
            sql.within(keys.iter().copied()).push(" order by key");
            for row in sql.fetch_all(self.pool(), "read model versions").await? {
                let of_model = marks.entry(row.try_get(0).map_err(&read)?).or_default();
                of_model.tag(
                    row.try_get(1).map_err(&read)?,
                    row.try_get(2).map_err(&read)?,
                    row.try_get(3).map_err(&read)?,
                );
            }
        }
        for (key, version) in versions {
            if let Some(marks) = marks.get_mut(key) {
                marks.give(version);
            }
        }
        Ok(())
    }
}

fn column(attribute: &str) -> &'static str {
    match attribute {
        "run_id" => "v.run_id",
        "source_path" => "v.source",
        "version_number" => "v.version",
        "creation_timestamp" => "v.created_at_ms",
        "last_updated_timestamp" => "coalesce(v.updated_at_ms, v.created_at_ms)",
        _ => "coalesce(m.renamed_to, m.name)",
    }
}
