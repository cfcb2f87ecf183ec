select version from model_versions
where model_name = (select name from registered_models where coalesce(renamed_to, name) = $1)
    and stage = 'Production'
