//! Running text and clocks on the ticks of any wall.

use super::*;

#[test]
fn a_ticker_shows_the_same_on_every_wall_and_moves_by_parts_of_a_pixel() {
    let spec = layout::Overlay::Ticker(ticker(three_languages()));
    let (one, other) = (start(&spec), start(&spec));
    assert_eq!(one.fault(), None);
    let mut before = seen(&one, MIDNIGHT_NS);
    assert!(ink(&before) > 10_000);
    for tick in 1..40 {
        let at_ns = MIDNIGHT_NS + tick * SECOND_NS / 60;
        let now = seen(&one, at_ns);
        assert!(now == seen(&other, at_ns));
        assert!(
            now != before,
            "tick {tick} shows what the one before showed"
        );
        before = now;
    }
    // At 120 px in a second everything is 60 px further left after half of one.
    let (start, later) = (
        seen(&one, MIDNIGHT_NS),
        seen(&one, MIDNIGHT_NS + SECOND_NS / 2),
    );
    let (start, later) = (start.as_picture(), later.as_picture());
    for y in 600..680 {
        for x in 160..1_100 {
            let (was, is) = (start.at(x, y).unwrap(), later.at(x - 60, y).unwrap());
            assert_eq!(was.y, is.y, "{x} {y}");
        }
    }
}

#[test]
fn a_ticker_stays_inside_its_area() {
    let overlay = start(&layout::Overlay::Ticker(ticker(three_languages())));
    for second in 0..30 {
        let picture = seen(&overlay, MIDNIGHT_NS + second * SECOND_NS);
        let view = picture.as_picture();
        for (x, y) in (0..1_280).flat_map(|x| (0..720).map(move |y| (x, y))) {
            let inside = (100..1_100).contains(&x) && (600..680).contains(&y);
            assert!(inside || view.at(x, y).unwrap().y == 16, "{x} {y}");
        }
    }
}

#[test]
fn a_ticker_shows_messages_in_their_time_only_and_nothing_when_it_has_none() {
    let in_a_minute = Message {
        from_ms: Some(TimeMs((MIDNIGHT_NS + 60 * SECOND_NS) / 1_000_000)),
        to_ms: Some(TimeMs((MIDNIGHT_NS + 120 * SECOND_NS) / 1_000_000)),
        ..message("Cửa khẩu", Language::Vi)
    };
    let spec = Ticker {
        backing: Backing {
            colour: Colour::WHITE,
            opacity_percent: 100,
        },
        ..ticker(vec![in_a_minute])
    };
    let overlay = start(&layout::Overlay::Ticker(spec));
    let shows = |second: i64| ink(&seen(&overlay, MIDNIGHT_NS + second * SECOND_NS)) > 0;
    assert!(!shows(0) && !shows(59));
    assert!(shows(61) && shows(119));
    assert!(shows(121), "what is in view runs out to the left");
    assert!(!shows(180));
}

