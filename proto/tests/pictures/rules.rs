//! What a layout, a plan or an announcement may not say.

use crate::samples::{self, area, id, item, light, message, release, volume, zone};
use cotmoc_proto::Reject;
use cotmoc_proto::layout::{Layout, Overlay};
use cotmoc_proto::media::{Asset, Loudness, Mime};
use cotmoc_proto::plan::SoundPlan;
use cotmoc_proto::playlist::Language;
use cotmoc_proto::release::Release;
use cotmoc_proto::style::{Area, Colour};
use cotmoc_proto::window::Day;
use proptest::prelude::*;

/// Why the sample is refused after `change`.
fn refused(change: impl FnOnce(&mut Release)) -> String {
    let mut release = release();
    change(&mut release);
    match release.check() {
        Err(Reject::BadRelease { detail }) => detail,
        other => panic!("{other:?}"),
    }
}

fn overlay(release: &mut Release, overlay: Overlay) {
    release.layout.overlays = vec![overlay];
}

#[test]
fn zones_that_nobody_could_see_are_refused() {
    let zones = |areas: &[Area]| {
        refused(|release| {
            let named = areas.iter().enumerate();
            release.layout.zones = named
                .map(|(n, area)| zone(if n == 0 { "main" } else { "notice" }, *area))
                .collect();
        })
    };
    let fine = area(0, 0, 640, 480);
    assert!(zones(&[]).contains("0 zones"));
    assert!(zones(&[fine, area(0, 0, 14, 480)]).contains("at least 16×16"));
    assert!(zones(&[fine, area(1, 0, 64, 64)]).contains("even numbers"));
    assert!(zones(&[fine, area(1900, 0, 64, 64)]).contains("past the canvas of 1920×1080"));
    assert!(zones(&[fine, area(0, u32::MAX - 1, 64, 64)]).contains("past the canvas"));
    let twice = refused(|release| release.layout.zones[1].id = id("main"));
    assert_eq!(twice, "zone main is defined twice");
    let many = refused(|release| {
        release.layout.zones = (0..9).map(|n| zone(&format!("z{n}"), fine)).collect();
    });
    assert!(many.contains("9 zones"), "{many}");
}

#[test]
fn every_zone_has_something_to_play_at_any_time() {
    let unfilled = refused(|release| {
        release.playlists.pop();
    });
    assert!(
        unfilled.starts_with("zone notice: no playlist"),
        "{unfilled}"
    );
    let unknown = refused(|release| release.playlists[0].zone = id("balcony"));
    assert!(unknown.contains("unknown zone balcony"), "{unknown}");
}

#[test]
fn a_canvas_that_was_good_before_there_were_zones_is_still_good() {
    assert_eq!(Layout::full_screen(1365, 767).defect(), None);
    assert!(Layout::full_screen(15, 768).defect().is_some());
    assert!(Layout::full_screen(16_385, 768).defect().is_some());
}

#[test]
fn a_ticker_says_something_that_can_be_read() {
    let ticker = |change: &dyn Fn(&mut cotmoc_proto::layout::Ticker)| {
        let mut ticker = samples::ticker();
        change(&mut ticker);
        refused(|release| overlay(release, Overlay::Ticker(ticker)))
    };
    assert!(ticker(&|t| t.messages.clear()).contains("0 messages"));
    assert!(ticker(&|t| t.messages = vec![message("a", Language::Vi); 51]).contains("51"));
    assert!(ticker(&|t| t.speed_px_per_s = 9).contains("9 px per second"));
    assert!(ticker(&|t| t.style.size_px = 7).contains("type of 7 px"));
    assert!(ticker(&|t| t.style.size_px = 82).contains("in an area of 80 px"));
    assert!(ticker(&|t| t.backing.opacity_percent = 101).contains("opacity 101"));
    assert!(ticker(&|t| t.area.y_px = 1_020).contains("past the canvas"));
    assert!(ticker(&|t| t.messages[0].to_ms = t.messages[0].from_ms).contains("before it begins"));
    let long = "ă".repeat(501);
    for text in ["", "  ", &long] {
        assert!(ticker(&|t| t.messages[1].text = text.to_owned()).contains("expected 1 to 500"));
    }
    for text in [
        "a\nb",
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{2066}b",
        "\u{1b}[2J",
        "a\u{2029}",
    ] {
        let said = ticker(&|t| t.messages[1].text = text.to_owned());
        assert!(said.contains("invisible characters"), "{text:?}: {said}");
    }
}

