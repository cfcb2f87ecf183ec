select d.name, d.digest, d.source_type, d.source, d.row_count
from inputs i join datasets d on d.dataset_id = i.dataset_id
where i.run_id = $1
order by d.dataset_id
