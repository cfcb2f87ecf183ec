delete from logged_model_tags where model_id = $1 and key = $2 returning key
