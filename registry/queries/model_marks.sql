select 0 as is_tag, 0 as version, alias as key, cast(version as text) as value from registered_model_aliases
where model_name = $1
union all
select 1 as is_tag, 0 as version, key, value from registered_model_tags where model_name = $1
union all
select 2 as is_tag, version, key, value from model_version_tags where model_name = $1
order by is_tag, version, key
