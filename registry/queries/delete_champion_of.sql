delete from registered_model_aliases where model_name = $1 and alias = $2 and version = $3
