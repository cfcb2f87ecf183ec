//! A headless Chromium with a fresh profile, driven through chromedriver.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

use crate::{Program, free_port, root, wait_for};

const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The browser; it ends when dropped.
#[derive(Debug)]
pub struct Browser {
    driver: WebDriver,
    // Dropped after the driver: process, then profile.
    _chromedriver: Program,
    _profile: TempDir,
}

/// What an element shows: its text and its `data-value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The text, as a person sees it.
    pub text: String,
    /// The attribute `data-value`, if it has one.
    pub value: Option<String>,
}

impl Browser {
    /// Starts it at desktop size.
    pub async fn start() -> Result<Self> {
        registry::choose_tls();
        let profile = tempfile::Builder::new().prefix("clickleaf-browser-").tempdir()?;
        let port = free_port()?;
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let mut chromedriver = Program::start(&mut command, &profile.path().join("chromedriver.log"))?;
        let address = format!("http://127.0.0.1:{port}");
        let status = format!("{address}/status");
        wait_for("chromedriver answers", async || {
            chromedriver.check()?;
            Ok(reqwest::get(&status).await.is_ok().then_some(()))
        })
        .await?;
        let mut capabilities = DesiredCapabilities::chrome();
        for flag in FLAGS {
            capabilities.add_arg(flag)?;
        }
        capabilities.add_arg(&format!(
            "--user-data-dir={}",
            profile.path().join("profile").display()
        ))?;
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        let driver = WebDriver::new(&address, capabilities)
            .await
            .context("starting Chromium")?;
        let browser = Self {
            driver,
            _chromedriver: chromedriver,
            _profile: profile,
        };
        browser.size(1280, 900, false).await?;
        Ok(browser)
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.driver
            .goto(url)
            .await
            .with_context(|| format!("opening {url}"))
    }

    /// Loads the page anew.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.driver.refresh().await?)
    }

    /// Makes the viewport this large, as a phone's if asked.
    pub async fn size(&self, width: u32, height: u32, phone: bool) -> Result<()> {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await
    }

    /// Says which colours the person prefers: `light` or `dark`.
    pub async fn prefer_colors(&self, scheme: &str) -> Result<()> {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}))
            .await
    }

    /// What the element with this `data-testid` shows; `None` if there is none.
    pub async fn read(&self, testid: &str) -> Result<Option<Shown>> {
        let script = "const e = document.querySelector(`[data-testid=\"${arguments[0]}\"]`);
            return e && {text: e.innerText.trim(), value: e.getAttribute('data-value')};";
        let found = self.script(script, vec![json!(testid)]).await?;
        let text = |key: &str| found[key].as_str().map(str::to_owned);
        Ok((!found.is_null()).then(|| Shown {
            text: text("text").unwrap_or_default(),
            value: text("value"),
        }))
    }

    /// The text of the element with this `data-testid`.
    pub async fn text(&self, testid: &str) -> Result<String> {
        Ok(self
            .read(testid)
            .await?
            .with_context(|| format!("the page has no {testid}"))?
            .text)
    }

    /// The `data-value` of the element with this `data-testid`.
    pub async fn value(&self, testid: &str) -> Result<String> {
        let found = self
            .read(testid)
            .await?
            .with_context(|| format!("the page has no {testid}"))?;
        found.value.with_context(|| format!("{testid} has no data-value"))
    }

    /// Waits until the element is as it should be, and gives what it shows.
    pub async fn wait(&self, testid: &str, wanted: impl Fn(&Shown) -> bool) -> Result<Shown> {
        let mut last = None;
        let waited = wait_for(testid, async || {
            last = self.read(testid).await?;
            Ok(last.clone().filter(|page| wanted(page)))
        })
        .await;
        waited.with_context(|| format!("{testid} last was {last:?}"))
    }

    /// Waits until the element's `data-value` is this.
    pub async fn wait_value(&self, testid: &str, value: &str) -> Result<Shown> {
        self.wait(testid, |page| page.value.as_deref() == Some(value))
            .await
            .with_context(|| format!("wanted {value}"))
    }

    /// Clicks as a person does: fails when something covers the element.
    pub async fn click(&self, testid: &str) -> Result<()> {
        let element = self.driver.query(By::Testid(testid)).first().await?;
        element.scroll_into_view().await?;
        element
            .click()
            .await
            .with_context(|| format!("clicking {testid}"))
    }

    /// Replaces the contents of an input.
    pub async fn fill(&self, testid: &str, text: &str) -> Result<()> {
        // By the page's own event, since a tab that is typed would leave the field.
        let script = "const e = document.querySelector(`[data-testid=\"${arguments[0]}\"]`);
            if (!e) return false;
            e.focus(); e.value = arguments[1]; e.dispatchEvent(new Event('input', {bubbles: true})); return true;";
        let found = self.script(script, vec![json!(testid), json!(text)]).await?;
        ensure!(found == true, "the page has no {testid}");
        Ok(())
    }

    /// Runs a script and gives what it returns; a promise is awaited.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.driver.execute(script, arguments).await?.json().clone())
    }

    /// Waits until the page's service worker answers for it, so that it works without a network.
    pub async fn wait_for_service_worker(&self) -> Result<()> {
        wait_for("the service worker controls the page", async || {
            let controlled = self
                .script(
                    "return navigator.serviceWorker.controller?.state ?? null",
                    Vec::new(),
                )
                .await?;
            Ok((controlled == "activated").then_some(()))
        })
        .await
    }

    /// Saves a picture of the viewport as `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        let folder = root().join("target/screenshots");
        fs::create_dir_all(&folder)?;
        Ok(self
            .driver
            .screenshot(&folder.join(format!("{name}.png")))
            .await?)
    }

    /// Fails when the console shows warnings or errors since the last look, other than those that contain one of these.
    pub async fn console_is_clean(&self, expected: &[&str]) -> Result<()> {
        let log = self.driver.browser_log().await?;
        let bad: Vec<String> = log
            .into_iter()
            .filter(|entry| entry.level == "SEVERE" || entry.level == "WARNING")
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .filter(|line| !expected.iter().any(|text| line.contains(text)))
            .collect();
        if !bad.is_empty() {
            bail!("the console shows\n{}", bad.join("\n"));
        }
        Ok(())
    }

    async fn devtools(&self, method: &str, parameters: Value) -> Result<()> {
        self.driver
            .cdp()
            .send_raw(method, parameters)
            .await
            .with_context(|| method.to_owned())?;
        Ok(())
    }
}
