//! What is made and where it goes: the canvas, and for each output its sink and its view of the canvas.

use crate::pipeline::{
    FrameRate, KmsPlane, OutputConfig, PathChoice, PixelArea, Rotation, SinkKind, View,
};
use cotmoc_service::config::Reader;
use std::str::FromStr;

const MOST_OUTPUTS: usize = 8;
const EDGE_PX: std::ops::RangeInclusive<u64> = 16..=16_384;

type Size = (u32, u32);

/// Everything the file says of pictures.
pub(super) struct Pictures {
    pub canvas: Size,
    pub rate: FrameRate,
    pub path: PathChoice,
    pub outputs: Vec<OutputConfig>,
}

/// Reads `[canvas]`, and `[output]` or a list of `[[output]]`.
pub(super) fn read(reader: &mut Reader) -> Pictures {
    let drafts: Vec<Draft> = prefixes(reader)
        .into_iter()
        .map(|prefix| Draft::read(reader, prefix))
        .collect();
    let (width, height) = drafts.first().map_or((1280, 720), Draft::shown_size);
    let canvas = (
        pixels(reader, "canvas.width", width),
        pixels(reader, "canvas.height", height),
    );
    let outputs = drafts.into_iter().map(|draft| draft.finish(reader, canvas));
    Pictures {
        canvas,
        outputs: outputs.collect(),
        rate: frame_rate(reader),
        path: path(reader),
    }
}

fn prefixes(reader: &mut Reader) -> Vec<String> {
    let listed = reader.tables("output");
    if listed > MOST_OUTPUTS {
        let expected = format!("at most {MOST_OUTPUTS} outputs; split the wall between boards");
        reader.mistake("output", Some(format!("{listed} outputs")), expected);
    }
    if listed == 0 {
        return vec!["output".to_owned()];
    }
    (0..listed).map(|n| format!("output.{n}")).collect()
}

/// An output as far as it is known without the canvas.
struct Draft {
    prefix: String,
    sink: SinkKind,
    size: Size,
    rotate: Rotation,
    mirror: bool,
    crop: Option<PixelArea>,
    place: Option<PixelArea>,
}

impl Draft {
    fn read(reader: &mut Reader, prefix: String) -> Self {
        let key = |name: &str| format!("{prefix}.{name}");
        Self {
            sink: sink(reader, &key),
            size: (
                pixels(reader, &key("width"), 1280),
                pixels(reader, &key("height"), 720),
            ),
            rotate: rotation(reader, &key("rotate")),
            mirror: reader.optional(&key("mirror"), false, "true or false"),
            crop: area(reader, &key("crop")),
            place: area(reader, &key("area")),
            prefix,
        }
    }

    /// The size in which all of the canvas is shown without scaling.
    fn shown_size(&self) -> Size {
        let place = self.place.map_or(self.size, |place| {
            (place.width.unsigned_abs(), place.height.unsigned_abs())
        });
        match self.rotate {
            Rotation::None | Rotation::Half => place,
            Rotation::Right | Rotation::Left => (place.1, place.0),
        }
    }

    fn finish(self, reader: &mut Reader, canvas: Size) -> OutputConfig {
        let Self {
            prefix,
            sink,
            size: (width, height),
            rotate,
            mirror,
            crop,
            place,
        } = self;
        let key = |name: &str| format!("{prefix}.{name}");
        let (canvas_width, canvas_height) = canvas;
        let whole_canvas = PixelArea::whole(canvas_width, canvas_height);
        let whole_output = PixelArea::whole(width, height);
        let of_canvas = format!(
            "an area within the canvas of {canvas_width}x{canvas_height} pixels: a smaller one, or a larger [canvas]"
        );
        let of_output = format!(
            "an area within the output of {width}x{height} pixels: a smaller one, or a larger {}",
            key("width")
        );
        let crop = within(reader, (&key("crop"), &of_canvas), crop, whole_canvas);
        let place = within(reader, (&key("area"), &of_output), place, whole_output);
        OutputConfig {
            sink,
            width,
            height,
            view: View {
                crop,
                rotate,
                mirror,
                place,
            },
        }
    }
}

fn within(
    reader: &mut Reader,
    (key, expected): (&str, &str),
    area: Option<PixelArea>,
    whole: PixelArea,
) -> PixelArea {
    let Some(area) = area else { return whole };
    let PixelArea {
        x,
        y,
        width,
        height,
    } = area;
    if width < 1 || height < 1 || x + width > whole.width || y + height > whole.height {
        let value = format!("{width}x{height} pixels at {x},{y}");
        reader.mistake(key, Some(value), expected);
        return whole;
    }
    area
}

fn pixels(reader: &mut Reader, key: &str, default: u32) -> u32 {
    u32::try_from(reader.within(key, u64::from(default), EDGE_PX)).unwrap_or(default)
}

/// In `[canvas]`, or where a wall with one output says everything else.
fn frame_rate(reader: &mut Reader) -> FrameRate {
    let one = !reader.has("canvas.fps") && reader.tables("output") == 0;
    let key = if one { "output.fps" } else { "canvas.fps" };
    let num = reader.within(key, 30, 1..=120);
    FrameRate {
        num: u32::try_from(num).unwrap_or(30),
        den: 1,
    }
}

fn path(reader: &mut Reader) -> PathChoice {
    let expected = "\"auto\" or \"mixed\"";
    let Named(path) = reader.optional("canvas.path", Named(PathChoice::Auto), expected);
    path
}

