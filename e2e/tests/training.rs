//! Training from the page, and a worker that dies in the middle.

use anyhow::{Context, Result, ensure};
use e2e::{Browser, MODEL_NAME, System, page_dir, wait_for};
use registry::TrainingRunState;

/// Queues a run of 20,000 rows on the page and gives its id.
async fn queue(browser: &Browser, system: &System, rounds: &str, bytes: &str) -> Result<String> {
    browser.open(&format!("{}#/training", system.url())).await?;
    browser.wait("queue-training", |_| true).await?;
    for (testid, text) in [
        ("train-rows", "20000"),
        ("train-rounds", rounds),
        ("train-bytes", bytes),
        ("train-seed", "7"),
        ("token-input", system.token()),
    ] {
        browser.fill(testid, text).await?;
    }
    browser.click("queue-training").await?;
    let queue = system.registry().await?;
    wait_for("the run is queued", async || {
        let runs = queue.queue().training_runs(10).await?;
        Ok(runs.into_iter().next().map(|run| run.training_run_id))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_queued_on_the_page_becomes_a_version() -> Result<()> {
    let Some(page) = page_dir() else { return Ok(()) };
    let mut system = System::create()?;
    system.train(1, true)?;
    system.start_server(&page).await?;
    let _worker = system.start_worker("worker-1")?;
    let browser = Browser::start().await?;
    let id = queue(&browser, &system, "60", "40000").await?;

    browser.wait_value("run-state", "running").await?;
    let first = browser
        .wait("run-message", |shown| !shown.text.is_empty())
        .await?;
    browser
        .wait("run-message", |shown| shown.text != first.text)
        .await
        .context("no progress is shown")?;
    browser.wait_value("run-state", "succeeded").await?;
    ensure!(browser.value("run-version").await? == "2");
    browser.screenshot("training-succeeded").await?;

    let registry = system.registry().await?;
    let run = registry
        .queue()
        .training_run(&id)
        .await?
        .context("the queued run is gone")?;
    ensure!(
        run.state == TrainingRunState::Succeeded && run.attempts == 1 && run.version == Some(2),
        "{run:?}"
    );
    let versions = registry.versions(MODEL_NAME).await?;
    let made = versions.iter().find(|version| version.version == 2);
    let made = made.context("there is no version 2")?;
    // What is served has at most 40,000 bytes; as it is stored it can have a little more.
    ensure!((30_000..41_000).contains(&made.model_bytes), "{made:?}");
    ensure!(
        made.metrics
            .iter()
            .any(|metric| metric.key == "budget_bytes" && metric.value <= 40_000.0),
        "{made:?}"
    );
    browser.open(&format!("{}#/versions", system.url())).await?;
    browser.wait("version-2", |_| true).await?;
    browser.screenshot("versions").await?;
    browser.console_is_clean(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_workers_run_is_taken_up_again_and_makes_one_version() -> Result<()> {
    let Some(page) = page_dir() else { return Ok(()) };
    let mut system = System::create()?;
    system.train(1, true)?;
    system.start_server(&page).await?;
    let first = system.start_worker("worker-1")?;
    let browser = Browser::start().await?;
    let id = queue(&browser, &system, "400", "").await?;
    let registry = system.registry().await?;
    wait_for("trees grow", async || {
        let run = registry.queue().training_run(&id).await?;
        Ok(run
            .and_then(|run| run.progress)
            .filter(|progress| progress.step == "train" && progress.done > 3))
    })
    .await?;
    first.kill()?;
    let killed = registry
        .queue()
        .training_run(&id)
        .await?
        .context("the queued run is gone")?;
    ensure!(
        killed.state == TrainingRunState::Running,
        "it was over before the kill: {killed:?}"
    );
    ensure!(registry.versions(MODEL_NAME).await?.len() == 1);

    let _second = system.start_worker("worker-2")?;
    browser.wait_value("run-state", "succeeded").await?;
    let run = registry
        .queue()
        .training_run(&id)
        .await?
        .context("the queued run is gone")?;
    ensure!(run.attempts == 2 && run.version == Some(2), "{run:?}");
    let versions = registry.versions(MODEL_NAME).await?;
    ensure!(versions.len() == 2, "{} versions instead of 2", versions.len());
    Ok(())
}
