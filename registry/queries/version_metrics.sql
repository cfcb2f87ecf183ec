select v.version, l.key, l.value, l.timestamp_ms, l.step, l.is_nan
from model_versions v
join latest_metrics l on l.run_id = v.run_id
where v.model_name = (select name from registered_models where coalesce(renamed_to, name) = $1)
order by l.key
