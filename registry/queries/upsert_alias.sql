insert into registered_model_aliases (model_name, alias, version) values ($1, $2, $3)
on conflict (model_name, alias) do update set version = excluded.version
