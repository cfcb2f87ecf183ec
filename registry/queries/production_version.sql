select version from model_versions where model_name = $1 and stage = 'Production'
