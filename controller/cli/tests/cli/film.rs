//! A small MP4 that says what a film says: one picture track, its size, its length.

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes()[..], name, content].concat()
}

fn full(name: &[u8; 4], flags: u32, content: &[u8]) -> Vec<u8> {
    boxed(name, &[&flags.to_be_bytes()[..], content].concat())
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// A film of `width`×`height` that is `ms` long. No decoder would find frames in it.
pub fn mp4(width: u32, height: u32, ms: u32) -> Vec<u8> {
    film(b"vide", width, height, ms)
}

/// A file with a sound track and no picture.
pub fn sound_only() -> Vec<u8> {
    film(b"soun", 0, 0, 4_000)
}

fn film(handler: &[u8; 4], width: u32, height: u32, ms: u32) -> Vec<u8> {
    let mut movie = words(&[0, 0, 1000, ms, 0x1_0000, 0x0100_0000, 0, 0]);
    movie.extend(words(&MATRIX));
    movie.extend(words(&[0, 0, 0, 0, 0, 0, 2]));
    let mut track = words(&[0, 0, 1, 0, ms, 0, 0, 0, 0]);
    track.extend(words(&MATRIX));
    track.extend(words(&[width << 16, height << 16]));
    let media_header = words(&[0, 0, 1000, ms, 0x55c4_0000]);
    let mut handler_box = words(&[0]);
    handler_box.extend(handler);
    handler_box.extend(words(&[0, 0, 0]));
    handler_box.push(0);
    let samples = [
        full(b"stsd", 0, &words(&[0])),
        full(b"stts", 0, &words(&[0])),
        full(b"stsc", 0, &words(&[0])),
        full(b"stsz", 0, &words(&[0, 0])),
        full(b"stco", 0, &words(&[0])),
    ]
    .concat();
    let media = [
        full(b"mdhd", 0, &media_header),
        full(b"hdlr", 0, &handler_box),
        boxed(b"minf", &boxed(b"stbl", &samples)),
    ]
    .concat();
    let trak = [full(b"tkhd", 7, &track), boxed(b"mdia", &media)].concat();
    let moov = [full(b"mvhd", 0, &movie), boxed(b"trak", &trak)].concat();
    [
        boxed(b"ftyp", b"isom\0\0\0\0isom"),
        boxed(b"moov", &moov),
        boxed(b"mdat", &[7; 1000]),
    ]
    .concat()
}
