use crate::support::{Place, Ran};
use cotmoc_controller::{Settings, run};
use cotmoc_test_kit::media::png;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The real controller on ports of its own, and a place that knows it.
struct Site {
    place: Place,
    flags: String,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Site {
    /// A controller with the root of trust and the channel `hall`.
    fn new() -> Self {
        let site = Self::bare();
        site.line("root publish root.dsse").good();
        site.line("channel add hall").good();
        site
    }

    fn bare() -> Self {
        Self::configured("")
    }

    fn configured(extra: &str) -> Self {
        let place = Place::with_programme();
        let any = "\"127.0.0.1:0\"";
        let config = format!("[listen]\ndevice = {any}\nenrol = {any}\nconsole = {any}\n{extra}");
        place.write("controller.toml", config.as_bytes());
        let data = place.path("data");
        let settings = Settings::read(Some(&place.path("controller.toml")), Some(data)).unwrap();
        let stop = CancellationToken::new();
        let token = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(run(settings, token)).unwrap();
        });
        let console = console(&place);
        let flags = format!(
            "--controller http://{console} --token-file data/operator.token --root root.dsse"
        );
        Self {
            place,
            flags,
            stop,
            thread: Some(thread),
        }
    }

    fn line(&self, line: &str) -> Ran {
        self.place.line(&format!("{} {line}", self.flags))
    }

    fn json(&self, line: &str) -> serde_json::Value {
        self.place.json(&format!("{} {line}", self.flags))
    }

    fn sign(&self, line: &str, holder: &str) -> Ran {
        self.place.sign(&format!("{} {line}", self.flags), holder)
    }

    fn draft(&self, out: &str) -> String {
        let made = self.json(&format!("release draft chuong-trinh.toml --out {out}"));
        made["draft"].as_str().unwrap().to_owned()
    }

    fn sign_and_publish(&self, file: &str) {
        for holder in ["an", "binh"] {
            self.sign(&format!("release sign {file} --yes"), holder)
                .good();
        }
        self.line(&format!("release publish {file}")).good();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn console(place: &Place) -> String {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let found = std::fs::read(place.path("data/addresses.json")).ok();
        let addresses: Option<serde_json::Value> =
            found.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(addresses) = addresses {
            return addresses["console"].as_str().unwrap().to_owned();
        }
        assert!(Instant::now() < deadline, "the controller does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn k05_signatures_are_collected_from_two_people_who_share_only_the_controller() {
    let site = Site::new();
    let draft = site.draft("r.dsse");
    site.sign(&format!("release sign {draft} --yes --media-dir one"), "an")
        .good();
    site.line("release publish r.dsse").refused(&[
        "wall W01 would not accept this",
        "by approver",
        "Còn thiếu",
    ]);
    site.sign("release sign r.dsse --yes --media-dir two", "binh")
        .good();
    let published = site.json(&format!("release publish {draft}"));
    assert_eq!(published["number"], 1);
    let again = site.json("release publish r.dsse");
    assert_eq!(again["number"], 1, "a second time is no mistake");
    let shown = site
        .line("release show --channel hall --lang en")
        .good()
        .out;
    assert!(shown.contains("Signed by: an (editor)"), "{shown}");
    assert!(shown.contains("Signed by: binh (approver)"), "{shown}");
}

#[test]
fn a_second_release_follows_the_first_and_shows_what_changes() {
    let site = Site::new();
    site.draft("one.dsse");
    site.sign_and_publish("one.dsse");
    site.place.write("a.png", &png(320, 180, [250, 250, 0]));
    site.draft("two.dsse");
    let seen = site
        .sign("release sign two.dsse --yes --lang en", "an")
        .good()
        .out;
    assert!(seen.contains("item le-hoi · media"), "{seen}");
    site.sign("release sign two.dsse --yes", "binh").good();
    assert_eq!(site.json("release publish two.dsse")["number"], 2);
    site.sign("release sign one.dsse --yes", "an")
        .refused(&["has signed this already"]);
}

#[test]
fn media_that_the_controller_has_are_not_sent_again() {
    let site = Site::new();
    let first = site.json("media add a.png phim.mp4");
    assert_eq!(first["assets"][0]["uploaded"], true);
    let second = site.json("media add a.png phim.mp4");
    assert_eq!(second["assets"][0]["uploaded"], false);
    assert_eq!(second["assets"][1]["uploaded"], false);
    let sha256 = first["assets"][0]["sha256"].as_str().unwrap();
    let text = String::from_utf8(site.place.read("chuong-trinh.toml")).unwrap();
    let by_digest = text.replace("file = \"a.png\"", &format!("sha256 = \"{sha256}\""));
    site.place.write("chuong-trinh.toml", by_digest.as_bytes());
    std::fs::remove_file(site.place.path("a.png")).unwrap();
    site.draft("r.dsse");
}

#[test]
fn walls_that_do_not_confirm_are_named_and_the_exit_code_says_so() {
    let site = Site::new();
    site.draft("r.dsse");
    for holder in ["an", "binh"] {
        site.sign("release sign r.dsse --yes", holder).good();
    }
    let ran = site.line("release publish r.dsse --wait 0 --json");
    assert_eq!(ran.code, 3, "{}\n{}", ran.out, ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["all_confirmed"], false);
    assert_eq!(report["confirmations"][1]["device"], "W02");
    assert_eq!(report["confirmations"][1]["confirmed"], false);
}

#[test]
fn a_duty_officer_shows_an_approved_template_on_every_wall_and_ends_it() {
    let site = Site::new();
    let text = String::from_utf8(site.place.read("chuong-trinh.toml")).unwrap();
    let template = "\n[[template]]\nid = \"khan-cap\"\nfile = \"b.png\"\n\
                    title = \"Xin rời khỏi đây\"\nlanguages = [\"vi\"]\n";
    site.place
        .write("chuong-trinh.toml", format!("{text}{template}").as_bytes());
    site.draft("one.dsse");
    site.sign_and_publish("one.dsse");
    let show = "override show --channel hall --template khan-cap --reason cháy --for 2h";
    site.sign(&format!("{show} --yes"), "an")
        .refused(&["may not sign this", "duty (dung)"]);
    let unknown = "override show --channel hall --template le-hoi --reason x --for 2h --yes";
    site.sign(unknown, "dung")
        .refused(&["has no template le-hoi", "khan-cap (Xin rời khỏi đây)"]);
    let long = "override show --channel hall --template khan-cap --reason x --for 25h --yes";
    site.sign(long, "dung").refused(&["allows at most"]);
    let end = "override end --channel hall --reason hết --yes";
    site.sign(end, "dung").refused(&["no override to end"]);
    site.sign(show, "dung").refused(&["the answer was not yes"]);
    let seen = site.sign(&format!("{show} --yes --lang en"), "dung").good();
    assert!(
        seen.out.contains("khan-cap (Xin rời khỏi đây)"),
        "{}",
        seen.out
    );
    assert!(seen.out.contains("For: 2:00:00"), "{}", seen.out);
    assert_eq!(site.json("channel list")["channels"][0]["override"], 1);
    let unconfirmed = site.sign(&format!("{end} --wait 0 --json"), "dung");
    assert_eq!(
        unconfirmed.code, 3,
        "{}\n{}",
        unconfirmed.out, unconfirmed.err
    );
    site.sign(end, "dung").refused(&["no override to end"]);
    let listed = site.json("override list --channel hall");
    assert_eq!(listed["overrides"][0]["action"]["show"]["item"], "khan-cap");
    assert_eq!(listed["overrides"][1]["action"]["end"]["ends"], 1);
    let table = site
        .line("override list --channel hall --lang en")
        .good()
        .out;
    assert!(
        table.contains("1: khan-cap") && table.contains("Ends override 1"),
        "{table}"
    );
    site.sign(
        "takedown --channel hall --item khan-cap --reason sai --yes",
        "dung",
    )
    .good();
    site.sign(&format!("{show} --yes"), "dung")
        .refused(&["the walls would not show it", "is taken down"]);
}

#[test]
fn a_published_release_is_signed_anew_before_a_root_takes_its_editors_key_away() {
    let site = Site::new();
    site.draft("one.dsse");
    site.sign_and_publish("one.dsse");
    let first = site.json("release publish one.dsse");
    let next_root = |from: &str, to: &str, change: &str| {
        site.line(&format!("root next {from} --out {to} {change}"))
            .good();
        for holder in ["binh", "chi"] {
            site.sign(&format!("root sign {to} --from {from}"), holder)
                .good();
        }
        site.line(&format!("root publish {to}")).good();
    };
    next_root("root.dsse", "two.dsse", "--add-editor em.key.pub");
    let record: serde_json::Value = serde_json::from_slice(&site.place.read("an.key.pub")).unwrap();
    let keyid = record["keyid"].as_str().unwrap();
    site.sign("release sign one.dsse --yes", "em").good();
    let anew = site.json("release publish one.dsse");
    assert_eq!(anew["payload_sha256"], first["payload_sha256"]);
    assert_ne!(anew["envelope_sha256"], first["envelope_sha256"]);
    assert_eq!(
        site.json("release publish one.dsse")["envelope_sha256"],
        anew["envelope_sha256"]
    );
    next_root(
        "two.dsse",
        "three.dsse",
        &format!("--remove {keyid} --add-root-key dung.key.pub"),
    );
    let still = site.json("release publish one.dsse");
    assert_eq!(still["envelope_sha256"], anew["envelope_sha256"]);
}

#[test]
fn a_duty_officer_takes_an_item_down_and_it_comes_back_only_when_the_programme_says_so() {
    let site = Site::new();
    site.draft("one.dsse");
    site.sign_and_publish("one.dsse");
    let takedown = "takedown --channel hall --item le-hoi --reason sai --yes";
    site.sign(takedown, "an")
        .refused(&["may not sign this", "duty (dung)"]);
    site.sign(
        "takedown --channel hall --item khong --reason sai --yes",
        "dung",
    )
    .refused(&["has no item khong", "chao-mung"]);
    site.sign(takedown, "dung").good();
    site.sign("takedown --channel hall --whole --reason thử --yes", "dung")
        .good();
    assert_eq!(site.json("channel list")["channels"][0]["takedown"], 2);

    site.line("release draft chuong-trinh.toml --out two.dsse")
        .refused(&[
            "playlist[1].item[2].file",
            "this was taken down (sai)",
            "lift_takedowns = true",
        ]);
    let text = String::from_utf8(site.place.read("chuong-trinh.toml")).unwrap();
    let lifted = format!("lift_takedowns = true\n{text}");
    site.place.write("chuong-trinh.toml", lifted.as_bytes());
    site.draft("two.dsse");
    let seen = site
        .sign("release sign two.dsse --yes --lang en", "an")
        .good()
        .out;
    assert!(
        seen.contains("Comes back after a takedown: le-hoi"),
        "{seen}"
    );
}

#[test]
fn devices_are_registered_shown_and_revoked() {
    let site = Site::new();
    let key = "ab".repeat(32);
    let answer = site.json(&format!("device enrol W01 --channel hall --spki {key}"));
    assert!(answer["token"].as_str().unwrap().len() >= 32);
    assert_eq!(site.json("device show W01")["state"], "pending");
    let said = site.line("device list").good().out;
    assert!(said.contains(&key), "{said}");
    site.line("device revoke W01").good();
    assert_eq!(site.json("device show W01")["state"], "revoked");
    site.line("device show W09")
        .refused(&["there is no device W09"]);
    site.line(&format!("device enrol W02 --channel nowhere --spki {key}"))
        .refused(&["there is no channel nowhere"]);
    let status = site.line("status --lang en").good().out;
    assert!(
        status.contains("W01") && status.contains("14 h 00"),
        "{status}"
    );
    let events = site.line("events --device W01 --lang en").good().out;
    assert!(events.contains("device-registered"), "{events}");
}

#[test]
fn who_left_the_root_signs_no_more() {
    let site = Site::new();
    let keyid = site.json("keys show an.key")["keyid"]
        .as_str()
        .unwrap()
        .to_owned();
    site.line(&format!(
        "root next root.dsse --out root2.dsse --remove {keyid} --add-editor em.key.pub \
         --add-root-key em.key.pub"
    ))
    .good();
    site.line("root publish root2.dsse")
        .refused(&["root2.dsse is not complete"]);
    for holder in ["binh", "chi"] {
        site.sign("root sign root2.dsse --from root.dsse", holder)
            .good();
    }
    site.line("root publish root2.dsse").good();
    site.draft("r.dsse");
    site.sign("release sign r.dsse --yes", "an")
        .refused(&["may not sign this", "editor (em)"]);
    for holder in ["em", "binh"] {
        site.sign("release sign r.dsse --yes", holder).good();
    }
    site.line("release publish r.dsse").good();
}

#[test]
fn what_is_wrong_with_the_controller_or_the_way_to_it_is_said_with_a_remedy() {
    let site = Site::bare();
    site.line("release draft chuong-trinh.toml --out r.dsse")
        .refused(&["cotmoc channel add hall"]);
    site.place
        .write("bad.token", b"not-the-token-not-the-token-not-the\n");
    let elsewhere = site.flags.replace("data/operator.token", "bad.token");
    site.place
        .line(&format!("{elsewhere} status"))
        .refused(&["does not accept the token", "--token-file"]);
    let gone = Place::new();
    gone.write("token", b"some-token\n");
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    gone.line(&format!(
        "--controller http://{unused} --token-file token status"
    ))
    .refused(&["does not answer", "cotmoc-controller"]);
    gone.line("status")
        .refused(&["no token for the controller", "--token-file"]);
}

#[test]
fn every_mistake_of_the_settings_file_is_reported_and_the_exit_code_is_64() {
    let place = Place::new();
    let bad = "controler = \"http://x\"\ntoken_file = [7]\ndevice_keys = [\"W01\"]\n";
    place.write("cli.toml", bad.as_bytes());
    let ran = place.line("status --config cli.toml");
    assert_eq!(ran.code, 64, "{}", ran.err);
    for word in ["controler", "token_file", "device_keys"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
}

#[test]
fn a_drill_goes_out_by_every_route_and_says_which_one_does_not_get_through() {
    let sheet = |name: &str, more: &str| {
        format!(
            "[[notices.routes]]\nname = \"{name}\"\nchannel = \"sheet\"\nfolder = \"{name}\"\n{more}\n"
        )
    };
    let none = Site::bare();
    none.line("drill")
        .refused(&["no way out for notices", "[[notices.routes]]"]);
    let good = Site::configured(&sheet("desk", ""));
    let done = good.line("drill --lang en").good().out;
    assert!(
        done.contains("desk (sheet)") && done.contains("accepted"),
        "{done}"
    );
    let files = good.place.path("desk").read_dir().unwrap().count();
    assert_eq!(files, 1);
    let listed = good.json("notices");
    assert_eq!(listed["notices"][0]["state"], "accepted");
    assert_eq!(good.line("notices --retry").code, 2, "of which incident?");
    let incident = listed["notices"][0]["incident"].as_str().unwrap();
    let again = good.json(&format!("notices --incident {incident} --retry"));
    assert_eq!(again, listed, "nothing was refused, nothing is sent again");
    let broken = sheet("broken", "command = [\"false\"]");
    let half = Site::configured(&(sheet("desk", "") + &broken));
    let ran = half.line("drill --wait 2 --lang en");
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(
        ran.out.contains("broken (sheet)") && ran.out.contains("waiting"),
        "{}",
        ran.out
    );
}
