//! A real engine on a headless sink, with a witness that reads every presented frame.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cotmoc_wall::pipeline::{
    AudioKind, Cue, CueId, Engine, EngineConfig, EngineEvent, FrameRate, Medium, MediumKind,
    OpenMedium, OutputConfig, PathChoice, Patience, PresentedFrame, Showing, SinkKind, SoundBlock,
    Witness, ZoneId,
};
use tempfile::TempDir;

use super::barcode::{self, Stamp};
use super::media;

pub const ZONE: ZoneId = ZoneId(0);
pub const STANDBY_ITEM: u8 = 63;
pub const MS: i64 = 1_000_000;
pub const SECOND: i64 = 1000 * MS;
/// Nothing that a test waits for takes this long, on any machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// One presented frame as the witness saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub zone: ZoneId,
    pub at_ns: i64,
    pub showing: Showing,
    pub stamp: Option<Stamp>,
    pub black: bool,
    /// Brightness near the lower left corner.
    pub luma: u8,
}

#[derive(Debug, Default)]
pub struct Recorder {
    frames: Mutex<Vec<Seen>>,
    sound: Mutex<Vec<(i64, Vec<i16>)>>,
}

impl Witness for Recorder {
    fn frame(&self, frame: &PresentedFrame<'_>) {
        let luma = frame.luma;
        let at = |x, y| luma.at(x, y).unwrap_or(0);
        self.frames.lock().unwrap().push(Seen {
            zone: frame.zone,
            at_ns: frame.at_ns,
            showing: frame.showing,
            stamp: barcode::read(at, luma.width, luma.height),
            black: barcode::is_black(at, luma.width, luma.height),
            luma: at(2, luma.height.saturating_sub(3)),
        });
    }

    fn sound(&self, block: &SoundBlock<'_>) {
        let block = (block.at_ns, block.samples.to_vec());
        self.sound.lock().unwrap().push(block);
    }
}

pub struct Wall {
    pub engine: Engine,
    pub folder: TempDir,
    inbox: Receiver<EngineEvent>,
    events: Vec<EngineEvent>,
    recorder: Arc<Recorder>,
    numbers: AtomicU64,
}

