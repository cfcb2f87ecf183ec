//! The page in a real browser: predicts online and offline, follows promotions, refuses a damaged file.

use anyhow::{Context, Result, ensure};
use e2e::{Browser, FlippingProxy, MODEL_NAME, StaticServer, System, page_dir};
use model_export::{INTEGER_COLUMNS, Model, parse_features};
use registry::ModelVersion;

/// A browser on a page of the system whose model was verified.
async fn verified(url: &str) -> Result<Browser> {
    let browser = Browser::start().await?;
    browser.open(url).await?;
    browser.wait_value("signature-state", "verified").await?;
    Ok(browser)
}

fn exported(system: &System, version: &ModelVersion) -> Result<Model> {
    let file = system
        .model_dir(version)?
        .join(format!("{}.leaf", version.model_sha256));
    Ok(Model::from_bytes(&std::fs::read(file)?)?)
}

fn bits(value: f32) -> String {
    format!("{:08x}", value.to_bits())
}

/// Margin and probability that the page shows for a line, once it shows a prediction made on this device.
async fn predicted(browser: &Browser, line: &str) -> Result<(String, String)> {
    browser.fill("tsv-input", line).await?;
    browser.wait_value("ran-on", "device").await?;
    Ok((
        browser.text("margin-bits").await?,
        browser.text("probability-bits").await?,
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn predicts_online_and_offline_what_the_registry_says() -> Result<()> {
    let Some(page) = page_dir() else { return Ok(()) };
    let mut system = System::create()?;
    system.train(1, true)?;
    system.start_server(&page).await?;
    let row = system.production().await?;
    let model = exported(&system, &row)?;
    let browser = verified(&system.url()).await?;

    let lines = system.run(
        system
            .program("clickleaf-trainer")
            .args(["generate", "--rows", "60", "--seed", "99"]),
    )?;
    let lines: Vec<&str> = lines.lines().collect();
    ensure!(lines.len() == 60, "{} lines were generated", lines.len());
    let client = reqwest::Client::new();
    for (number, line) in lines.iter().enumerate() {
        let native = model.predict(&parse_features(line.as_bytes(), 1)?);
        let shown = predicted(&browser, line).await?;
        ensure!(
            shown == (bits(native.margin), bits(native.probability)),
            "row {number}: {shown:?} and {native:?}"
        );
        let body = serde_json::json!({"row": line});
        let answer = client
            .post(format!("{}predict", system.url()))
            .json(&body)
            .send()
            .await?
            .error_for_status()?;
        let answer: api_types::PredictResponse = answer.json().await?;
        let server = answer
            .predictions
            .first()
            .context("the server predicted nothing")?;
        ensure!(
            (server.margin.to_bits(), server.probability.to_bits())
                == (native.margin.to_bits(), native.probability.to_bits()),
            "row {number}: server {server:?} and {native:?}"
        );
    }

    let file = model.provenance();
    for (testid, expected) in [
        ("prov-name", row.model_name.clone()),
        ("prov-version", row.version.to_string()),
        ("prov-stage", "Production".to_owned()),
        ("prov-run-name", row.run_name.clone()),
        ("prov-run-id", row.run_id.clone()),
        ("prov-experiment", row.experiment_name.clone()),
        ("prov-artifact-uri", row.artifact_uri.clone()),
        ("prov-model-sha256", row.model_sha256.clone()),
        ("prov-booster-sha256", row.booster_sha256.clone()),
        ("prov-dataset-name", row.dataset_name.clone()),
        ("prov-dataset-digest", row.dataset_digest.clone()),
    ] {
        ensure!(
            browser.text(testid).await? == expected,
            "{testid} is not {expected}"
        );
    }
    ensure!(browser.value("prov-state").await? == "checked");
    ensure!(browser.value("prov-trained-at").await? == row.trained_at_ms.to_string());
    ensure!(browser.value("prov-training-rows").await? == file.training_rows.to_string());
    browser.console_is_clean(&[]).await?;
    pictures(&browser).await?;

    browser.wait_for_service_worker().await?;
    let before = predicted(&browser, lines[0]).await?;
    system.kill_server().await?;
    browser.reload().await?;
    browser.wait_value("signature-state", "verified").await?;
    browser.wait_value("connection", "offline").await?;
    ensure!(
        predicted(&browser, lines[0]).await? == before,
        "offline it predicts something else"
    );
    ensure!(browser.text("prov-model-sha256").await? == row.model_sha256);
    // Nothing answers but what the page keeps.
    let fetched = browser
        .script("return fetch('health').then(() => true, () => false)", Vec::new())
        .await?;
    ensure!(fetched == false, "the API still answers");
    browser.screenshot("predict-offline").await
}

async fn pictures(browser: &Browser) -> Result<()> {
    for (device, width, height, phone) in [("desktop", 1280, 900, false), ("phone", 390, 844, true)] {
        browser.size(width, height, phone).await?;
        for colors in ["light", "dark"] {
            browser.prefer_colors(colors).await?;
            browser.screenshot(&format!("predict-{device}-{colors}")).await?;
        }
    }
    browser.prefer_colors("light").await?;
    browser.size(1280, 900, false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_a_promotion() -> Result<()> {
    let Some(page) = page_dir() else { return Ok(()) };
    let mut system = System::create()?;
    let first = system.train(1, true)?;
    let second = system.train(2, false)?;
    system.start_server(&page).await?;
    let browser = verified(&system.url()).await?;
    let line = "\t".repeat(38);
    ensure!(browser.text("prov-version").await? == first.to_string());
    let before = predicted(&browser, &line).await?;

    system.promote(second).await?;
    browser
        .wait("prov-version", |shown| shown.text == second.to_string())
        .await?;
    browser.wait_value("signature-state", "verified").await?;
    let row = system.production().await?;
    ensure!(row.version == second && browser.text("prov-model-sha256").await? == row.model_sha256);
    let native = exported(&system, &row)?.predict(&parse_features(line.as_bytes(), 1)?);
    let after = predicted(&browser, &line).await?;
    ensure!(
        after == (bits(native.margin), bits(native.probability)),
        "{after:?} and {native:?}"
    );
    ensure!(
        after != before,
        "both versions predict {before:?}: the test can't tell them apart"
    );
    let archived = system
        .registry()
        .await?
        .version(MODEL_NAME, first)
        .await?
        .context("version 1 is gone")?;
    ensure!(archived.stage == registry::Stage::Archived);
    reports_are_linked(&system, &browser).await?;
    browser.console_is_clean(&[]).await
}

/// Every version has its report, and the one that isn't in Production is compared with the one that is.
async fn reports_are_linked(system: &System, browser: &Browser) -> Result<()> {
    browser.open(&format!("{}#/versions", system.url())).await?;
    browser.wait("version-1", |_| true).await?;
    let script = "const links = [...document.querySelectorAll('.actions a')];
        return Promise.all(links.map(async (link) => {
            const page = await (await fetch(link.href)).text();
            return [link.textContent, page.match('<title>(.*)</title>')[1], page.split('role=\"img\"').length - 1];
        }));";
    let links = browser.script(script, Vec::new()).await?;
    let registry = system.registry().await?;
    let mut runs = Vec::new();
    for version in [1, 2] {
        let row = registry.version(MODEL_NAME, version).await?;
        runs.push(row.context("a version is gone")?.run_name);
    }
    let charts = 11;
    let expected = serde_json::json!([
        [
            "Report of version 2",
            format!("Evaluation of {}", runs[1]),
            charts
        ],
        [
            "Report of version 1",
            format!("Evaluation of {}", runs[0]),
            charts
        ],
        [
            "Compare of version 1",
            format!("{MODEL_NAME}: Version 2 and Version 1"),
            charts
        ],
    ]);
    ensure!(links == expected, "{links}");
    // Its policy lets the page have its own style, or the console would say so.
    let compared = format!("{}models/{MODEL_NAME}/compare?a=2&b=1", system.url());
    browser.open(&compared).await
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_damaged_file_and_asks_the_server_instead() -> Result<()> {
    let Some(page) = page_dir() else { return Ok(()) };
    let mut system = System::create()?;
    system.train(1, true)?;
    system.start_server(&page).await?;
    let row = system.production().await?;
    let proxy = FlippingProxy::start(system.port())?;

    let browser = Browser::start().await?;
    browser.open(&proxy.url()).await?;
    browser.wait_value("signature-state", "tampered").await?;
    let message = browser.text("model-message").await?;
    ensure!(message.contains("refused"), "{message}");
    let line = "\t".repeat(38);
    browser.fill("input-I1", "1").await?;
    browser.fill("tsv-input", &line).await?;
    browser.wait_value("ran-on", "server").await?;
    let native = exported(&system, &row)?.predict(&parse_features(line.as_bytes(), 1)?);
    let margin = browser
        .wait("margin-bits", |shown| shown.text == bits(native.margin))
        .await;
    margin.context("the server's answer is not shown")?;
    ensure!(browser.value("prov-state").await? == "server");
    browser.screenshot("predict-refused").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_site_predicts_with_no_server() -> Result<()> {
    let Some(page) = page_dir() else { return Ok(()) };
    let system = System::create()?;
    system.train(1, true)?;
    let row = system.production().await?;
    let site = system.path("site");
    let mut publish = system.program("xtask");
    publish
        .arg("publish")
        .arg(&site)
        .arg("--from")
        .arg(system.path(""))
        .arg("--page")
        .arg(&page);
    system.run(publish.arg("--programs").arg(system.programs()))?;

    let server = StaticServer::start(&site, "/sub/app/")?;
    let browser = verified(&server.url()).await?;
    let line = "\t".repeat(38);
    let native = exported(&system, &row)?.predict(&parse_features(line.as_bytes(), 1)?);
    let shown = predicted(&browser, &line).await?;
    ensure!(
        shown == (bits(native.margin), bits(native.probability)),
        "{shown:?} and {native:?}"
    );
    ensure!(browser.text("prov-model-sha256").await? == row.model_sha256);
    ensure!(browser.text("prov-run-id").await? == row.run_id);
    browser.console_is_clean(&[]).await?;
    browser.wait_for_service_worker().await?;
    let url = server.url();
    drop(server);
    ensure!(
        reqwest::get(&url).await.is_err(),
        "the static server still answers"
    );
    browser.reload().await?;
    browser.wait_value("signature-state", "verified").await?;
    ensure!(predicted(&browser, &line).await? == shown);

    // One byte of the file is another: nothing predicts.
    let file = site.join(format!("model-files/{}.leaf", row.model_sha256));
    let mut bytes = std::fs::read(&file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes)?;
    let server = StaticServer::start(&site, "/sub/app/")?;
    let browser = Browser::start().await?;
    browser.open(&server.url()).await?;
    browser.wait_value("signature-state", "tampered").await?;
    browser.fill("tsv-input", &line).await?;
    ensure!(browser.text("ctr").await? == "—", "a refused file predicts");
    Ok(())
}

/// What the explanation's rows add up to, what it says that is, and the margin above it.
async fn explained(browser: &Browser) -> Result<(f64, f64, f64)> {
    let script = "const value = (e) => Number(e.dataset.value);
        const all = [...document.querySelectorAll('[data-testid^=\"contribution-\"]')];
        const sum = all.find((e) => e.dataset.testid === 'contribution-sum');
        const margin = document.querySelector('[data-testid=\"margin\"]').innerText.replace('−', '-');
        return [all.length, all.filter((e) => e !== sum).reduce((s, e) => s + value(e), 0), value(sum), Number(margin)];";
    let found = browser.script(script, Vec::new()).await?;
    let number = |index: usize| found[index].as_f64().context("no number");
    ensure!(number(0)? >= 12.0, "the explanation has {} rows", number(0)?);
    Ok((number(1)?, number(2)?, number(3)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn explains_what_is_typed_online_and_offline() -> Result<()> {
    let Some(page) = page_dir() else { return Ok(()) };
    let mut system = System::create()?;
    system.train(1, true)?;
    system.start_server(&page).await?;
    let row = system.production().await?;
    let model = exported(&system, &row)?;
    let browser = verified(&system.url()).await?;
    let adds_up = async || {
        let (rows, sum, margin) = explained(&browser).await?;
        ensure!(
            (rows - margin).abs() <= 1e-4 && (sum - margin).abs() <= 1e-4,
            "{rows} and {sum} instead of {margin}"
        );
        Ok(margin)
    };

    // The columns that the model leans on most are shown, and follow what is typed into them.
    let lines = system.run(
        system
            .program("clickleaf-trainer")
            .args(["generate", "--rows", "1", "--seed", "99"]),
    )?;
    let line = lines.trim_end_matches('\n');
    predicted(&browser, line).await?;
    let row = parse_features(line.as_bytes(), 1)?;
    let native = model.contributions(&row)?;
    let columns = model_export::column_names();
    for column in &native.by_magnitude()[..10] {
        let shown = browser
            .value(&format!("contribution-{}", columns[*column]))
            .await?;
        ensure!(
            shown.parse::<f64>()? == f64::from(native.columns[*column]),
            "{}: {shown}",
            columns[*column]
        );
    }
    let before = adds_up().await?;
    let given = |column: &usize| match column.checked_sub(INTEGER_COLUMNS) {
        None => row.integers[*column].is_some(),
        Some(category) => row.categories[category].is_some(),
    };
    let strongest = native.by_magnitude().into_iter().find(given);
    let strongest = columns[strongest.context("the row is empty")?];
    let testid = format!("contribution-{strongest}");
    let was = browser.value(&testid).await?;
    browser.fill(&format!("input-{strongest}"), "").await?;
    browser.click("explain-all").await?;
    browser
        .wait(&testid, |shown| shown.value.as_deref() != Some(&was))
        .await?;
    ensure!(adds_up().await? != before, "the margin did not follow");
    ensure!(browser.read("contribution-others").await?.is_none());
    for column in columns {
        ensure!(
            browser.read(&format!("contribution-{column}")).await?.is_some(),
            "{column} is not shown"
        );
    }
    browser.console_is_clean(&[]).await?;
    explanation_pictures(&browser).await?;

    // Half a value explains nothing, and says so.
    browser.fill("input-C1", "68fd").await?;
    browser
        .wait("explanation-message", |shown| shown.text.contains("input"))
        .await?;

    browser.wait_for_service_worker().await?;
    system.kill_server().await?;
    browser.reload().await?;
    browser.wait_value("signature-state", "verified").await?;
    browser.wait_value("connection", "offline").await?;
    predicted(&browser, line).await?;
    ensure!(adds_up().await? == before, "offline it explains something else");
    ensure!(browser.value(&testid).await? == was);
    Ok(())
}

async fn explanation_pictures(browser: &Browser) -> Result<()> {
    for (device, width, height, phone) in [("desktop", 1280, 2400, false), ("phone", 390, 4800, true)] {
        browser.size(width, height, phone).await?;
        for colors in ["light", "dark"] {
            browser.prefer_colors(colors).await?;
            browser.screenshot(&format!("explain-{device}-{colors}")).await?;
        }
    }
    browser.prefer_colors("light").await?;
    browser.size(1280, 900, false).await
}
