update model_versions set stage = $3 where model_name = $1 and version = $2
