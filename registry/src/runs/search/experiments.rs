//! Searching experiments.

use crate::{
    Registry, RegistryError,
    runs::{Experiment, Page, Search},
    search::{Clause, Comparator, Entity, Grammar, Operand, Sql, invalid, parse_filter, parse_order},
};

/// An experiment's id is a number written as text.
const NUMBER: &str = "cast(experiment_id as bigint)";

/// What can be searched of experiments.
pub(crate) const EXPERIMENTS: Grammar = Grammar {
    entities: &[
        ("attribute", Entity::Attribute),
        ("tag", Entity::Tag),
        ("tags", Entity::Tag),
    ],
    valid_entities: "Valid entity types are ('attribute', 'tag', 'tags')",
    text: &["name", "experiment_id"],
    numeric: &["creation_time", "last_update_time"],
    lists: &["experiment_id"],
    aliases: &[],
    null_tests: &[Entity::Tag],
    orderable: &["name", "experiment_id", "creation_time", "last_update_time"],
    quotes_clauses: false,
};

impl Registry {
    /// Experiments that match; without an order the newest first.
    pub async fn search_experiments(&self, search: &Search) -> Result<Page<Experiment>, RegistryError> {
        let clauses = parse_filter(&search.filter, &EXPERIMENTS)?;
        let order = parse_order(&search.order_by, &EXPERIMENTS)?;
        let mut sql = Sql::new(
            self.database().kind(),
            "select experiment_id, name, artifact_location, lifecycle_stage, created_at_ms, updated_at_ms \
             from experiments x where lifecycle_stage",
        );
        sql.within(search.view.stages().iter().copied());
        for clause in &clauses {
            sql.push(" and ");
            experiment_condition(&mut sql, clause)?;
        }
        sql.push(" order by ");
        for term in &order {
            if term.entity != Entity::Attribute {
                return invalid(format!("Invalid order_by entity: {}", term.entity.word()));
            }
            sql.push(match term.key.as_str() {
                "experiment_id" => NUMBER,
                key => experiment_column(key),
            })
            .push(if term.ascending { ", " } else { " desc, " });
        }
        if order.is_empty() {
            sql.push("created_at_ms desc, ").push(NUMBER);
        } else {
            sql.push(NUMBER).push(" desc");
        }
        sql.push(" limit ");
        sql.bind(search.limit.saturating_add(1))
            .push(" offset ")
            .bind(search.offset);
        let mut rows = sql.fetch_all(self.pool(), "search experiments").await?;
        let has_more = rows.len() as i64 > search.limit;
        rows.truncate(search.limit.max(0) as usize);
        Ok(Page {
            items: self.with_tags(&rows).await?,
            has_more,
        })
    }
}

fn experiment_condition(sql: &mut Sql, clause: &Clause) -> Result<(), RegistryError> {
    if clause.entity == Entity::Attribute {
        let is_id = clause.key == "experiment_id";
        let is_pattern = matches!(clause.comparator, Comparator::Like | Comparator::ILike);
        if is_id && is_pattern {
            return invalid(format!(
                "Invalid comparator for experiment_id: {}",
                clause.comparator.as_str()
            ));
        }
        if clause.key == "name" && matches!(clause.comparator, Comparator::In | Comparator::NotIn) {
            return invalid(format!(
                "Invalid comparator for string attribute: {}",
                clause.comparator.as_str()
            ));
        }
        if let Operand::Real(number) = clause.operand {
            return invalid(format!(
                "Invalid value for numeric attribute '{}': '{number}'",
                clause.key
            ));
        }
        match (&clause.operand, is_id) {
            (Operand::Text(id), true) => {
                sql.compare("experiment_id", clause.comparator, &Operand::Text(plain_id(id)?))
            }
            (Operand::List(ids), true) => {
                let ids = ids.iter().map(|id| plain_id(id)).collect::<Result<_, _>>()?;
                sql.compare("experiment_id", clause.comparator, &Operand::List(ids))
            }
            (operand, _) => sql.compare(experiment_column(&clause.key), clause.comparator, operand),
        };
        return Ok(());
    }
    if clause.comparator == Comparator::IsNull {
        sql.push("not ");
    }
    sql.push("exists (select 1 from experiment_tags f where f.experiment_id = x.experiment_id and f.key = ")
        .bind(clause.key.as_str());
    if clause.operand != Operand::Nothing {
        sql.push(" and ");
        sql.compare("f.value", clause.comparator, &clause.operand);
    }
    sql.push(")");
    Ok(())
}

/// The id as it is stored.
fn plain_id(id: &str) -> Result<String, RegistryError> {
    match id.trim().parse::<i64>() {
        Ok(number) => Ok(number.to_string()),
        Err(_) => invalid(format!(
            "Invalid experiment ID '{id}'. Experiment ID must be a valid integer."
        )),
    }
}

fn experiment_column(key: &str) -> &'static str {
    match key {
        "name" => "name",
        "creation_time" => "created_at_ms",
        "last_update_time" => "updated_at_ms",
        _ => "experiment_id",
    }
}
