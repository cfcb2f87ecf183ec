select version from registered_model_aliases
where model_name = (select name from registered_models where coalesce(renamed_to, name) = $1) and alias = $2
