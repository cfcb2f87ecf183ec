//! From the registry's types to the wire's, field by field.
//!
//! The compiler checks that both sides stay alike: a field that is added to one of them must be named here.

use api_types as api;

/// A version, as the wire has it.
pub(crate) fn version(version: &registry::ModelVersion) -> api::ModelVersion {
    api::ModelVersion {
        model_name: version.model_name.clone(),
        version: version.version,
        stage: stage(version.stage),
        aliases: version.aliases.clone(),
        run_id: version.run_id.clone(),
        run_name: version.run_name.clone(),
        experiment_name: version.experiment_name.clone(),
        artifact_uri: version.artifact_uri.clone(),
        model_sha256: version.model_sha256.clone(),
        model_bytes: version.model_bytes,
        booster_sha256: version.booster_sha256.clone(),
        dataset_name: version.dataset_name.clone(),
        dataset_digest: version.dataset_digest.clone(),
        trained_at_ms: version.trained_at_ms,
        created_at_ms: version.created_at_ms,
        metrics: metrics(&version.metrics),
    }
}

/// A stage, as the wire has it.
pub(crate) fn stage(stage: registry::Stage) -> api::Stage {
    match stage {
        registry::Stage::None => api::Stage::None,
        registry::Stage::Staging => api::Stage::Staging,
        registry::Stage::Production => api::Stage::Production,
        registry::Stage::Archived => api::Stage::Archived,
    }
}

/// A stage, as the registry has it.
pub(crate) fn registry_stage(stage: api::Stage) -> registry::Stage {
    match stage {
        api::Stage::None => registry::Stage::None,
        api::Stage::Staging => registry::Stage::Staging,
        api::Stage::Production => registry::Stage::Production,
        api::Stage::Archived => registry::Stage::Archived,
    }
}

/// Metrics, without those that JSON can't say (NaN and infinities).
pub(crate) fn metrics(metrics: &[registry::Metric]) -> Vec<api::Metric> {
    let finite = metrics.iter().filter(|metric| metric.value.is_finite());
    finite
        .map(|metric| api::Metric {
            key: metric.key.clone(),
            value: metric.value,
        })
        .collect()
}

/// A registered model, as the wire has it.
pub(crate) fn model(model: registry::RegisteredModel) -> api::ModelSummary {
    api::ModelSummary {
        name: model.name,
        created_at_ms: model.created_at_ms,
        production_version: model.production_version,
        latest_version: model.latest_version,
    }
}

/// A change of stage, as the wire has it.
pub(crate) fn transition(transition: registry::Transition) -> api::Transition {
    api::Transition {
        version: transition.version,
        from_stage: stage(transition.from_stage),
        to_stage: stage(transition.to_stage),
        actor: transition.actor,
        reason: transition.reason,
        at_ms: transition.at_ms,
    }
}

/// A run with its learning curves, as the wire has it.
pub(crate) fn run(run: registry::Run, curves: Vec<(String, Vec<registry::Metric>)>) -> api::RunDetail {
    let point = |metric: registry::Metric| api::MetricPoint {
        step: metric.step,
        value: metric.value,
    };
    api::RunDetail {
        run_id: run.run_id,
        run_name: run.run_name,
        experiment_name: run.experiment_name,
        status: run.status.as_str().to_owned(),
        start_time_ms: run.start_time_ms,
        end_time_ms: run.end_time_ms,
        params: run.params,
        tags: run.tags,
        metrics: metrics(&run.metrics),
        curves: curves
            .into_iter()
            .map(|(key, points)| {
                (
                    key,
                    points
                        .into_iter()
                        .filter(|metric| metric.value.is_finite())
                        .map(point)
                        .collect(),
                )
            })
            .collect(),
    }
}

/// What a training run is asked to do, as the registry has it.
pub(crate) fn registry_training_request(request: api::TrainingRunRequest) -> registry::TrainingRequest {
    registry::TrainingRequest {
        data: request.data,
        generate_rows: request.generate_rows,
        seed: request.seed,
        engine: request.engine.map(|engine| match engine {
            api::Engine::Xgboost => registry::Engine::Xgboost,
            api::Engine::Gbdt => registry::Engine::Gbdt,
        }),
        max_rounds: request.max_rounds,
        max_bytes: request.max_bytes,
        promote: request.promote,
    }
}

/// A queued run, as the wire has it.
pub(crate) fn training_run(run: registry::TrainingRun) -> api::TrainingRun {
    let request = run.request;
    api::TrainingRun {
        training_run_id: run.training_run_id,
        state: match run.state {
            registry::TrainingRunState::Queued => api::TrainingRunState::Queued,
            registry::TrainingRunState::Running => api::TrainingRunState::Running,
            registry::TrainingRunState::Succeeded => api::TrainingRunState::Succeeded,
            registry::TrainingRunState::Failed => api::TrainingRunState::Failed,
        },
        attempts: run.attempts,
        request: api::TrainingRunRequest {
            data: request.data,
            generate_rows: request.generate_rows,
            seed: request.seed,
            engine: request.engine.map(|engine| match engine {
                registry::Engine::Xgboost => api::Engine::Xgboost,
                registry::Engine::Gbdt => api::Engine::Gbdt,
            }),
            max_rounds: request.max_rounds,
            max_bytes: request.max_bytes,
            promote: request.promote,
        },
        progress: run.progress.map(|progress| api::StepProgress {
            step: progress.step,
            done: progress.done,
            total: progress.total,
            message: progress.message,
        }),
        run_id: run.run_id,
        version: run.version,
        error: run.error,
        queued_at_ms: run.queued_at_ms,
        updated_at_ms: run.updated_at_ms,
    }
}

/// What a token is to be, as the registry has it.
pub(crate) fn new_token(request: api::NewTokenRequest) -> registry::NewApiToken {
    registry::NewApiToken {
        name: request.name,
        role: match request.role {
            api::Role::Viewer => registry::Role::Viewer,
            api::Role::Trainer => registry::Role::Trainer,
            api::Role::Admin => registry::Role::Admin,
        },
        expires_at_ms: request.expires_at_ms,
    }
}

/// A token, as the wire has it.
pub(crate) fn token(token: registry::ApiToken) -> api::ApiToken {
    api::ApiToken {
        token_id: token.token_id,
        name: token.name,
        role: match token.role {
            registry::Role::Viewer => api::Role::Viewer,
            registry::Role::Trainer => api::Role::Trainer,
            registry::Role::Admin => api::Role::Admin,
        },
        created_at_ms: token.created_at_ms,
        created_by: token.created_by,
        expires_at_ms: token.expires_at_ms,
        revoked_at_ms: token.revoked_at_ms,
        last_used_at_ms: token.last_used_at_ms,
    }
}
