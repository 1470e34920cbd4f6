//! Resolver: whether a picture of the glass holds the number that the page was given, in the upper right
//! corner as eight times eight cells of three pixels, black or white.

use cotmoc_player_core::glass::Look;

const CELL_PX: usize = 3;
const CELLS: usize = 8;
/// The page moves a little so that nothing burns in.
const SLACK_PX: i32 = 4;

/// A picture of the glass.
#[derive(Debug)]
pub struct Picture<'a> {
    width: usize,
    height: usize,
    rgb: &'a [u8],
}

impl<'a> Picture<'a> {
    /// Reads a binary PPM file of eight bits a sample.
    #[must_use]
    pub fn read(ppm: &'a [u8]) -> Option<Self> {
        let mut rest = ppm.strip_prefix(b"P6")?;
        let mut numbers = [0usize; 3];
        for number in &mut numbers {
            let skipped = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            rest = rest.get(skipped..)?;
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            *number = std::str::from_utf8(rest.get(..digits)?)
                .ok()?
                .parse()
                .ok()?;
            rest = rest.get(digits..)?;
        }
        let [width, height, most] = numbers;
        let rgb = rest.get(1..)?;
        let bytes = width.checked_mul(height)?.checked_mul(3)?;
        (most == 255 && width > 0 && rgb.len() == bytes).then_some(Self { width, height, rgb })
    }

    /// What it shows, if one of `nonces` has to be in it.
    #[must_use]
    pub fn judge(&self, nonces: &[String]) -> Look {
        let mut wanted = nonces.iter().filter_map(|nonce| bits(nonce));
        let is_there = |wanted: u64| {
            let moves = || -SLACK_PX..=SLACK_PX;
            moves().any(|right| moves().any(|down| self.cells(right, down) == Some(wanted)))
        };
        if wanted.any(is_there) {
            Look::Right
        } else if self.is_blank() {
            Look::Blank
        } else {
            Look::Wrong
        }
    }

    /// The number in the corner, if the page is moved so far to the right and down; outside the picture
    /// everything is dark.
    fn cells(&self, right: i32, down: i32) -> Option<u64> {
        let size = CELL_PX * CELLS;
        let left = i32::try_from(self.width.checked_sub(size)?).ok()? + right;
        let mut number = 0;
        for cell in 0..CELLS * CELLS {
            let at = |index: usize| i32::try_from(index * CELL_PX + CELL_PX / 2).ok();
            let x = left + at(cell % CELLS)?;
            let y = down + at(cell / CELLS)?;
            number = number << 1 | u64::from(self.is_light(x, y));
        }
        Some(number)
    }

    fn is_light(&self, x: i32, y: i32) -> bool {
        let inside = usize::try_from(x).ok().zip(usize::try_from(y).ok());
        let inside = inside.filter(|(x, y)| *x < self.width && *y < self.height);
        let start = inside.map(|(x, y)| (y * self.width + x) * 3);
        let pixel = start.and_then(|start| self.rgb.get(start..start + 3));
        pixel.is_some_and(|pixel| pixel.iter().map(|s| u32::from(*s)).sum::<u32>() > 3 * 127)
    }

    /// Whether it is nearly one colour all over.
    fn is_blank(&self) -> bool {
        let mut samples = self.rgb.chunks_exact(3).step_by(97);
        let Some(first) = samples.next() else {
            return true;
        };
        let is_near = |one: &[u8]| {
            let pairs = one.iter().zip(first);
            pairs.into_iter().all(|(a, b)| a.abs_diff(*b) <= 6)
        };
        let (near, all) = samples.fold((0usize, 0usize), |(near, all), one| {
            (near + usize::from(is_near(one)), all + 1)
        });
        all == 0 || near * 1_000 >= all * 998
    }
}

fn bits(nonce: &str) -> Option<u64> {
    (nonce.len() == 16).then(|| u64::from_str_radix(nonce, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "f0a5c3960f5a3c69";

    /// A page of many colours with a number in its corner, moved by so much.
    fn ppm(nonce: &str, right: i32, down: i32) -> Vec<u8> {
        let (width, height) = (200i32, 120i32);
        let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
        let number = bits(nonce).unwrap();
        for y in 0..height {
            for x in 0..width {
                let (cx, cy) = ((x - right - (width - 24)), (y - down));
                let is_in = (0..24).contains(&cx) && (0..24).contains(&cy);
                let cell = cy / 3 * 8 + cx / 3;
                let is_light = is_in && number >> (63 - cell.rem_euclid(64)) & 1 == 1;
                let pixel = match (is_in, is_light) {
                    (true, true) => [255; 3],
                    (true, false) => [0; 3],
                    (false, _) => [x % 251, y * 2, 90].map(|s| u8::try_from(s).unwrap()),
                };
                file.extend(pixel);
            }
        }
        file
    }

    fn judge(file: &[u8], nonces: &[&str]) -> Look {
        let nonces: Vec<String> = nonces.iter().map(|n| (*n).to_owned()).collect();
        Picture::read(file).unwrap().judge(&nonces)
    }

    #[test]
    fn the_number_is_found_where_the_page_may_have_moved_and_another_is_not_taken_for_it() {
        for (right, down) in [(0, 0), (-2, 2), (-2, 0)] {
            let file = ppm(NONCE, right, down);
            assert_eq!(judge(&file, &[NONCE]), Look::Right);
            assert_eq!(judge(&file, &["0123456789abcdef", NONCE]), Look::Right);
            assert_eq!(judge(&file, &["f0a5c3960f5a3c68", ""]), Look::Wrong);
        }
    }

    #[test]
    fn one_colour_is_blank_and_what_is_no_picture_is_none() {
        let mut file = b"P6\n100 100\n255\n".to_vec();
        file.extend([255; 30_000]);
        assert_eq!(judge(&file, &[NONCE]), Look::Blank);
        assert!(Picture::read(&file[..file.len() - 1]).is_none());
        assert!(Picture::read(b"P6\n99999999999 9\n255\n").is_none());
        assert!(Picture::read(b"").is_none());
    }
}
