select name from registered_models where coalesce(renamed_to, name) = $1
