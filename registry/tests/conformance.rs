//! One suite, stamped over SQLite + a local folder and over Postgres + S3. The second half needs
//! `CLICKLEAF_TEST_POSTGRES_URL` and `CLICKLEAF_TEST_S3_ENDPOINT` (`cargo xtask test` sets them) and is skipped
//! aloud without.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "conformance/access.rs"]
mod access;
#[path = "conformance/archive.rs"]
mod archive;
#[path = "conformance/artifacts.rs"]
mod artifacts;
#[path = "conformance/audit.rs"]
mod audit;
#[path = "conformance/backend.rs"]
mod backend;
#[path = "conformance/database.rs"]
mod database;
#[path = "conformance/doctor.rs"]
mod doctor;
#[path = "conformance/gc.rs"]
mod gc;
#[path = "conformance/logged.rs"]
mod logged;
#[path = "conformance/models.rs"]
mod models;
#[path = "conformance/queue.rs"]
mod queue;
#[path = "conformance/runs.rs"]
mod runs;
#[path = "conformance/search.rs"]
mod search;
#[path = "conformance/tracking.rs"]
mod tracking;
#[path = "conformance/versions.rs"]
mod versions;

macro_rules! conformance {
    ($($suite:ident::$test:ident,)*) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                let backend = crate::backend::embedded().await;
                crate::$suite::$test(&backend).await;
            })*
        }
        mod services {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                if let Some(backend) = crate::backend::services().await {
                    crate::$suite::$test(&backend).await;
                    backend.drop_database().await;
                }
            })*
        }
    };
}

conformance! {
    database::migrating_twice_and_at_once_is_fine,
    database::every_query_prepares,
    database::pings,
    runs::experiments_are_made_once,
    runs::a_run_has_identity_and_place,
    runs::params_never_change,
    runs::tags_change,
    runs::metric_history_is_ordered_and_keeps_nan,
    runs::limits_are_typed_errors,
    runs::inputs_and_status,
    runs::unknown_runs_are_refused_and_write_nothing,
    tracking::a_database_of_the_first_migrations_keeps_its_rows,
    tracking::the_default_experiment_is_there,
    tracking::experiments_are_renamed_deleted_and_restored,
    tracking::what_is_deleted_takes_no_changes,
    tracking::the_same_point_is_kept_once_and_the_latest_is_the_largest,
    tracking::changed_params_say_what_was_written,
    tracking::a_name_is_a_tag_and_a_tag_a_name,
    tracking::inputs_and_outputs_of_runs,
    tracking::histories_by_page_and_by_sample,
    search::runs_are_found_by_every_kind_of_clause,
    search::orders_put_what_is_missing_last,
    search::pages_go_through_all_runs,
    search::experiments_are_found,
    search::what_cannot_be_understood_is_told_in_mlflows_words,
    versions::versions_carry_their_provenance,
    versions::fifty_at_once_get_consecutive_numbers,
    versions::an_idempotency_key_registers_once,
    versions::promoting_archives_and_moves_the_champion,
    versions::promotions_at_once_leave_one_production,
    versions::rollback_goes_back_and_back,
    versions::history_and_provenance_refuse_rewriting,
    versions::aliases,
    versions::wrong_versions_are_refused,
    database::rows_of_the_first_tables_survive,
    models::a_model_is_made_described_tagged_and_renamed,
    models::a_deleted_model_frees_its_name_and_keeps_its_history,
    models::a_version_without_a_compact_file_is_only_a_record,
    models::a_record_with_a_compact_file_is_a_version,
    models::deleting_a_version_ends_its_time_in_production,
    models::other_versions_of_a_stage_are_archived_when_asked,
    models::what_was_in_production_when_is_told_by_history,
    models::the_champion_stays_where_it_was_put_until_the_next_promotion,
    models::places_of_ready_versions_are_known,
    models::writers_at_once_lose_nothing,
    logged::a_logged_model_has_a_place_params_tags_and_metrics,
    logged::wrong_logged_models_are_refused,
    logged::logged_models_are_found,
    artifacts::round_trip,
    artifacts::tampering_is_detected,
    artifacts::create_never_overwrites,
    artifacts::keys_cannot_leave_their_bucket,
    artifacts::sources_are_streamed,
    artifacts::objects_of_any_size_go_in_and_out_in_pieces,
    models::searches_find_what_filters_say,
    queue::a_run_is_done_once_by_one_of_several_workers,
    queue::progress_events_are_in_order,
    queue::a_dead_workers_run_is_taken_up_again,
    queue::a_stale_attempt_cannot_end_the_run,
    queue::permanent_and_transient_errors,
    queue::dead_workers_use_up_the_attempts,
    queue::shutdown_gives_the_run_back,
    access::a_token_opens_until_it_is_revoked,
    access::an_expired_token_opens_nothing,
    access::wrong_tokens_are_refused,
    access::secrets_are_in_no_table,
    audit::every_change_says_who_what_and_from_where,
    audit::what_is_refused_and_what_is_tracked_is_no_entry,
    audit::writers_at_once_make_one_chain,
    audit::the_database_refuses_to_rewrite_the_log,
    audit::every_kind_of_forgery_is_found,
    doctor::a_sound_installation_passes,
    doctor::changed_and_missing_files_are_named,
    doctor::a_database_that_was_tampered_with_is_told,
    doctor::what_is_not_there_is_told,
    gc::what_nothing_refers_to_is_found_and_removed,
    gc::what_was_deleted_is_kept_unless_told_otherwise,
    gc::what_is_referred_to_by_now_is_not_removed,
    gc::nothing_is_lost_while_writers_write,
    gc::no_version_is_made_of_files_that_are_gone,
    archive::an_archive_moves_a_registry,
    archive::archives_have_every_table_and_column,
    archive::a_damaged_archive_is_refused_and_leaves_nothing,
    archive::what_is_not_as_recorded_is_not_archived,
    archive::leaving_for_mlflow_takes_everything_from_every_database,
}
