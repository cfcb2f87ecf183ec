insert into datasets (dataset_id, name, digest, source_type, source, row_count)
values ($1, $2, $3, $4, $5, $6)
