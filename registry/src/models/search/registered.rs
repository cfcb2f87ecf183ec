//! Finding registered models.

use std::collections::BTreeMap;

use sqlx::Row;

use super::{ATTRIBUTES_AND_TAGS, ModelPage, having};
use crate::{
    ModelRecord, Registry, RegistryError,
    database::doing,
    models::records::{VersionMarks, record},
    search::{Entity, Grammar, Sql, parse_filter, parse_order},
};

const GRAMMAR: Grammar = Grammar {
    entities: ATTRIBUTES_AND_TAGS,
    valid_entities: "Valid entity types are ['attribute', 'tag']",
    text: &["name"],
    numeric: &[],
    lists: &[],
    aliases: &[],
    null_tests: &[],
    orderable: &["name", "creation_timestamp", "last_updated_timestamp"],
    quotes_clauses: false,
};

const NAME: &str = "coalesce(m.renamed_to, m.name)";
/// Keys that one statement asks for.
const KEYS: usize = 500;

impl Registry {
    /// Registered models that a filter finds, by the order asked for and then by name.
    pub async fn search_models(
        &self,
        filter: &str,
        order_by: &[String],
        limit: i64,
        offset: i64,
    ) -> Result<ModelPage<ModelRecord>, RegistryError> {
        let clauses = parse_filter(filter, &GRAMMAR)?;
        let order = parse_order(order_by, &GRAMMAR)?;
        let mut sql = Sql::new(
            self.database().kind(),
            "select m.name as key, coalesce(m.renamed_to, m.name) as name, m.description, m.created_at_ms,
                m.updated_at_ms
            from registered_models m
            where (m.renamed_to is null or m.renamed_to not like '/%')",
        );
        for clause in &clauses {
            sql.push(" and ");
            match clause.entity {
                Entity::Attribute => {
                    sql.compare(NAME, clause.comparator, &clause.operand);
                }
                _ => having(&mut sql, "registered_model_tags", "t.model_name = m.name", clause),
            }
        }
        sql.push(" order by ");
        for term in &order {
            sql.push(match term.key.as_str() {
                "creation_timestamp" => "m.created_at_ms",
                "last_updated_timestamp" => "m.updated_at_ms",
                _ => NAME,
            });
            sql.push(if term.ascending { " asc, " } else { " desc, " });
        }
        sql.push(NAME).push(" limit ").bind(limit.saturating_add(1));
        sql.push(" offset ").bind(offset);
        let read = doing("search registered models");
        let rows = sql.fetch_all(self.pool(), "search registered models").await?;
        let mut keyed = Vec::with_capacity(rows.len());
        for row in &rows {
            let key: String = row.try_get("key").map_err(&read)?;
            let model = ModelRecord {
                name: row.try_get("name").map_err(&read)?,
                description: row.try_get("description").map_err(&read)?,
                created_at_ms: row.try_get("created_at_ms").map_err(&read)?,
                updated_at_ms: row.try_get("updated_at_ms").map_err(&read)?,
                tags: Vec::new(),
                aliases: Vec::new(),
                latest_versions: Vec::new(),
            };
            keyed.push((key, model));
        }
        let mut page = ModelPage::of(keyed, limit);
        for models in page.found.chunks_mut(KEYS) {
            self.fill_models(models).await?;
        }
        Ok(ModelPage {
            found: page.found.into_iter().map(|(_, model)| model).collect(),
            has_more: page.has_more,
        })
    }

    /// Adds versions, tags and aliases, with one query each for all models.
    async fn fill_models(&self, models: &mut [(String, ModelRecord)]) -> Result<(), RegistryError> {
        let read = doing("read registered models");
        let places: BTreeMap<String, usize> = models
            .iter()
            .enumerate()
            .map(|(at, (key, _))| (key.clone(), at))
            .collect();
        let of_all = |text: &str, order: &str| {
            let mut sql = Sql::new(self.database().kind(), text);
            sql.within(places.keys().map(String::as_str)).push(order);
            sql.fetch_all(self.pool(), "read registered models")
        };
        for row in of_all(
            "select model_name, key, value from registered_model_tags where model_name",
            " order by key",
        )
        .await?
        {
            let at = places[&row.try_get::<String, _>(0).map_err(&read)?];
            let pair = (row.try_get(1).map_err(&read)?, row.try_get(2).map_err(&read)?);
            models[at].1.tags.push(pair);
        }
        for row in of_all(
            "select model_name, alias, version from registered_model_aliases where model_name",
            " order by alias",
        )
        .await?
        {
            let at = places[&row.try_get::<String, _>(0).map_err(&read)?];
            let pair = (row.try_get(1).map_err(&read)?, row.try_get(2).map_err(&read)?);
            models[at].1.aliases.push(pair);
        }
        let mut marks: BTreeMap<String, VersionMarks> = BTreeMap::new();
        for row in of_all(
            "select model_name, version, key, value from model_version_tags where model_name",
            " order by key",
        )
        .await?
        {
            let of_model = marks.entry(row.try_get(0).map_err(&read)?).or_default();
            of_model.tag(
                row.try_get(1).map_err(&read)?,
                row.try_get(2).map_err(&read)?,
                row.try_get(3).map_err(&read)?,
            );
        }
        let text = format!(
            "select {} join (select model_name, max(version) as version from model_versions
                where deleted_at_ms is null group by model_name, stage) l
                on l.model_name = v.model_name and l.version = v.version
            where v.model_name",
            super::versions::COLUMNS
        );
        for row in of_all(&text, " order by v.version").await? {
            let (key, mut version) = record(&row)?;
            if let Some(marks) = marks.get_mut(&key) {
                marks.give(&mut version);
            }
            models[places[&key]].1.latest_versions.push(version);
        }
        for (_, model) in models {
            let aliases = &model.aliases;
            for version in &mut model.latest_versions {
                let of_version = aliases.iter().filter(|(_, number)| *number == version.version);
                version.aliases = of_version.map(|(alias, _)| alias.clone()).collect();
            }
        }
        Ok(())
    }
}
