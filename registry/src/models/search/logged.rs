//! Finding logged models.

use super::{ModelPage, having};
use crate::{
    LoggedModel, Registry, RegistryError,
    search::{Clause, Comparator, Entity, Grammar, Operand, Ordering, Sql, parse_filter, parse_order},
};

const GRAMMAR: Grammar = Grammar {
    entities: &[
        ("attribute", Entity::Attribute),
        ("attributes", Entity::Attribute),
        ("attr", Entity::Attribute),
        ("metric", Entity::Metric),
        ("metrics", Entity::Metric),
        ("param", Entity::Param),
        ("params", Entity::Param),
        ("tag", Entity::Tag),
        ("tags", Entity::Tag),
    ],
    valid_entities: "Valid entity types are ['metrics', 'params', 'tags', 'attributes']",
    text: &[
        "name",
        "model_id",
        "model_type",
        "status",
        "source_run_id",
        "experiment_id",
    ],
    numeric: &["creation_timestamp", "last_updated_timestamp"],
    lists: &[
        "name",
        "model_id",
        "model_type",
        "status",
        "source_run_id",
        "experiment_id",
    ],
    aliases: &[
        ("creation_timestamp_ms", "creation_timestamp"),
        ("creation_time", "creation_timestamp"),
        ("last_updated_timestamp_ms", "last_updated_timestamp"),
        ("last_updated_time", "last_updated_timestamp"),
    ],
    null_tests: &[],
    orderable: &[
        "name",
        "model_id",
        "model_type",
        "status",
        "source_run_id",
        "creation_timestamp",
        "last_updated_timestamp",
    ],
    quotes_clauses: false,
};

/// What logged models are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedModelSearch {
    /// In these experiments.
    pub experiment_ids: Vec<String>,
    /// As this filter says.
    pub filter: String,
    /// What is said of metrics holds for those on one of these data sets, by name and digest; of any where it is empty.
    pub datasets: Vec<(String, Option<String>)>,
    /// In this order; the newest first where it is empty.
    pub order_by: Vec<LoggedModelOrder>,
    /// So many at most.
    pub limit: i64,
    /// From here.
    pub offset: i64,
}

/// One term of an order of logged models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedModelOrder {
    /// Such as `metrics.auc` or `creation_timestamp`.
    pub field_name: String,
    /// The smallest first.
    pub ascending: bool,
    /// Of metrics: on this data set.
    pub dataset_name: Option<String>,
    /// And of this digest.
    pub dataset_digest: Option<String>,
}

impl Registry {
    /// Logged models that aren't deleted and that a search finds.
    pub async fn search_logged_models(
        &self,
        search: &LoggedModelSearch,
    ) -> Result<ModelPage<LoggedModel>, RegistryError> {
        let clauses = parse_filter(&search.filter, &GRAMMAR)?;
        let mut sql = Sql::new(
            self.database().kind(),
            "select l.model_id, l.experiment_id, l.name, l.artifact_uri, l.status, l.status_message, l.model_type,
                l.source_run_id, l.created_at_ms, l.updated_at_ms
            from logged_models l where l.deleted_at_ms is null and l.experiment_id",
        );
        sql.within(search.experiment_ids.iter().map(String::as_str));
        for clause in clauses {
            sql.push(" and ");
            match clause.entity {
                Entity::Metric => measured(&mut sql, &clause, &search.datasets),
                Entity::Param => having(
                    &mut sql,
                    "logged_model_params",
                    "t.model_id = l.model_id",
                    &clause,
                ),
                Entity::Attribute => attribute(&mut sql, clause),
                _ => having(&mut sql, "logged_model_tags", "t.model_id = l.model_id", &clause),
            }
        }
        sql.push(" order by ");
        for order in &search.order_by {
            let term = parse_order(std::slice::from_ref(&order.field_name), &GRAMMAR)?;
            for term in term {
                ordered(&mut sql, &term, order);
            }
        }
        sql.push("l.created_at_ms desc, l.model_id limit ")
            .bind(search.limit.saturating_add(1));
        sql.push(" offset ").bind(search.offset);
        let rows = sql.fetch_all(self.pool(), "search logged models").await?;
        let page = ModelPage::of(rows, search.limit);
        let mut found = Vec::with_capacity(page.found.len());
        for row in &page.found {
            found.push(self.complete_logged_model(row).await?);
        }
        Ok(ModelPage {
            found,
            has_more: page.has_more,
        })
    }
}

fn column(attribute: &str) -> &'static str {
    match attribute {
        "model_id" => "l.model_id",
        "model_type" => "l.model_type",
        "status" => "l.status",
        "source_run_id" => "l.source_run_id",
        "experiment_id" => "l.experiment_id",
        "creation_timestamp" => "l.created_at_ms",
        "last_updated_timestamp" => "l.updated_at_ms",
        _ => "l.name",
    }
}

fn attribute(sql: &mut Sql, clause: Clause) {
    let full = |text: String| match text.starts_with("LOGGED_MODEL_") {
        true => text,
        false => format!("LOGGED_MODEL_{text}"),
    };
    let exact = matches!(
        clause.comparator,
        Comparator::Equal | Comparator::NotEqual | Comparator::In | Comparator::NotIn
    );
    let operand = match clause.operand {
        Operand::Text(text) if exact && clause.key == "status" => Operand::Text(full(text)),
        Operand::List(texts) if clause.key == "status" => {
            Operand::List(texts.into_iter().map(full).collect())
        }
        other => other,
    };
    sql.compare(column(&clause.key), clause.comparator, &operand);
}

/// Whether any value of a metric is as the clause says.
fn measured(sql: &mut Sql, clause: &Clause, datasets: &[(String, Option<String>)]) {
    sql.push("exists (select 1 from logged_model_metrics t where t.model_id = l.model_id and t.is_nan = 0 and t.key = ")
        .bind(clause.key.as_str());
    sql.push(" and ")
        .compare("t.value", clause.comparator, &clause.operand);
    if !datasets.is_empty() {
        sql.push(" and (");
        for (at, (name, digest)) in datasets.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { " or (" });
            sql.push("t.dataset_name = ").bind(name.as_str());
            if let Some(digest) = digest {
                sql.push(" and t.dataset_digest = ").bind(digest.as_str());
            }
            sql.push(")");
        }
        sql.push(")");
    }
    sql.push(")");
}

/// One term; what a model doesn't have comes last either way.
fn ordered(sql: &mut Sql, term: &Ordering, order: &LoggedModelOrder) {
    let table = match term.entity {
        Entity::Attribute => {
            sql.push(column(&term.key));
            sql.push(if order.ascending { " asc, " } else { " desc, " });
            return;
        }
        Entity::Metric => "logged_model_metrics",
        Entity::Param => "logged_model_params",
        _ => "logged_model_tags",
    };
    for part in ["is null, ", if order.ascending { "asc, " } else { "desc, " }] {
        sql.push(&format!(
            "(select t.value from {table} t where t.model_id = l.model_id and t.key = "
        ))
        .bind(term.key.as_str());
        if term.entity == Entity::Metric {
            sql.push(" and t.is_nan = 0");
            for (name, value) in [
                ("dataset_name", &order.dataset_name),
                ("dataset_digest", &order.dataset_digest),
            ] {
                if let Some(value) = value {
                    sql.push(&format!(" and t.{name} = ")).bind(value.as_str());
                }
            }
            sql.push(" order by t.timestamp_ms desc, t.step desc");
        }
        sql.push(" limit 1) ").push(part);
    }
}
