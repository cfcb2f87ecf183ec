select 0 as is_tag, key, value from logged_model_params where model_id = $1
union all
select 1 as is_tag, key, value from logged_model_tags where model_id = $1
order by is_tag, key
