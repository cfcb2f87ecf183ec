delete from registered_model_aliases where model_name = $1 and version = $2
