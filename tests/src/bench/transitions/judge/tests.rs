use super::*;
use std::path::PathBuf;

fn clip(item: u8, frames: Option<u16>) -> Clip {
    Clip {
        item,
        path: PathBuf::new(),
        slot_ms: 1000,
        frames,
        is_scaled: false,
        has_sound: false,
    }
}

fn list() -> Vec<Clip> {
    vec![
        clip(1, Some(10)),
        clip(2, Some(10)),
        clip(3, None),
        clip(4, Some(10)),
    ]
}

fn frame(at_ms: f64, item: u8, frame: u16) -> Sight {
    let content = Content::Frame(Stamp { item, frame });
    Sight {
        at_ms,
        blind_ms: 3.0,
        content,
    }
}

/// Every frame of the list at its time, `rounds` times over; stamped as the players show it.
fn clean(rounds: u32) -> Vec<Sight> {
    let mut sights = Vec::new();
    let mut at_ms = 0.0;
    for clip in list()
        .iter()
        .cycle()
        .take(4 * usize::try_from(rounds).unwrap())
    {
        for n in 0..clip.frames.unwrap_or(1) {
            sights.push(frame(at_ms, clip.item, n));
            at_ms += clip.frame_ms();
        }
    }
    sights
}

#[test]
fn a_clean_run_has_boundaries_and_nothing_to_blame() {
    let figures = judge(&list(), &clean(5));
    assert_eq!(figures.boundaries, 16);
    assert_eq!(
        (figures.lost(), figures.missing, figures.repeated),
        (0, 0, 0)
    );
    assert_eq!((figures.black, figures.broken), (0, 0));
    assert!(figures.over(1.0).abs() < 0.01 && quantile(&figures.still_over_ms, 1.0).abs() < 0.01);
    assert_eq!(boundaries(&clean(5)), 16);
}

#[test]
fn frames_that_never_came_count_at_the_side_where_they_are_missing() {
    let mut sights = clean(5);
    sights.retain(|sight| {
        let early = sight.at_ms < 8_000.0;
        let Content::Frame(stamp) = sight.content else {
            return true;
        };
        early
            || sight.at_ms > 12_000.0
            || !matches!((stamp.item, stamp.frame), (1, 8 | 9) | (2, 0) | (4, 5))
    });
    let figures = judge(&list(), &sights);
    assert_eq!(
        (figures.lost_tail, figures.lost_head, figures.missing),
        (2, 1, 1)
    );
    assert!(
        (figures.over(1.0) - 300.0).abs() < 0.01,
        "{:?}",
        figures.over_ms
    );
}

#[test]
fn an_item_left_out_costs_all_its_frames() {
    let mut sights = clean(5);
    sights.retain(|sight| {
        !(matches!(sight.content, Content::Frame(Stamp { item: 2, .. }))
            && (12_000.0..16_000.0).contains(&sight.at_ms))
    });
    assert_eq!(judge(&list(), &sights).lost_items, 10);
}

#[test]
fn black_broken_and_old_pictures_are_counted_and_make_no_boundary() {
    let mut sights = clean(5);
    let at = sights
        .iter()
        .position(|sight| sight.at_ms >= 8_950.0)
        .unwrap();
    let black = Sight {
        at_ms: 8_955.0,
        blind_ms: 3.0,
        content: Content::Black,
    };
    let broken = Sight {
        at_ms: 8_960.0,
        blind_ms: 3.0,
        content: Content::Other,
    };
    sights.splice(
        at..at,
        [black, broken, frame(8_970.0, 1, 9), frame(8_980.0, 1, 8)],
    );
    let figures = judge(&list(), &sights);
    assert_eq!((figures.black, figures.broken), (1, 1));
    assert_eq!(figures.repeated, 1);
    assert_eq!(figures.boundaries, 16);
}

#[test]
fn what_happened_while_nobody_looked_is_not_judged() {
    let mut sights = clean(5);
    sights.retain(|sight| !(8_800.0..9_150.0).contains(&sight.at_ms));
    let late = sights
        .iter_mut()
        .find(|sight| sight.at_ms >= 9_150.0)
        .unwrap();
    late.blind_ms = 350.0;
    let figures = judge(&list(), &sights);
    assert_eq!((figures.boundaries, figures.unwatched), (15, 1));
    assert_eq!((figures.lost(), figures.missing), (0, 0));
}
