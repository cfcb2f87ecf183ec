select version, alias from registered_model_aliases
where model_name = (select name from registered_models where coalesce(renamed_to, name) = $1)
order by alias