#[test]
fn a_clock_and_a_logo_keep_to_the_canvas_and_to_their_kind() {
    let mut clock = samples::clock();
    clock.style.size_px = 200;
    let said = refused(|release| overlay(release, Overlay::Clock(clock)));
    assert!(said.starts_with("clock: type of 200 px"), "{said}");
    let mut logo = samples::logo();
    logo.asset.mime = Mime::Slide;
    let said = refused(|release| overlay(release, Overlay::Logo(logo)));
    assert!(said.contains("logo must be a PNG"), "{said}");
    let mut logo = samples::logo();
    logo.opacity_percent = 200;
    let said = refused(|release| overlay(release, Overlay::Logo(logo)));
    assert!(said.contains("opacity 200"), "{said}");
    let said = refused(|release| {
        release.layout.overlays = vec![Overlay::Clock(samples::clock()); 9];
    });
    assert!(said.contains("9 overlays"), "{said}");
}

#[test]
fn sound_is_for_announcements_and_pictures_are_for_zones() {
    let said = refused(|release| release.playlists[0].items[0] = item("nhac", Mime::Mp3));
    assert!(said.contains("item nhac is sound alone"), "{said}");
    let said = refused(|release| release.announcements[0].item = item("anh-2", Mime::Png));
    assert!(said.contains("must be sound"), "{said}");
    let said = refused(|release| release.fallback = item("phim-2", Mime::Webm));
    assert!(said.contains("fallback must be a still"), "{said}");
    let mut drawn = release();
    drawn.fallback = item("du-phong-chu", Mime::Slide);
    assert_eq!(drawn.check(), Ok(()), "a text slide is a still");
}

#[test]
fn announcements_that_could_not_be_heard_are_refused() {
    let one = |change: &dyn Fn(&mut cotmoc_proto::plan::Announcement)| {
        refused(|release| change(&mut release.announcements[0]))
    };
    assert!(one(&|a| a.times.clear()).contains("0 times"));
    assert!(one(&|a| a.times = vec![id("24:00")]).contains("write 00:00"));
    assert!(one(&|a| a.times = vec![id("08:00"); 2]).contains("twice"));
    assert!(one(&|a| a.item.dur_ms = 600_001).contains("ten minutes"));
    assert!(one(&|a| std::mem::swap(&mut a.first_date, &mut a.last_date)).contains("last date"));
    assert!(one(&|a| a.item.id = id("phim")).contains("listed twice"));
}

#[test]
fn two_announcements_do_not_speak_at_once() {
    let two = |first: &[&str], second: &[&str]| {
        let mut release = release();
        let mut one = samples::announcement("one", first);
        one.item.dur_ms = 90_000;
        release.announcements = vec![one, samples::announcement("two", second)];
        release
    };
    assert_eq!(two(&["08:00"], &["08:02"]).check(), Ok(()));
    assert_eq!(
        two(&["08:00"], &["08:00"]).check(),
        Ok(()),
        "one after the other"
    );
    let said = two(&["08:00"], &["08:01"]).check().unwrap_err().to_string();
    assert!(
        said.contains("announcement one at 08:00 is not over when two begins"),
        "{said}"
    );
    assert!(two(&["08:00", "08:01"], &["09:00"]).check().is_err());
    let mut other_days = two(&["08:00"], &["08:01"]);
    other_days.announcements[1].days = vec![Day::Tue];
    assert_eq!(other_days.check(), Ok(()));
}

#[test]
fn plans_have_steps_in_order_and_values_that_exist() {
    let sound = |change: &dyn Fn(&mut SoundPlan)| refused(|release| change(&mut release.sound));
    assert!(sound(&|s| s.target_mlufs = -9_999).contains("loudness target"));
    assert!(sound(&|s| s.duck_percent = 101).contains("over 100"));
    assert!(sound(&|s| s.volume[0].percent = 101).contains("over 100"));
    assert!(sound(&|s| s.volume.reverse()).contains("not in the order"));
    assert!(sound(&|s| s.volume = vec![volume("07:00", 1); 2]).contains("not in the order"));
    assert!(sound(&|s| s.volume[1] = volume("24:00", 0)).contains("write 00:00"));
    let steps = |steps: Vec<cotmoc_proto::plan::LightStep>| refused(|r| r.light.steps = steps);
    assert!(steps(vec![light("07:00", 9, 100)]).contains("brightness 10"));
    assert!(steps(vec![light("07:00", 50, 301)]).contains("gamma 30"));
    let many = (0..49).map(|n| light(&format!("{:02}:{:02}", n / 60, n % 60), 50, 100));
    assert!(steps(many.collect()).contains("49 steps"));
}

