select v.version, m.key, m.value, m.timestamp_ms, m.step, m.is_nan
from model_versions v
join latest_metrics m on m.run_id = v.run_id
where v.model_name = $1
order by m.key
