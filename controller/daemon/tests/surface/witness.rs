//! The witness on another machine, and what the controller says to it.

use crate::world::{World, eventually};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

struct Witness {
    process: Child,
    folder: tempfile::TempDir,
    base: String,
}

impl Witness {
    /// A witness on `port` that writes its alarms as sheets.
    fn start(port: u16, key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "data = \"data\"\nlisten = \"127.0.0.1:{port}\"\ncontroller_key = \"{key}\"\n\
             silent_s = 4\n[[notices.routes]]\nname = \"sheet\"\nchannel = \"sheet\"\n\
             folder = \"{}\"\n",
            folder.path().join("sheets").display()
        );
        let config = folder.path().join("witness.toml");
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotmoc-controller"));
        command.args(["witness", "--config"]).arg(&config);
        command.env("COTMOC_LOG", "error").stdin(Stdio::null());
        Self {
            process: command.spawn().unwrap(),
            base: format!("http://127.0.0.1:{port}"),
            folder,
        }
    }

    /// The sheets that say this.
    fn sheets(&self, text: &str) -> Vec<PathBuf> {
        let Ok(files) = std::fs::read_dir(self.folder.path().join("sheets")) else {
            return Vec::new();
        };
        let says =
            |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|sheet| sheet.contains(text));
        files
            .map(|file| file.unwrap().path())
            .filter(says)
            .collect()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

fn key(data: &Path) -> String {
    let text = std::fs::read_to_string(data.join("beacon.pub")).unwrap();
    text.trim().to_owned()
}

#[tokio::test]
async fn a_controller_that_dies_is_called_about_and_called_back_when_it_lives() {
    let port = free_port();
    let mut world = World::start(&format!(
        "[witness]\nto = [\"http://127.0.0.1:{port}/beacon\"]\nevery_s = 1\n"
    ))
    .await;
    let witness = Witness::start(port, &key(&world.data()));
    let status = async || {
        let answer = world
            .http
            .get(format!("{}/status", witness.base))
            .send()
            .await
            .ok()?;
        answer.json::<Value>().await.ok()
    };
    eventually("the beacon is heard", async || {
        let status = status().await?;
        (status["site"] == "huu-nghi").then_some(())
    })
    .await;
    assert_eq!(witness.sheets(""), Vec::<PathBuf>::new(), "all is well");
    world.kill();
    eventually("the alarm", async || {
        (witness.sheets("BỘ ĐIỀU KHIỂN IM LẶNG").len() == 1).then_some(())
    })
    .await;
    world.restart().await;
    eventually("it is back", async || {
        (witness.sheets("Bộ điều khiển đã trở lại").len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_the_controller_has_not_signed_silences_no_alarm() {
    let world = World::start("").await;
    let port = free_port();
    let witness = Witness::start(port, &key(&world.data()));
    let send = async |body: Value| {
        let request = world.http.post(format!("{}/beacon", witness.base));
        let sent = request.body(body.to_string()).send().await.ok()?;
        Some(sent.status().as_u16())
    };
    let beacon = json!({ "version": 1, "site": "huu-nghi", "at_ms": cotmoc_service::boot::wall_ms(), "open": 0 });
    let forged = json!({ "beacon": beacon.to_string(), "signature": "AAAA" });
    let status = eventually("the witness answers", async || send(forged.clone()).await).await;
    assert_eq!(status, 403);
    assert_eq!(send(json!({ "beacon": 1 })).await, Some(400));
    let huge = json!({ "beacon": "x".repeat(10_000), "signature": "" });
    assert_eq!(send(huge).await, Some(413));
    eventually("the alarm", async || {
        (witness.sheets("BỘ ĐIỀU KHIỂN IM LẶNG").len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_daily_drill_is_held_once_and_not_again_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let sheets = folder.path().join("sheets");
    let mut world = World::start(&format!(
        "[notices]\ndrill_at = \"00:00\"\n[[notices.routes]]\nname = \"sheet\"\nchannel = \"sheet\"\nfolder = \"{}\"\n",
        sheets.display()
    ))
    .await;
    let drills = async |world: &World| {
        let all = world.get("/api/v1/notices").await.expect(200).json();
        let of = |notice: &&Value| notice["incident"].as_str().unwrap().starts_with("drill-");
        let notices = all["notices"].as_array().unwrap();
        let drills: Vec<_> = notices
            .iter()
            .filter(of)
            .map(|n| n["state"].clone())
            .collect();
        (drills == ["accepted"]).then_some(())
    };
    eventually("the day's drill", async || drills(&world).await).await;
    world.kill();
    world.restart().await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(
        drills(&world).await.is_some(),
        "not once more after a start"
    );
}