#[test]
fn a_ticker_too_long_to_be_held_is_drawn_piece_by_piece() {
    let long = "出入境手续".repeat(100);
    let messages = (0..50).map(|_| message(&long, Language::Zh)).collect();
    let spec = Ticker {
        speed_px_per_s: 2_000,
        ..ticker(messages)
    };
    let overlay = start(&layout::Overlay::Ticker(spec));
    for second in [0, 1, 30, 500] {
        let at_ns = MIDNIGHT_NS + second * SECOND_NS;
        let deadline = Instant::now() + PATIENCE;
        while ink(&seen(&overlay, at_ns)) < 100_000 {
            assert!(Instant::now() < deadline, "second {second}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn hostile_messages_cost_their_own_length_and_nothing_else() {
    let texts = [
        "﷽".repeat(500),
        "W".repeat(500),
        "\u{200b}".repeat(500),
        "\u{202e}abc\u{378}👩‍👩‍👧‍👦".to_owned(),
        format!("a{}", "\u{302}".repeat(400)),
    ];
    for text in texts {
        for (height_px, size_px) in [(16, 2_000), (720, 2_000), (80, 8)] {
            let mut spec = ticker(vec![message(&text, Language::None)]);
            spec.area = Area::whole(1_280, height_px);
            spec.style.size_px = size_px;
            let overlay = start(&layout::Overlay::Ticker(spec));
            assert_eq!(overlay.fault(), None);
            seen(&overlay, MIDNIGHT_NS);
        }
    }
}

fn clock(format: ClockFormat) -> Clock {
    Clock {
        area: Area {
            x_px: 600,
            y_px: 40,
            width_px: 600,
            height_px: 80,
        },
        style: style(60),
        backing: Backing {
            colour: Colour::BLACK,
            opacity_percent: 0,
        },
        format,
    }
}

#[test]
fn a_clock_changes_on_the_very_tick_and_is_drawn_ahead() {
    let overlay = start(&layout::Overlay::Clock(clock(ClockFormat::Seconds)));
    let midnight = seen(&overlay, MIDNIGHT_NS);
    assert!(ink(&midnight) > 10_000);
    assert!(seen(&overlay, MIDNIGHT_NS + SECOND_NS - 1) == midnight);
    let next = seen(&overlay, MIDNIGHT_NS + SECOND_NS);
    assert!(next != midnight, "the next second was not drawn ahead");

    let leapt_ns = MIDNIGHT_NS + 3_600 * SECOND_NS;
    let deadline = Instant::now() + PATIENCE;
    while seen(&overlay, leapt_ns) == next {
        assert!(
            Instant::now() < deadline,
            "the clock does not follow a step"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_clock_waits_for_the_time_that_it_will_show_first() {
    let clock = layout::Overlay::Clock(clock(ClockFormat::Seconds));
    let overlay = start(&clock);
    for hour in 1..30 {
        let at_ns = MIDNIGHT_NS + hour * 3_601 * SECOND_NS;
        overlay.expect(at_ns);
        wait(&overlay);
    }
    let at_ns = MIDNIGHT_NS + 29 * 3_601 * SECOND_NS;
    let there = start(&clock);
    there.expect(at_ns);
    wait(&there);
    assert!(seen(&overlay, at_ns) == seen(&there, at_ns));
    assert!(ink(&seen(&overlay, at_ns)) > 10_000);
}

#[test]
fn every_clock_fits_its_area_whatever_the_size_of_its_type() {
    for format in [
        ClockFormat::Time,
        ClockFormat::Seconds,
        ClockFormat::Date,
        ClockFormat::Weekday,
        ClockFormat::TimeAndDate,
    ] {
        let mut spec = clock(format);
        spec.style.size_px = 2_000;
        let overlay = start(&layout::Overlay::Clock(spec));
        let picture = seen(&overlay, MIDNIGHT_NS);
        let view = picture.as_picture();
        let found = ink(&picture);
        let inside: u64 = (600..1_200)
            .flat_map(|x| (40..120).map(move |y| (x, y)))
            .map(|(x, y)| u64::from(view.at(x, y).unwrap().y) - 16)
            .sum();
        assert!(found > 10_000 && inside == found, "{format:?}");
        let edges = (600..1_200)
            .map(|x| (x, 40))
            .chain((40..120).map(|y| (600, y)));
        for (x, y) in edges {
            assert_eq!(view.at(x, y).unwrap().y, 16, "{format:?} touches {x} {y}");
        }
    }
}

#[test]
fn overlays_that_come_and_go_leave_no_thread_behind() {
    let ticker = layout::Overlay::Ticker(ticker(three_languages()));
    let clock = layout::Overlay::Clock(clock(ClockFormat::Seconds));
    for _ in 0..40 {
        drop([start(&ticker), start(&clock)]);
    }
    let deadline = Instant::now() + PATIENCE;
    // Other tests run beside this one, and end.
    while drawing_threads() > 4 {
        assert!(Instant::now() < deadline, "{}", drawing_threads());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn drawing_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.flat_map(|task| std::fs::read_to_string(task.path().join("comm")));
    names.filter(|name| name.starts_with("draw ")).count()
}
