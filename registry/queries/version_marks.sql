select 0 as is_tag, alias as key, '' as value from registered_model_aliases where model_name = $1 and version = $2
union all
select 1 as is_tag, key, value from model_version_tags where model_name = $1 and version = $2
order by is_tag, key
