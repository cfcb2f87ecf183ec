//! Searching runs: clauses of MLflow's language become conditions of one statement.

mod experiments;

use super::{Page, Run, Search, store::COLUMNS};
use crate::{
    Bucket, Registry, RegistryError,
    search::{
        Clause, Comparator, Entity, Grammar, Operand, Ordering, Sql, invalid, parse_filter, parse_order,
    },
};

/// Experiments that one search can look into.
const MOST_EXPERIMENTS: usize = 20_000;

/// What can be searched of runs.
pub(crate) const RUNS: Grammar = Grammar {
    entities: &[
        ("metric", Entity::Metric),
        ("metrics", Entity::Metric),
        ("parameter", Entity::Param),
        ("parameters", Entity::Param),
        ("param", Entity::Param),
        ("params", Entity::Param),
        ("tag", Entity::Tag),
        ("tags", Entity::Tag),
        ("attribute", Entity::Attribute),
        ("attributes", Entity::Attribute),
        ("attr", Entity::Attribute),
        ("run", Entity::Attribute),
        ("dataset", Entity::Dataset),
        ("datasets", Entity::Dataset),
    ],
    valid_entities: "Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    text: &["run_id", "run_name", "user_id", "status", "artifact_uri"],
    numeric: &["start_time", "end_time"],
    lists: &["run_id"],
    aliases: &[
        ("created", "start_time"),
        ("Created", "start_time"),
        ("run name", "run_name"),
        ("Run name", "run_name"),
        ("Run Name", "run_name"),
    ],
    null_tests: &[Entity::Param, Entity::Tag],
    orderable: &[
        "run_id",
        "run_name",
        "user_id",
        "status",
        "artifact_uri",
        "start_time",
        "end_time",
    ],
    quotes_clauses: true,
};

impl Registry {
    /// Runs of these experiments that match; without an order the newest first. What lacks the value that is ordered by
    /// comes last, NaN before it; ties go to the later start, then the smaller id.
    pub async fn search_runs(
        &self,
        experiment_ids: &[String],
        search: &Search,
    ) -> Result<Page<Run>, RegistryError> {
        let clauses = parse_filter(&search.filter, &RUNS)?;
        let order = parse_order(&search.order_by, &RUNS)?;
        let mut ids = experiment_ids.to_vec();
        ids.sort();
        ids.dedup();
        if ids.len() > MOST_EXPERIMENTS {
            return invalid(format!(
                "{MOST_EXPERIMENTS} experiments is the most of one search"
            ));
        }
        let mut sql = Sql::new(self.database().kind(), &format!("select {COLUMNS} from runs r"));
        sql.push(" join experiments e on e.experiment_id = r.experiment_id");
        let terms = self.join_orders(&mut sql, &order)?;
        sql.push(" where r.experiment_id")
            .within(ids.iter().map(String::as_str));
        sql.push(" and r.lifecycle_stage")
            .within(search.view.stages().iter().copied());
        for clause in &clauses {
            sql.push(" and ");
            self.run_condition(&mut sql, clause);
        }
        sql.push(" order by ");
        for term in &terms {
            sql.push(term).push(", ");
        }
        if !order
            .iter()
            .any(|term| term.key == "start_time" && term.entity == Entity::Attribute)
        {
            sql.push("r.start_time_ms desc, ");
        }
        sql.push("r.run_id limit ").bind(search.limit.saturating_add(1));
        sql.push(" offset ").bind(search.offset);
        let mut rows = sql.fetch_all(self.pool(), "search runs").await?;
        let has_more = rows.len() as i64 > search.limit;
        rows.truncate(search.limit.max(0) as usize);
        Ok(Page {
            items: self.complete(&rows).await?,
            has_more,
        })
    }

