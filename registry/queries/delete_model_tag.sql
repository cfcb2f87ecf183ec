delete from registered_model_tags where model_name = $1 and key = $2
