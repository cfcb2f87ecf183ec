select name from registered_models where name = $1
