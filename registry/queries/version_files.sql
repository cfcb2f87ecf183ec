select path, sha256, bytes from model_version_files
where model_name = (select name from registered_models where coalesce(renamed_to, name) = $1)
    and version = $2
order by path