fn rotation(reader: &mut Reader, key: &str) -> Rotation {
    let expected = "\"none\", \"right\", \"half\" or \"left\"";
    let Named(rotate) = reader.optional(key, Named(Rotation::None), expected);
    rotate
}

fn sink(reader: &mut Reader, key: &impl Fn(&str) -> String) -> SinkKind {
    let expected = "\"kms\", \"window\" or \"headless\"";
    let name = reader.optional(&key("sink"), SinkName::Kms, expected);
    let plane = KmsPlane {
        driver: reader.maybe(&key("kms_driver"), "the name of a kernel display driver"),
        connector_id: reader.maybe(&key("kms_connector"), "a connector's number"),
        plane_id: reader.maybe(&key("kms_plane"), "a plane's number"),
    };
    match name {
        SinkName::Headless => SinkKind::Headless,
        SinkName::Window => SinkKind::Window,
        SinkName::Kms => SinkKind::Kms(plane),
    }
}

fn area(reader: &mut Reader, key: &str) -> Option<PixelArea> {
    if !reader.has(key) {
        return None;
    }
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|side| {
        let pixels = reader.required::<u16>(&format!("{key}.{side}"), "a number of pixels");
        pixels.map(i32::from)
    });
    Some(PixelArea {
        x: x?,
        y: y?,
        width: width?,
        height: height?,
    })
}

/// A word of the file for a choice of the engine.
struct Named<T>(T);

impl FromStr for Named<PathChoice> {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self(PathChoice::Auto)),
            "mixed" => Ok(Self(PathChoice::Mixed)),
            _ => Err(()),
        }
    }
}

impl FromStr for Named<Rotation> {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "none" => Ok(Self(Rotation::None)),
            "right" => Ok(Self(Rotation::Right)),
            "half" => Ok(Self(Rotation::Half)),
            "left" => Ok(Self(Rotation::Left)),
            _ => Err(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SinkName {
    Headless,
    Window,
    Kms,
}

impl FromStr for SinkName {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "headless" => Ok(Self::Headless),
            "window" => Ok(Self::Window),
            "kms" => Ok(Self::Kms),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Pictures, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wall.toml");
        std::fs::write(&path, text).unwrap();
        let mut reader = Reader::open(&path);
        let pictures = read(&mut reader);
        let mistakes = reader
            .finish()
            .err()
            .map(|found| found.0)
            .unwrap_or_default();
        let said = mistakes
            .iter()
            .map(|m| format!("{}: {}", m.key, m.expected));
        (pictures, said.collect())
    }

    #[test]
    fn one_output_needs_no_canvas_and_two_show_the_halves_of_one() {
        let (one, mistakes) =
            read_text("[output]\nsink = \"headless\"\nwidth = 640\nheight = 360\nfps = 25\n");
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!((one.canvas, one.rate.num), ((640, 360), 25));
        let whole = OutputConfig::whole(SinkKind::Headless, 640, 360);
        assert_eq!(one.outputs, [whole]);

        let (two, mistakes) = read_text(
            "[canvas]\nwidth = 1920\nheight = 540\nfps = 50\npath = \"mixed\"\n\
             [[output]]\nwidth = 960\nheight = 540\nkms_connector = 32\n\
             crop = { x = 0, y = 0, width = 960, height = 540 }\n\
             [[output]]\nwidth = 540\nheight = 960\nkms_connector = 40\nrotate = \"right\"\n\
             mirror = true\ncrop = { x = 960, y = 0, width = 960, height = 540 }\n",
        );
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!((two.canvas, two.rate.num), ((1920, 540), 50));
        assert_eq!(two.path, PathChoice::Mixed);
        let views: Vec<View> = two.outputs.iter().map(|output| output.view).collect();
        assert_eq!(views[1].crop.x, 960);
        assert_eq!(views[1].place, PixelArea::whole(540, 960));
        assert_eq!((views[1].rotate, views[1].mirror), (Rotation::Right, true));
        assert_eq!((views[0].rotate, views[0].mirror), (Rotation::None, false));
    }

    #[test]
    fn the_canvas_is_as_large_as_the_sending_cards_area_before_it_is_turned() {
        let (pictures, mistakes) = read_text(
            "[output]\nrotate = \"left\"\narea = { x = 0, y = 0, width = 480, height = 600 }\n",
        );
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!(pictures.canvas, (600, 480));
    }

    #[test]
    fn mistakes_of_every_output_are_found_at_once_and_say_what_helps() {
        let (_, mistakes) = read_text(
            "[canvas]\nwidth = 1000\nheight = 500\npath = \"fast\"\n\
             [[output]]\nrotate = \"upside-down\"\nfps = 25\n\
             [[output]]\nsink = \"oled\"\nmirror = 3\n\
             crop = { x = 600, y = 0, width = 600, height = 500 }\n\
             area = { x = 0, y = 0, width = 1281, height = 10 }\n\
             [[output]]\narea = { x = 0, y = 0, width = 10 }\n",
        );
        let expected = [
            "canvas.path: \"auto\" or \"mixed\"",
            "output.0.fps: nothing, as there is no such key",
            "output.0.rotate: \"none\", \"right\", \"half\" or \"left\"",
            "output.1.area: an area within the output of 1280x720 pixels: a smaller one, or a larger output.1.width",
            "output.1.crop: an area within the canvas of 1000x500 pixels: a smaller one, or a larger [canvas]",
            "output.1.mirror: true or false",
            "output.1.sink: \"kms\", \"window\" or \"headless\"",
            "output.2.area.height: a number of pixels",
        ];
        let mut mistakes = mistakes;
        mistakes.sort();
        assert_eq!(mistakes, expected);
    }
}
