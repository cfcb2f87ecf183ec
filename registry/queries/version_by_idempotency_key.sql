select model_name, version from model_versions where idempotency_key = $1