impl Wall {
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub fn start_with(change: impl FnOnce(&mut EngineConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let standby = media::still(STANDBY_ITEM, "standby.png", folder.path());
        let recorder = Arc::new(Recorder::default());
        let mut config = EngineConfig {
            width: u32::try_from(media::WIDTH).unwrap(),
            height: u32::try_from(media::HEIGHT).unwrap(),
            rate: FrameRate { num: 30, den: 1 },
            outputs: vec![output(SinkKind::Headless)],
            path: PathChoice::Auto,
            audio: AudioKind::Meter,
            volume: 1.0,
            standby_png: std::fs::read(standby).unwrap().into(),
            offset_ns: 1_790_000_000 * SECOND,
            patience: Patience {
                preroll_limit: PATIENCE,
                stall_after: Duration::from_secs(20),
                output_stall_after: Duration::from_secs(20),
                ..Patience::default()
            },
            witness: Some(recorder.clone()),
        };
        change(&mut config);
        let (engine, inbox) = Engine::start(&config).unwrap();
        Self {
            engine,
            folder,
            inbox,
            events: Vec::new(),
            recorder,
            numbers: AtomicU64::new(1),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A whole second of group time, at least `after` from now.
    pub fn soon(&self, after: i64) -> i64 {
        (self.engine.now_ns() + after) / SECOND * SECOND + SECOND
    }

    pub fn cue_of(&self, path: &Path, starts_at_ns: i64, length_ns: i64) -> Cue {
        self.cue_reading(medium(path), starts_at_ns, length_ns)
    }

    pub fn cue_reading(&self, medium: Medium, starts_at_ns: i64, length_ns: i64) -> Cue {
        Cue {
            id: CueId(self.numbers.fetch_add(1, Ordering::Relaxed)),
            medium,
            starts_at_ns,
            ends_at_ns: starts_at_ns + length_ns,
            offset_ns: 0,
            crossfade_ns: 0,
            gain_mdb: 0,
        }
    }

    /// Announces one item after the other, each filling a slot of `length_ns`.
    pub fn announce(&self, paths: &[PathBuf], starts_at_ns: i64, length_ns: i64) -> Vec<Cue> {
        let starts = (0..).map(|i| starts_at_ns + i * length_ns);
        let cues: Vec<Cue> = paths
            .iter()
            .zip(starts)
            .map(|(path, start)| self.cue_of(path, start, length_ns))
            .collect();
        for cue in &cues {
            self.engine.cue(ZONE, cue.clone()).unwrap();
        }
        cues
    }

    /// Waits for an event and returns it; fails the test when it does not come.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&EngineEvent) -> bool) -> EngineEvent {
        let deadline = Instant::now() + PATIENCE;
        let mut looked = 0;
        loop {
            while let Ok(event) = self.inbox.try_recv() {
                self.events.push(event);
            }
            if let Some(event) = self.events[looked..].iter().find(|e| wanted(e)) {
                return event.clone();
            }
            looked = self.events.len();
            assert!(
                Instant::now() < deadline,
                "{what} did not come; came: {:#?}",
                self.events
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    pub fn wait_for_end_of(&mut self, cue: &Cue) -> EngineEvent {
        let id = cue.id;
        self.wait_for(
            &format!("end of cue {id}"),
            |e| matches!(e, EngineEvent::Ended { cue, .. } if *cue == id),
        )
    }

    #[track_caller]
    pub fn wait_for_start_of(&mut self, cue: &Cue) -> EngineEvent {
        let id = cue.id;
        self.wait_for(
            &format!("start of cue {id}"),
            |e| matches!(e, EngineEvent::Started { cue, .. } if *cue == id),
        )
    }

    #[track_caller]
    pub fn wait_for_fault_of(&mut self, cue: &Cue) -> &'static str {
        let id = cue.id;
        let fault = self.wait_for(
            &format!("fault of cue {id}"),
            |e| matches!(e, EngineEvent::Fault { cue, .. } if *cue == id),
        );
        match fault {
            EngineEvent::Fault { fault, .. } => fault.code(),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until group time has passed `at_ns` at the sink.
    #[track_caller]
    pub fn wait_until(&self, at_ns: i64) {
        self.wait_until_true("the group's time", || {
            self.engine
                .status()
                .last_presented_at_ns
                .is_some_and(|last| last >= at_ns)
        });
    }

    #[track_caller]
    pub fn wait_until_true(&self, what: &str, done: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done() {
            assert!(
                Instant::now() < deadline,
                "{what} did not come; {:#?}",
                self.engine.status()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn events(&self) -> &[EngineEvent] {
        &self.events
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.recorder.frames.lock().unwrap().clone()
    }

    /// Frames presented on ticks of `[from_ns, to_ns)`.
    pub fn seen_in(&self, from_ns: i64, to_ns: i64) -> Vec<Seen> {
        let seen = self.seen();
        seen.into_iter()
            .filter(|s| (from_ns..to_ns).contains(&s.at_ns))
            .collect()
    }

    /// The same of one zone.
    pub fn seen_of(&self, zone: ZoneId, from_ns: i64, to_ns: i64) -> Vec<Seen> {
        let seen = self.seen_in(from_ns, to_ns);
        seen.into_iter().filter(|s| s.zone == zone).collect()
    }

    /// Every frame on a tick of the cue's slot from `from_ns` on shows that cue, and the frame that is due.
    #[track_caller]
    pub fn assert_shown(
        &self,
        (zone, cue): (ZoneId, &Cue),
        from_ns: i64,
        (item, rate): (u8, Option<(i64, i64)>),
    ) {
        let seen = self.seen_of(zone, from_ns, cue.ends_at_ns);
        assert!(!seen.is_empty(), "item {item} was never presented");
        let mut behind = 0;
        for frame in &seen {
            assert_eq!(frame.showing, Showing::Cue(cue.id), "at {}", frame.at_ns);
            let stamp = frame
                .stamp
                .unwrap_or_else(|| panic!("no stamp in item {item}"));
            assert_eq!(stamp.item, item);
            let local = frame.at_ns - cue.starts_at_ns + cue.offset_ns;
            let due = rate.map_or(0, |(num, den)| (local + MS / 2) * num / (den * SECOND));
            assert!(i64::from(stamp.frame) <= due, "item {item} ran ahead");
            behind += usize::from(i64::from(stamp.frame) < due);
        }
        assert!(
            behind * 10 <= seen.len(),
            "item {item}: {behind} of {} frames behind",
            seen.len()
        );
    }

    /// Mixed sound of `[from_ns, to_ns)`, left channel, one sample per frame; missing blocks are left out.
    pub fn heard_in(&self, from_ns: i64, to_ns: i64) -> Vec<i16> {
        let sound = self.recorder.sound.lock().unwrap();
        let samples = sound.iter().flat_map(|(begin, block)| {
            let left = block.iter().copied().step_by(2);
            (0i64..)
                .zip(left)
                .map(move |(n, sample)| (begin + n * SECOND / 48_000, sample))
        });
        let within = samples.filter(|(at, _)| (from_ns..to_ns).contains(at));
        within.map(|(_, sample)| sample).collect()
    }

    pub fn stop(self) {
        self.engine.stop(PATIENCE).unwrap();
    }
}

/// An output that shows the whole canvas.
pub fn output(sink: SinkKind) -> OutputConfig {
    let [width, height] = [media::WIDTH, media::HEIGHT].map(|edge| u32::try_from(edge).unwrap());
    OutputConfig::whole(sink, width, height)
}

/// Ticks of its slot on which an ended cue was not presented.
pub fn lost(event: &EngineEvent) -> u64 {
    match event {
        EngineEvent::Ended { lost, .. } => *lost,
        other => panic!("{other:?}"),
    }
}

/// The medium in a file, read as it is.
pub fn medium(path: &Path) -> Medium {
    let file = path.to_owned();
    medium_read_by(path, Arc::new(move || Ok(Box::new(File::open(&file)?))))
}

pub fn medium_read_by(path: &Path, open: OpenMedium) -> Medium {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    Medium {
        label: path.file_name().unwrap().to_string_lossy().into_owned(),
        kind: if ending == "mp4" {
            MediumKind::Video
        } else {
            MediumKind::Still
        },
        key: path.display().to_string(),
        mime: match ending {
            "mp4" => "video/mp4".to_owned(),
            "jpg" => "image/jpeg".to_owned(),
            other => format!("image/{other}"),
        },
        size_bytes: std::fs::metadata(path).unwrap().len(),
        open,
    }
}

/// A reader of a file in which a stretch of bytes does something else.
pub struct Hole<F> {
    pub file: File,
    pub bytes: Range<u64>,
    pub then: F,
}

impl<F: FnMut() -> io::Result<usize>> io::Read for Hole<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = io::Seek::stream_position(&mut self.file)?;
        if self.bytes.contains(&at) {
            return (self.then)();
        }
        let left = if at < self.bytes.start {
            usize::try_from(self.bytes.start - at).unwrap()
        } else {
            buffer.len()
        };
        let length = buffer.len().min(left);
        self.file.read(&mut buffer[..length])
    }
}

impl<F> io::Seek for Hole<F> {
    fn seek(&mut self, position: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// A part that is needed late, and that type detection does not look at before.
pub fn late_part(path: &Path) -> Range<u64> {
    let size = std::fs::metadata(path).unwrap().len();
    size * 5 / 8..size - size / 8
}
