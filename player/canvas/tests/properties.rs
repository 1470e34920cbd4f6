//! What holds for every picture and every geometry.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets something unexpected shall fail on the spot"
)]

use cotmoc_canvas::{
    Area, Coverage, Ink, OPAQUE, Picture, PictureBuf, PictureMut, Plane, PlaneMut, Sprite, Tone,
    Yuv, from_bgrx, from_rgba,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn edge() -> impl Strategy<Value = i32> {
    prop_oneof![-20..60, Just(i32::MIN), Just(i32::MAX), any::<i32>()]
}

fn areas() -> impl Strategy<Value = Area> {
    (edge(), edge(), edge(), edge()).prop_map(|(x, y, w, h)| Area::new(x, y, w, h))
}

fn colours() -> impl Strategy<Value = Yuv> {
    (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(y, u, v)| Yuv { y, u, v })
}

fn opacities() -> impl Strategy<Value = u16> {
    prop_oneof![Just(0), Just(OPAQUE), 0..=OPAQUE, any::<u16>()]
}

/// A picture of noise.
fn noise(width: usize, height: usize, seed: u32) -> PictureBuf {
    let mut picture = PictureBuf::new(width, height);
    let mut dice = seed | 1;
    let mut next = move || {
        dice ^= dice << 13;
        dice ^= dice >> 17;
        dice ^= dice << 5;
        dice.to_le_bytes()
    };
    let mut canvas = picture.as_picture_mut();
    for y in 0..i32::try_from(height).unwrap() {
        for x in 0..i32::try_from(width).unwrap() {
            let [y_level, u, v, _] = next();
            let colour = Yuv { y: y_level, u, v };
            canvas.fill(Area::new(x, y, 1, 1), colour);
        }
    }
    picture
}

fn pictures() -> impl Strategy<Value = PictureBuf> {
    (1..50usize, 1..40usize, any::<u32>()).prop_map(|(w, h, seed)| noise(w, h, seed))
}

fn shapes() -> impl Strategy<Value = Coverage> {
    (0..30usize, 0..20usize, vec(any::<u8>(), 0..700))
        .prop_map(|(width, height, bytes)| Coverage::new(width, height, &bytes))
}

fn contains(area: Area, x: usize, y: usize) -> bool {
    let inside = |at: usize, from: i32, length: i32| {
        let (at, from) = (i64::try_from(at).unwrap(), i64::from(from));
        at >= from && at < from + i64::from(length)
    };
    inside(x, area.x, area.width) && inside(y, area.y, area.height)
}

/// No pixel outside `area` has another brightness, and none that shares no colour sample with it another colour.
fn untouched_outside(
    before: &PictureBuf,
    after: &PictureBuf,
    area: Area,
) -> Result<(), TestCaseError> {
    let (before, after) = (before.as_picture(), after.as_picture());
    for y in 0..before.height() {
        for x in 0..before.width() {
            let (old, new) = (before.at(x, y).unwrap(), after.at(x, y).unwrap());
            if !contains(area, x, y) {
                prop_assert_eq!(old.y, new.y, "brightness at {},{}", x, y);
            }
            let (cx, cy) = (x / 2 * 2, y / 2 * 2);
            let shared = [(0, 0), (1, 0), (0, 1), (1, 1)];
            if !shared
                .iter()
                .any(|(dx, dy)| contains(area, cx + dx, cy + dy))
            {
                prop_assert_eq!((old.u, old.v), (new.u, new.v), "colour at {},{}", x, y);
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_fill_stays_inside_its_area_and_fills_it(
        before in pictures(), area in areas(), colour in colours(), opacity in opacities()
    ) {
        let mut filled = before.clone();
        filled.as_picture_mut().fill(area, colour);
        untouched_outside(&before, &filled, area)?;
        let picture = filled.as_picture();
        for y in 0..picture.height() {
            for x in (0..picture.width()).filter(|x| contains(area, *x, y)) {
                prop_assert_eq!(picture.at(x, y).unwrap().y, colour.y);
            }
        }
        let mut blended = before.clone();
        blended.as_picture_mut().blend_fill(area, colour, opacity);
        untouched_outside(&before, &blended, area)?;
        if opacity == 0 {
            prop_assert_eq!(&blended, &before);
        }
        if opacity >= OPAQUE {
            prop_assert_eq!(&blended, &filled);
        }
    }

    #[test]
    fn a_copy_stays_inside_its_area_and_a_fade_is_the_copy_at_both_ends(
        before in pictures(), area in areas(), a in pictures(), b in pictures(), weight in opacities()
    ) {
        let mut copied = before.clone();
        copied.as_picture_mut().blit(area, &a.as_picture());
        untouched_outside(&before, &copied, area)?;
        let fade = |weight| {
            let mut faded = before.clone();
            faded.as_picture_mut().crossfade(area, &a.as_picture(), &b.as_picture(), weight);
            faded
        };
        prop_assert_eq!(&fade(0), &copied);
        let mut other = before.clone();
        other.as_picture_mut().blit(area, &b.as_picture());
        prop_assert_eq!(&fade(OPAQUE), &other);
        untouched_outside(&before, &fade(weight), area)?;
    }

    #[test]
    fn a_copy_of_the_whole_is_the_same_picture_at_any_place(
        source in pictures(), x in 0..9i32, y in 0..9i32
    ) {
        let picture = source.as_picture();
        let mut canvas = PictureBuf::new(picture.width() + 9, picture.height() + 9);
        let whole = Area::new(x, y, i32::MAX, i32::MAX);
        canvas.as_picture_mut().blit(whole, &picture);
        let copy = canvas.as_picture();
        for row in 0..picture.height() {
            for column in 0..picture.width() {
                let (dx, dy) = (usize::try_from(x).unwrap(), usize::try_from(y).unwrap());
                let (old, new) = (picture.at(column, row).unwrap(), copy.at(column + dx, row + dy).unwrap());
                prop_assert_eq!(old.y, new.y);
                if x % 2 == 0 && y % 2 == 0 {
                    prop_assert_eq!(old, new);
                }
            }
        }
    }

    #[test]
    fn a_fade_grows_from_one_picture_to_the_other(a in any::<u8>(), b in any::<u8>()) {
        let grey = |level| {
            let mut picture = PictureBuf::new(7, 5);
            picture.as_picture_mut().fill(Area::new(0, 0, 7, 5), Yuv { y: level, u: level, v: level });
            picture
        };
        let (from, to) = (grey(a), grey(b));
        let mut levels: Vec<u8> = (0..=OPAQUE).map(|weight| {
            let mut faded = PictureBuf::new(7, 5);
            faded.as_picture_mut().crossfade(Area::new(0, 0, 7, 5), &from.as_picture(), &to.as_picture(), weight);
            let Yuv { y, u, v } = faded.as_picture().at(6, 4).unwrap();
            assert_eq!((u, v), (y, y));
            y
        }).collect();
        if a > b {
            levels.reverse();
        }
        prop_assert!(levels.is_sorted());
    }

    #[test]
    fn a_stamp_stays_inside_its_clip(
        before in pictures(), shape in shapes(), clip in areas(), colour in colours(), opacity in opacities(),
        x in prop_oneof![-10_000..20_000i64, any::<i64>()], y in edge()
    ) {
        let mut after = before.clone();
        after.as_picture_mut().stamp(&shape, x, y, clip, Ink { colour, opacity });
        untouched_outside(&before, &after, clip)?;
        if opacity == 0 {
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn a_stamp_on_whole_pixels_covers_exactly_its_pixels(
        bytes in vec(any::<u8>(), 6 * 5), x in -8..20i32, y in -7..20i32, ink in any::<u8>()
    ) {
        let mut picture = PictureBuf::new(16, 16);
        let whole = Area::whole(16, 16);
        let colour = Yuv { y: ink, u: 128, v: 128 };
        picture.as_picture_mut().fill(whole, Yuv { y: 100, u: 128, v: 128 });
        let shape = Coverage::new(6, 5, &bytes);
        picture.as_picture_mut().stamp(&shape, i64::from(x) * 256, y, whole, Ink::opaque(colour));
        let picture = picture.as_picture();
        for (row, line) in (y..).zip(bytes.chunks(6)) {
            for (column, alpha) in (x..).zip(line) {
                let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else { continue };
                let Some(found) = picture.at(column, row) else { continue };
                let exact = (100.0 * f64::from(255 - alpha) + f64::from(ink) * f64::from(*alpha)) / 255.0;
                prop_assert!((f64::from(found.y) - exact).abs() <= 1.5);
                if *alpha == 255 {
                    prop_assert_eq!(found.y, ink);
                }
                if *alpha == 0 {
                    prop_assert_eq!(found.y, 100);
                }
            }
        }
    }

    #[test]
    fn a_stamp_between_two_pixels_lies_between_them(
        bytes in vec(any::<u8>(), 12), part in 0..256i64
    ) {
        let at = |x| {
            let mut picture = PictureBuf::new(20, 2);
            let shape = Coverage::new(12, 1, &bytes);
            picture.as_picture_mut().stamp(&shape, x, 0, Area::whole(20, 2), Ink::opaque(Yuv::WHITE));
            picture
        };
        let (left, between, right) = (at(512), at(512 + part), at(768));
        for x in 0..20 {
            let [a, b, c] = [&left, &between, &right].map(|p| p.as_picture().at(x, 0).unwrap().y);
            prop_assert!((a.min(c).saturating_sub(1)..=a.max(c).saturating_add(1)).contains(&b));
        }
    }

    #[test]
    fn a_sprite_stays_inside_its_clip_and_one_without_opacity_draws_nothing(
        before in pictures(), (width, height, rgba) in (0..20usize, 0..20usize, vec(any::<u8>(), 0..1600)),
        x in edge(), y in edge(), clip in areas(), opacity in opacities()
    ) {
        let sprite = Sprite::from_rgba(width, height, &rgba);
        let mut after = before.clone();
        after.as_picture_mut().draw_sprite(&sprite, x, y, clip, opacity);
        untouched_outside(&before, &after, clip)?;
        if opacity == 0 {
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn an_opaque_sprite_of_one_colour_is_a_fill(
        rgb in any::<[u8; 3]>(), x in -3..12i32, y in -3..12i32
    ) {
        let [red, green, blue] = rgb;
        let pixel = [red, green, blue, 255];
        let sprite = Sprite::from_rgba(6, 4, &pixel.repeat(24));
        let mut drawn = PictureBuf::new(16, 16);
        drawn.as_picture_mut().draw_sprite(&sprite, 2 * x, 2 * y, Area::whole(16, 16), OPAQUE);
        let mut filled = PictureBuf::new(16, 16);
        filled.as_picture_mut().fill(Area::new(2 * x, 2 * y, 6, 4), Yuv::from_rgb(red, green, blue));
        prop_assert_eq!(drawn, filled);
    }

    #[test]
    fn a_neutral_tone_changes_nothing_and_others_keep_the_order_of_brightness(
        before in pictures(), brightness in any::<u8>(), gamma in any::<u16>()
    ) {
        let mut same = before.clone();
        Tone::default().apply(&mut same.as_picture_mut());
        prop_assert_eq!(&same, &before);
        let mut ramp = PictureBuf::new(256, 1);
        for level in 0..=255u8 {
            ramp.as_picture_mut().fill(Area::new(i32::from(level), 0, 1, 1), Yuv { y: level, u: 128, v: 128 });
        }
        Tone::new(brightness, gamma).apply(&mut ramp.as_picture_mut());
        let levels: Vec<Yuv> = (0..256).map(|x| ramp.as_picture().at(x, 0).unwrap()).collect();
        prop_assert!(levels.iter().map(|c| c.y).is_sorted());
        if !Tone::new(brightness, gamma).is_neutral() {
            prop_assert!(levels.iter().all(|c| c.y >= 16));
        }
        prop_assert!(levels.iter().all(|c| (c.u, c.v) == (128, 128)));
        let mut toned = before.clone();
        Tone::new(brightness, gamma).apply(&mut toned.as_picture_mut());
    }

    #[test]
    fn pixels_of_one_colour_become_that_colour(
        width in 1..20usize, height in 1..20usize, rgb in any::<[u8; 3]>()
    ) {
        let [red, green, blue] = rgb;
        let colour = Yuv::from_rgb(red, green, blue);
        let mut filled = PictureBuf::new(width, height);
        filled.as_picture_mut().fill(Area::whole(width, height), colour);
        let mut converted = PictureBuf::new(width, height);
        from_rgba(&mut converted.as_picture_mut(), &[red, green, blue, 0].repeat(width * height));
        prop_assert_eq!(&converted, &filled);
        let mut converted = PictureBuf::new(width, height);
        let stride = 4 * width + 8;
        let row = [[blue, green, red, 0].repeat(width), vec![0; 8]].concat();
        from_bgrx(&mut converted.as_picture_mut(), &row.repeat(height), stride);
        prop_assert_eq!(&converted, &filled);
    }

    #[test]
    fn planes_that_are_too_short_are_no_picture(
        width in 0..30usize, height in 0..30usize, stride in 0..40usize, length in 0..900usize
    ) {
        let bytes = vec![0; length];
        let plane = Plane { bytes: &bytes, stride };
        let made = Picture::new(width, height, [plane; 3]);
        let enough = width > 0 && height > 0 && stride >= width && length >= (height - 1) * stride + width;
        prop_assert_eq!(made.is_some(), enough);
        let (mut y, mut u, mut v) = (bytes.clone(), bytes.clone(), bytes);
        let planes = [&mut y, &mut u, &mut v].map(|bytes| PlaneMut { bytes, stride });
        if let Some(mut picture) = PictureMut::new(width, height, planes) {
            picture.fill(picture.area(), Yuv::WHITE);
            Tone::new(50, 150).apply(&mut picture);
        }
    }
}

#[test]
fn a_tone_dims_colours_as_it_dims_brightness() {
    let mut picture = PictureBuf::new(4, 4);
    let whole = Area::whole(4, 4);
    picture
        .as_picture_mut()
        .fill(whole, Yuv::from_rgb(200, 40, 40));
    Tone::new(50, 100).apply(&mut picture.as_picture_mut());
    let (found, due) = (
        picture.as_picture().at(0, 0).unwrap(),
        Yuv::from_rgb(100, 20, 20),
    );
    for (found, due) in [(found.y, due.y), (found.u, due.u), (found.v, due.v)] {
        assert!(found.abs_diff(due) <= 1, "{found} instead of {due}");
    }
}