    /// Joins what is ordered by, and says what to order by.
    fn join_orders(&self, sql: &mut Sql, order: &[Ordering]) -> Result<Vec<String>, RegistryError> {
        let mut terms = Vec::new();
        for (index, term) in order.iter().enumerate() {
            let direction = if term.ascending { "" } else { " desc" };
            let table = match term.entity {
                Entity::Metric => "latest_metrics",
                Entity::Param => "params",
                Entity::Tag => "tags",
                Entity::Dataset => return invalid("Invalid identifier type 'dataset'"),
                Entity::Attribute => {
                    let column = self.run_column(&term.key);
                    terms.push(format!(
                        "case when {column} is null then 1 else 0 end, {column}{direction}"
                    ));
                    continue;
                }
            };
            let name = format!("o{index}");
            sql.push(&format!(
                " left join {table} {name} on {name}.run_id = r.run_id and {name}.key = "
            ))
            .bind(term.key.as_str());
            let missing = match term.entity {
                Entity::Metric => {
                    format!("case when {name}.value is null then 2 when {name}.is_nan = 1 then 1 else 0 end")
                }
                _ => format!("case when {name}.value is null then 1 else 0 end"),
            };
            terms.push(format!("{missing}, {name}.value{direction}"));
        }
        Ok(terms)
    }

    fn run_condition(&self, sql: &mut Sql, clause: &Clause) {
        let table = match clause.entity {
            Entity::Attribute => {
                let column = self.run_column(&clause.key);
                sql.compare(&column, clause.comparator, &clause.operand);
                return;
            }
            Entity::Dataset => return dataset_condition(sql, clause),
            Entity::Metric => "latest_metrics",
            Entity::Param => "params",
            Entity::Tag => "tags",
        };
        if clause.comparator == Comparator::IsNull {
            sql.push("not ");
        }
        sql.push(&format!(
            "exists (select 1 from {table} f where f.run_id = r.run_id and f.key = "
        ))
        .bind(clause.key.as_str());
        if clause.operand != Operand::Nothing {
            sql.push(" and (");
            sql.compare("f.value", clause.comparator, &clause.operand);
            // The value that is stored for NaN means nothing, and NaN differs from every number.
            sql.push(match (clause.entity, clause.comparator) {
                (Entity::Metric, Comparator::NotEqual) => " or f.is_nan = 1)",
                (Entity::Metric, _) => " and f.is_nan = 0)",
                _ => ")",
            });
        }
        sql.push(")");
    }

    /// The expression of a run's attribute; a URI in this registry's store is compared as clients see it.
    fn run_column(&self, key: &str) -> String {
        match key {
            "run_name" => "r.run_name".to_owned(),
            "user_id" => "r.user_name".to_owned(),
            "status" => "r.status".to_owned(),
            "start_time" => "r.start_time_ms".to_owned(),
            "end_time" => "r.end_time_ms".to_owned(),
            "artifact_uri" => {
                let root = self.artifacts().uri(Bucket::Artifacts, "");
                let length = root.chars().count();
                let quoted = root.replace('\'', "''");
                format!(
                    "case when substr(r.artifact_uri, 1, {length}) = '{quoted}' \
                     then 'mlflow-artifacts:/' || substr(r.artifact_uri, {}) else r.artifact_uri end",
                    length + 1
                )
            }
            _ => "r.run_id".to_owned(),
        }
    }
}

fn dataset_condition(sql: &mut Sql, clause: &Clause) {
    sql.push(
        "exists (select 1 from inputs i join datasets d on d.dataset_id = i.dataset_id where i.run_id = r.run_id and ",
    );
    match clause.key.as_str() {
        "context" => {
            sql.push(
                "exists (select 1 from input_tags t where t.run_id = i.run_id and t.dataset_id = i.dataset_id \
                 and t.key = 'mlflow.data.context' and ",
            );
            sql.compare("t.value", clause.comparator, &clause.operand)
                .push(")");
        }
        "digest" => {
            sql.compare("d.digest", clause.comparator, &clause.operand);
        }
        _ => {
            sql.compare("d.name", clause.comparator, &clause.operand);
        }
    }
    sql.push(")");
}
