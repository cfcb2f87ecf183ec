select l.run_id, l.key, l.value, l.timestamp_ms, l.step, l.is_nan, l.dataset_name, l.dataset_digest
from logged_model_metrics l
where l.model_id = $1
order by l.timestamp_ms, l.step, l.key
