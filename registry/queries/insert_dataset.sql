insert into datasets
    (dataset_id, experiment_id, name, digest, source_type, source, row_count, schema, profile)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