#[test]
fn one_digest_is_one_file() {
    let said = refused(|release| {
        let same = release.playlists[0].items[1].asset.sha256;
        release.fallback.asset.sha256 = same;
    });
    assert!(said.contains("described in two ways"), "{said}");
    let said = refused(|release| release.playlists[1].items[0].asset.size_bytes = 65_537);
    assert!(
        said.contains("text slide of more than 65536 bytes"),
        "{said}"
    );
    let said = refused(|release| release.playlists[0].crossfade_ms = 5_001);
    assert!(said.contains("crossfade of 5001 ms"), "{said}");
}

#[test]
fn the_first_bytes_tell_what_a_file_is() {
    let cases: [(&[u8], Option<Mime>); 9] = [
        (b"\x1a\x45\xdf\xa3....", Some(Mime::Webm)),
        (b"OggS\0\x02", Some(Mime::Ogg)),
        (b"ID3\x04\0", Some(Mime::Mp3)),
        (b"\xff\xfb\x90\x44", Some(Mime::Mp3)),
        (b"\xff\xf3\x90\x44", Some(Mime::Mp3)),
        (b"RIFF\x10\0\0\0WAVEfmt ", Some(Mime::Wav)),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Some(Mime::Webp)),
        (b"\xff\xd8\xff\xe0", Some(Mime::Jpeg)),
        (b"\xff\xf1\x50\x80", None),
    ];
    for (head, mime) in cases {
        assert_eq!(Mime::sniff(head), mime, "{head:x?}");
    }
    assert_eq!(Mime::sniff(b"{\"width_px\":16"), None, "slides show none");
}

fn loudness() -> impl Strategy<Value = Loudness> {
    (-120_000..=20_000, -120_000..=20_000).prop_map(|(integrated_mlufs, true_peak_mdbtp)| {
        Loudness {
            integrated_mlufs,
            true_peak_mdbtp,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_gain_lifts_a_peak_over_the_limit_nor_the_sound_over_its_target(
        loudness in loudness(),
        target in -40_000..=-10_000,
    ) {
        let gain = loudness.gain_mdb(target);
        prop_assert!(gain <= 12_000);
        prop_assert!(loudness.integrated_mlufs > -70_000 || gain == 0);
        if gain != 0 {
            prop_assert!(loudness.true_peak_mdbtp + gain <= -1_000);
            prop_assert!(loudness.integrated_mlufs + gain <= target);
            let reached = loudness.integrated_mlufs + gain == target;
            prop_assert!(reached || loudness.true_peak_mdbtp + gain == -1_000 || gain == 12_000);
        }
        let asset = Asset { loudness: Some(loudness), ..samples::asset("a", Mime::Ogg) };
        prop_assert_eq!(asset.defect(), None);
    }

    #[test]
    fn a_colour_is_written_as_it_is_read(red: u8, green: u8, blue: u8) {
        let colour = Colour::new(red, green, blue);
        prop_assert_eq!(colour.to_string().parse(), Ok(colour));
        prop_assert_eq!(crate::text(&colour), format!("\"#{red:02x}{green:02x}{blue:02x}\""));
    }

    #[test]
    fn what_is_read_as_a_colour_is_written_the_same(text in "#?[0-9a-fA-F+ ]{5,8}") {
        if let Ok(colour) = text.parse::<Colour>() {
            prop_assert_eq!(colour.to_string(), text);
        }
    }

    #[test]
    fn an_area_is_good_exactly_if_it_is_even_large_enough_and_on_the_canvas(
        (x, y, w, h) in (0_u32..140, 0_u32..140, 0_u32..140, 0_u32..140),
    ) {
        let even = [x, y, w, h].iter().all(|side| side % 2 == 0);
        let good = even && w >= 16 && h >= 16 && x + w <= 128 && y + h <= 96;
        prop_assert_eq!(area(x, y, w, h).defect(128, 96).is_none(), good);
    }

    #[test]
    fn no_area_at_all_makes_the_check_panic(x: u32, y: u32, w: u32, h: u32, cw: u32, ch: u32) {
        drop(area(x, y, w, h).defect(cw, ch));
    }
}

#[test]
fn colours_that_two_readers_could_understand_differently_are_refused() {
    for bad in [
        "", "#fff", "#FFFFFF", "ffffff", "#fffffff", "#ggg000", "#+12345", "red", "#١٢٣",
    ] {
        assert!(bad.parse::<Colour>().is_err(), "{bad}");
    }
}
