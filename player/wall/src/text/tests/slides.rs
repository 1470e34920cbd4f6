//! Text slides, hostile ones too.

use super::*;

/// The same letters from ready-made characters and from a letter with marks put on it.
const COMPOSED: [(&str, &str); 6] = [
    ("Ệ", "E\u{323}\u{302}"),
    ("Ẩ", "A\u{302}\u{309}"),
    ("ữ", "u\u{31b}\u{303}"),
    ("ỡ", "o\u{31b}\u{303}"),
    ("Ẵ", "A\u{306}\u{303}"),
    ("ỵ", "y\u{323}"),
];

#[test]
fn letters_look_the_same_however_their_marks_are_written() {
    for (ready_made, put_together) in COMPOSED {
        let pictures = [ready_made, put_together].map(|text| picture_of(text, 96));
        assert!(ink(&pictures[0]) > 1_000, "{ready_made} has no ink");
        assert!(pictures[0] == pictures[1], "{ready_made}");
    }
}

#[test]
fn every_language_has_letters_of_its_own_and_none_is_a_box() {
    let box_ink = ink(&picture_of("\u{10ffff}", 96));
    let mut inks: Vec<u64> = ["Ữ", "ũ", "đ", "g", "境", "续", "门"]
        .iter()
        .map(|text| ink(&picture_of(text, 96)))
        .collect();
    assert!(inks.iter().all(|found| *found > 1_000 && *found != box_ink));
    inks.sort_unstable();
    inks.dedup();
    assert_eq!(inks.len(), 7);
}

#[test]
fn marks_above_and_below_are_not_cut_off_wherever_the_text_lies() {
    let text = "ẨỆỖ Ẵ gjpq ỵ Ậ";
    let free = slide(800, 400, vec![block(Area::whole(800, 400), text, 60)]);
    let wanted = ink(&drawn(&free, 800, 400));
    for valign in [Valign::Top, Valign::Middle, Valign::Bottom] {
        let area = Area {
            y_px: 100,
            height_px: 84,
            ..Area::whole(800, 400)
        };
        let tight = Block {
            valign,
            ..block(area, text, 60)
        };
        let picture = drawn(&slide(800, 400, vec![tight]), 800, 400);
        let rows = rows_with_ink(&picture);
        assert!(rows[0] >= 100 && rows[rows.len() - 1] < 184, "{rows:?}");
        let found = ink(&picture);
        assert!(found.abs_diff(wanted) < wanted / 50, "{found} {wanted}");
    }
}

#[test]
fn text_that_is_too_long_is_made_smaller_until_it_fits_and_cut_only_at_the_smallest_type() {
    let area = Area {
        x_px: 200,
        y_px: 100,
        width_px: 300,
        height_px: 100,
    };
    for words in [1, 4, 30, 400] {
        let text = "khẩu ".repeat(words);
        let picture = drawn(&slide(800, 400, vec![block(area, &text, 90)]), 800, 400);
        let rows = rows_with_ink(&picture);
        assert!(rows[0] >= 100 && rows[rows.len() - 1] < 200, "{words}");
        assert!(rows.len() > 20, "{words}: {rows:?}");
    }
}

#[test]
fn alignment_and_fill_are_where_the_slide_says() {
    let area = Area::whole(800, 200);
    let centre_of_ink = |align, valign| {
        let there = Block {
            align,
            valign,
            ..block(area, "Cửa khẩu", 40)
        };
        let picture = drawn(&slide(800, 200, vec![there]), 800, 200);
        let view = picture.as_picture();
        let columns: Vec<usize> = (0..800)
            .filter(|x| (0..200).any(|y| view.at(*x, y).unwrap().y > 100))
            .collect();
        let rows = rows_with_ink(&picture);
        let middle = |of: &[usize]| of[0].midpoint(of[of.len() - 1]);
        (middle(&columns), middle(&rows))
    };
    let (left, top) = centre_of_ink(Align::Left, Valign::Top);
    let (centre, middle) = centre_of_ink(Align::Center, Valign::Middle);
    let (right, bottom) = centre_of_ink(Align::Right, Valign::Bottom);
    assert!(left < 150 && centre.abs_diff(400) < 5 && right > 650);
    assert!(top < 60 && middle.abs_diff(100) < 15 && bottom > 140);

    let filled = Block {
        fill: Some(Colour::new(255, 0, 0)),
        ..block(area, "", 40)
    };
    let picture = drawn(&slide(800, 400, vec![filled]), 800, 400);
    let view = picture.as_picture();
    assert_eq!(view.at(10, 10), Some(Yuv::from_rgb(255, 0, 0)));
    assert_eq!(view.at(10, 390), Some(Yuv::BLACK));
}

#[test]
fn a_slide_of_another_shape_keeps_its_own_with_its_ground_around_it() {
    let filled = Block {
        fill: Some(Colour::WHITE),
        ..block(Area::whole(400, 400), "", 40)
    };
    let square = Slide {
        ground: Colour::new(0, 0, 255),
        ..slide(400, 400, vec![filled])
    };
    let picture = drawn(&square, 600, 300);
    let view = picture.as_picture();
    let blue = Some(Yuv::from_rgb(0, 0, 255));
    for (x, expected) in [
        (10, blue),
        (140, blue),
        (160, Some(Yuv::WHITE)),
        (440, Some(Yuv::WHITE)),
        (460, blue),
    ] {
        assert_eq!(view.at(x, 150), expected, "{x}");
    }
}

#[test]
fn a_large_picture_drawn_in_bands_has_no_seam() {
    let text = "Hữu Nghị";
    let tall = Area::whole(4_000, 4_000);
    let large = drawn(
        &slide(4_000, 4_000, vec![block(tall, text, 700)]),
        4_000,
        4_000,
    );
    let small = drawn(
        &slide(4_000, 4_000, vec![block(tall, text, 700)]),
        1_000,
        1_000,
    );
    let ratio = ink(&large).abs_diff(16 * ink(&small)) * 100 / ink(&large);
    assert!(ratio < 2, "{ratio} %");
}

#[test]
fn hostile_slides_cost_a_moment_and_nothing_else() {
    let texts = [
        "W".repeat(2_000),
        "ﷺ﷽".repeat(1_000),
        "\u{202e}\u{2067}א\u{202d}ب".repeat(400),
        "👩‍👩‍👧‍👦🏳️‍🌈".repeat(150),
        "\u{200b}\u{200d}\u{feff}".repeat(600),
        "\u{378}\u{e000}\u{10fffd}\u{fdd0}".repeat(500),
        format!("a{}", "\u{302}\u{309}\u{323}".repeat(600)),
        " ".repeat(2_000),
        "\n".repeat(2_000),
        "i l\n".repeat(500),
        "出入境手续".repeat(400),
        "a\u{2028}\u{2029}\u{85}b\u{ad}".repeat(300),
    ];
    let begun = Instant::now();
    for text in &texts {
        for (width, height, size_px) in [(1920, 1080, 2_000), (64, 64, 2_000), (16_384, 16, 8)] {
            let all = Area::whole(width, height);
            let blocks = (0..20).map(|_| block(all, text, size_px)).collect();
            let mut picture = PictureBuf::new(640, 360);
            let drawn = draw_slide(&slide(width, height, blocks), &mut picture.as_picture_mut());
            assert_eq!(drawn, Ok(()));
            eprintln!(
                "{:?} {width} {:?}",
                text.chars().take(4).collect::<String>(),
                begun.elapsed()
            );
        }
    }
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}
