delete from model_version_tags where model_name = $1 and version = $2 and key = $3
