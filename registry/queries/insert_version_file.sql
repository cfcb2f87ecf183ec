insert into model_version_files (model_name, version, path, sha256, bytes) values ($1, $2, $3, $4, $5)
