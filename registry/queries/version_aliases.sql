select version, alias from registered_model_aliases where model_name = $1 order by alias
