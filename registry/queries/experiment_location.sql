select artifact_location from experiments where experiment_id = $1
