//! Every value of a metric, whole, by pages or sampled.

use std::collections::HashMap;

use sqlx::Row;

use super::{Metric, Page, store::metric};
use crate::{Registry, RegistryError, database::doing, queries, search::Sql};

impl Registry {
    /// Every value of the metric, by step, then time, then order of writing. Empty for an unknown run or key.
    pub async fn metric_history(&self, run_id: &str, key: &str) -> Result<Vec<Metric>, RegistryError> {
        let rows = sqlx::query(queries::METRIC_HISTORY)
            .bind(run_id)
            .bind(key)
            .fetch_all(self.pool())
            .await;
        rows.and_then(|rows| rows.iter().map(metric).collect())
            .map_err(doing("read a metric's history"))
    }

    /// Values of the metric by time, then step, then value, as MLflow orders them.
    pub async fn metric_history_page(
        &self,
        run_id: &str,
        key: &str,
        limit: i64,
        offset: i64,
    ) -> Result<Page<Metric>, RegistryError> {
        let rows = sqlx::query(queries::METRIC_HISTORY_PAGE)
            .bind(run_id)
            .bind(key)
            .bind(limit.saturating_add(1))
            .bind(offset)
            .fetch_all(self.pool())
            .await;
        let items: Result<Vec<Metric>, _> = rows.and_then(|rows| rows.iter().map(metric).collect());
        let mut items = items.map_err(doing("read a metric's history"))?;
        let has_more = items.len() as i64 > limit;
        items.truncate(limit.max(0) as usize);
        Ok(Page { items, has_more })
    }

    /// Values of the metric in several runs, by run id, then time, step and value.
    pub async fn metric_history_of_runs(
        &self,
        run_ids: &[String],
        key: &str,
        limit: i64,
    ) -> Result<Vec<(String, Metric)>, RegistryError> {
        let mut sql = Sql::new(
            self.database().kind(),
            "select run_id, key, value, timestamp_ms, step, is_nan from metrics where key = ",
        );
        sql.bind(key).push(" and run_id");
        sql.within(run_ids.iter().map(String::as_str));
        sql.push(" order by run_id, timestamp_ms, step, value, is_nan limit ")
            .bind(limit);
        self.points(sql).await
    }

    /// About `limit` values of the metric in each run, spread evenly over all that lie between the steps, the first and
    /// the last among them; in the order of `run_ids`, by step, time and value.
    pub async fn metric_samples(
        &self,
        run_ids: &[String],
        key: &str,
        steps: Option<(i64, i64)>,
        limit: i64,
    ) -> Result<Vec<(String, Metric)>, RegistryError> {
        let mut sql = Sql::new(
            self.database().kind(),
            "select run_id, key, value, timestamp_ms, step, is_nan from (\
             select x.*, min(place) over (partition by run_id, bucket) as first_place from (\
             select m.*, row_number() over (partition by run_id order by step, timestamp_ms, value, is_nan) as place, \
             count(*) over (partition by run_id) as total, ntile(cast(",
        );
        sql.bind(limit.clamp(1, 1_000_000))
            .push(" as integer)) over (partition by run_id order by step, timestamp_ms, value, is_nan) as bucket ")
            .push("from metrics m where key = ")
            .bind(key)
            .push(" and run_id");
        sql.within(run_ids.iter().map(String::as_str));
        if let Some((first, last)) = steps {
            sql.push(" and step >= ").bind(first);
            sql.push(" and step <= ").bind(last);
        }
        sql.push(") x) y where place = first_place or place = total order by run_id, place");
        let mut of_runs: HashMap<String, Vec<Metric>> = HashMap::new();
        for (run_id, point) in self.points(sql).await? {
            of_runs.entry(run_id).or_default().push(point);
        }
        let mut samples = Vec::new();
        for run_id in run_ids {
            let mut points = of_runs.remove(run_id).unwrap_or_default();
            // The last value takes the place of the last sample.
            if points.len() as i64 > limit && points.len() >= 2 {
                points.remove(points.len() - 2);
            }
            samples.extend(points.into_iter().map(|point| (run_id.clone(), point)));
        }
        Ok(samples)
    }

    async fn points(&self, sql: Sql) -> Result<Vec<(String, Metric)>, RegistryError> {
        let action = "read metrics of runs";
        let rows = sql.fetch_all(self.pool(), action).await?;
        let point = |row| Ok((sqlx::any::AnyRow::try_get(row, "run_id")?, metric(row)?));
        let points: Result<Vec<_>, sqlx::Error> = rows.iter().map(point).collect();
        points.map_err(doing(action))
    }
}
