//! A real browser, driven as a visitor would.

use super::{PATIENCE, World, eventually};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Upright and wide, in pixels.
pub const UPRIGHT: (u32, u32) = (1080, 1920);
pub const WIDE: (u32, u32) = (1920, 1080);

/// A browser of its own for each test.
pub struct Browser {
    pub client: Client,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Opens the kiosk's first screen.
    pub async fn at(world: &World, size: (u32, u32)) -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is there: deploy/packages test");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = tokio::time::timeout(PATIENCE, async {
            loop {
                let line = lines.next_line().await.unwrap().unwrap();
                let port = line.split("successfully on port ").nth(1);
                if let Some(port) = port.map(|port| port.trim_end_matches('.').to_owned()) {
                    return port;
                }
            }
        });
        let port = port.await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let client = client(&port, &profile, size).await;
        let browser = Self {
            client,
            _driver: driver,
            _profile: profile,
        };
        browser.resize(size).await;
        browser.client.goto(&world.url("/")).await.unwrap();
        browser
    }

    /// Makes the page exactly as large.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        self.client.set_window_size(width, height).await.unwrap();
        let inner = self.run("return [innerWidth, innerHeight]", &[]).await;
        let frame = |index: usize, wanted: u32| {
            let got = u32::try_from(inner[index].as_u64().unwrap()).unwrap();
            wanted + wanted.saturating_sub(got)
        };
        self.client
            .set_window_size(frame(0, width), frame(1, height))
            .await
            .unwrap();
        eventually("the page has its size", async || {
            let inner = self.run("return [innerWidth, innerHeight]", &[]).await;
            (inner == json!([width, height])).then_some(())
        })
        .await;
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.client
            .execute(script, arguments.to_vec())
            .await
            .unwrap()
    }

    /// The same, where the page may be leaving.
    pub async fn look(&self, script: &str) -> Option<Value> {
        self.client.execute(script, Vec::new()).await.ok()
    }

    /// Touches what the selector names, as soon as it is there.
    pub async fn touch(&self, selector: &str) {
        eventually(&format!("{selector} can be touched"), async || {
            let element = self.client.find(Locator::Css(selector)).await.ok()?;
            element.click().await.ok()
        })
        .await;
    }

    /// Waits until this screen is shown.
    pub async fn screen(&self, screen: &str) {
        eventually(&format!("the screen {screen}"), async || {
            let script = "return document.readyState === 'complete' && document.documentElement.dataset.screen";
            (self.look(script).await? == screen).then_some(())
        })
        .await;
    }

    /// The text of what the selector names.
    pub async fn text(&self, selector: &str) -> String {
        let script =
            "const one = document.querySelector(arguments[0]); return one ? one.innerText : ''";
        let text = self.run(script, &[json!(selector)]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Keeps a picture of the page beside the build, for people.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kiosk");
        std::fs::create_dir_all(&folder).unwrap();
        let png = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}

async fn client(port: &str, profile: &TempDir, (width, height): (u32, u32)) -> Client {
    let capabilities = json!({
        "goog:chromeOptions": {"args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--hide-scrollbars", "--force-device-scale-factor=1", "--mute-audio",
            "--autoplay-policy=no-user-gesture-required", "--disable-features=Translate",
            "--touch-events=enabled",
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ]},
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities.as_object().unwrap().clone())
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap()
}
