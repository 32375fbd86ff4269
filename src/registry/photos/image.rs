//! Pictures as bytes: which format, how large, and the same picture without metadata.
//!
//! Only segments (JPEG) and chunks (PNG) are walked, within the bounds of the bytes; no pixel is ever decoded. What a viewer needs to
//! draw the picture is copied, all else is left out: EXIF with its place and camera, XMP, IPTC, comments, text chunks, previews, and whatever
//! follows the picture's end. An orientation other than upright is kept, in an EXIF block of our own that holds nothing else, so that the
//! picture stands as the camera meant it without being encoded anew.

/// The most pixels of a picture.
pub const MOST_PIXELS: u64 = 32_000_000;

/// A format that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Format {
    /// The word for it in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// A picture without metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its format.
    pub format: Format,
    /// Pixels across, as stored.
    pub width: u32,
    /// Pixels down, as stored.
    pub height: u32,
    /// The bytes to keep.
    pub bytes: Vec<u8>,
}

/// Why bytes are no picture that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing.
    Empty,
    /// Another kind of file; its name where it is known.
    Another(Option<&'static str>),
    /// It ends before the picture does.
    CutOff,
    /// It is not put together as its format demands.
    Broken,
    /// More pixels than are taken: across and down.
    TooManyPixels(u32, u32),
}

impl Unfit {
    /// For the officer: what is wrong and what to do.
    pub fn words(&self) -> String {
        match self {
            Self::Empty => "文件是空的，请重新选择。".into(),
            Self::Another(Some(what)) => {
                format!("内容是 {what}，不是 JPEG 或 PNG 照片（改扩展名没有用）。请另存为 JPEG 后再传。")
            }
            Self::Another(None) => "内容不是 JPEG 或 PNG 照片。请另存为 JPEG 后再传。".into(),
            Self::CutOff => "照片不完整，后半部分缺失，可能是没有传完或复制完。请用原文件重新上传。".into(),
            Self::Broken => "照片已损坏，打不开。请用看图软件打开原照片，另存为 JPEG 后再传。".into(),
            Self::TooManyPixels(width, height) => format!(
                "照片有 {width}×{height} 像素，超过了 {} 万像素的上限。请缩小后再传。",
                MOST_PIXELS / 10_000
            ),
        }
    }
}

/// Reads a picture, by its content alone.
///
/// # Errors
/// Why it is not taken.
pub fn read(bytes: &[u8]) -> Result<Picture, Unfit> {
    let picture = match bytes {
        [] => return Err(Unfit::Empty),
        [0xff, 0xd8, 0xff, ..] => jpeg(bytes)?,
        _ if bytes.starts_with(PNG) => png(bytes)?,
        _ => return Err(Unfit::Another(kind_of(bytes))),
    };
    let (width, height) = (picture.width, picture.height);
    if width == 0 || height == 0 {
        return Err(Unfit::Broken);
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Unfit::TooManyPixels(width, height));
    }
    Ok(picture)
}

/// The name of another kind of file that the first bytes announce.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let starts = [
        (&b"%PDF"[..], "PDF"),
        (b"GIF8", "GIF 动图"),
        (b"BM", "BMP 位图"),
        (b"II*\0", "TIFF 图片"),
        (b"MM\0*", "TIFF 图片"),
        (b"PK\x03\x04", "压缩包或 Office 文档"),
        (b"\xd0\xcf\x11\xe0", "Office 文档"),
        (b"Rar!", "RAR 压缩包"),
        (b"7z\xbc\xaf", "7z 压缩包"),
        (b"<", "网页或文本"),
    ];
    match bytes.get(4..12) {
        Some(brand) if brand.starts_with(b"ftyphei") || brand.starts_with(b"ftypmif") => {
            return Some("HEIC 照片（苹果手机格式）");
        }
        Some(brand) if brand.starts_with(b"ftyp") => return Some("视频"),
        _ if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => return Some("WebP 图片"),
        _ => {}
    }
    let found = starts.iter().find(|(start, _)| bytes.starts_with(start));
    found.map(|&(_, name)| name)
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

// JPEG (ITU-T T.81): markers, most of them with a length and a body, and after each SOS the scan's data.

const EXIF: &[u8] = b"Exif\0\0";

fn jpeg(bytes: &[u8]) -> Result<Picture, Unfit> {
    let mut kept = Vec::with_capacity(bytes.len());
    let (mut size, mut orientation, mut scanned) = (None, 1, false);
    // Where our own EXIF block goes: at the beginning, behind JFIF where it is.
    let mut head = 2;
    kept.extend_from_slice(&[0xff, 0xd8]);
    let mut at = 2;
    loop {
        if *bytes.get(at).ok_or(Unfit::CutOff)? != 0xff {
            return Err(Unfit::Broken);
        }
        // A marker may be preceded by any number of fill bytes.
        while *bytes.get(at + 1).ok_or(Unfit::CutOff)? == 0xff {
            at += 1;
        }
        let marker = bytes[at + 1];
        match marker {
            0xd9 => break,
            0x01 | 0xd0..=0xd7 => {
                at += 2;
                continue;
            }
            0x00 | 0xd8 => return Err(Unfit::Broken),
            _ => {}
        }
        let length = usize::from(be16(bytes, at + 2).ok_or(Unfit::CutOff)?);
        if length < 2 {
            return Err(Unfit::Broken);
        }
        let end = at + 2 + length;
        let segment = bytes.get(at..end).ok_or(Unfit::CutOff)?;
        let body = &segment[4..];
        match marker {
            0xe1 if body.starts_with(EXIF) => {
                orientation = orientation_of(&body[EXIF.len()..]).unwrap_or(orientation);
            }
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let (height, width) = be16(body, 1).zip(be16(body, 3)).ok_or(Unfit::Broken)?;
                // A second frame would be another picture.
                if size.replace((u32::from(width), u32::from(height))).is_some() {
                    return Err(Unfit::Broken);
                }
            }
            _ => {}
        }
        if is_needed(marker, body) {
            kept.extend_from_slice(segment);
            if marker == 0xe0 && head == 2 {
                head = kept.len();
            }
        }
        at = end;
        if marker == 0xda {
            if size.is_none() {
                return Err(Unfit::Broken);
            }
            scanned = true;
            let scan = scan_length(&bytes[at..]).ok_or(Unfit::CutOff)?;
            kept.extend_from_slice(&bytes[at..at + scan]);
            at += scan;
        }
    }
    kept.extend_from_slice(&[0xff, 0xd9]);
    let (width, height) = size.filter(|_| scanned).ok_or(Unfit::Broken)?;
    if orientation != 1 {
        let mut block = vec![0xff, 0xe1, 0, 0];
        block.extend_from_slice(EXIF);
        block.extend_from_slice(&tiff_with(orientation));
        // 34 bytes and the length's own two.
        block[3] = u8::try_from(block.len() - 2).map_err(|_| Unfit::Broken)?;
        kept.splice(head..head, block);
    }
    Ok(Picture {
        format: Format::Jpeg,
        width,
        height,
        bytes: kept,
    })
}

/// Whether a viewer needs a segment: what decodes the picture, the version of the format, the colour profile, and Adobe's colour
/// transform.
fn is_needed(marker: u8, body: &[u8]) -> bool {
    match marker {
        // A preview may follow the fourteen bytes of JFIF; such a block is left out.
        0xe0 => body.starts_with(b"JFIF\0") && body.len() == 14,
        0xe2 => body.starts_with(b"ICC_PROFILE\0"),
        0xee => body.starts_with(b"Adobe"),
        // Frames, tables, restart intervals, scans, the number of lines.
        0xc0..=0xcf | 0xda..=0xdf => true,
        // EXIF, XMP, IPTC, comments, and what nobody knows.
        _ => false,
    }
}

/// How far a scan's data goes: to the next marker that is neither a stuffed byte nor a restart. `None` where there is none.
fn scan_length(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff | 0xd0..=0xd7))
}

/// The orientation that a TIFF block states, 1 to 8; `None` where it states none.
fn orientation_of(tiff: &[u8]) -> Option<u8> {
    let big = match tiff.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let short = |at: usize| {
        let value = be16(tiff, at)?;
        Some(if big { value } else { value.swap_bytes() })
    };
    let long = |at: usize| {
        let value = be32(tiff, at)?;
        Some(if big { value } else { value.swap_bytes() })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    (0..entries.min(200))
        .map(|entry| directory.checked_add(2 + 12 * entry))
        .find_map(|at| {
            let at = at?;
            let is_orientation = short(at)? == 0x0112 && short(at + 2)? == 3;
            let value = short(at + 8)?;
            (is_orientation && (1..=8).contains(&value)).then(|| u8::try_from(value).ok())?
        })
}

/// A TIFF block that states an orientation and nothing else.
fn tiff_with(orientation: u8) -> [u8; 26] {
    let mut block = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    block[19] = orientation;
    block
}

// PNG (ISO/IEC 15948): a signature, then chunks of length, name, body and check sum.

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What a viewer needs: the picture, its palette and transparency, and its colours and shape.
const NEEDED: [&[u8; 4]; 11] = [
    b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs",
];

fn png(bytes: &[u8]) -> Result<Picture, Unfit> {
    let mut kept = Vec::with_capacity(bytes.len());
    kept.extend_from_slice(PNG);
    let (mut size, mut data) = (None, false);
    let mut at = PNG.len();
    loop {
        let length = usize::try_from(be32(bytes, at).ok_or(Unfit::CutOff)?).map_err(|_| Unfit::Broken)?;
        let end = at
            .checked_add(12)
            .and_then(|end| end.checked_add(length))
            .ok_or(Unfit::Broken)?;
        let chunk = bytes.get(at..end).ok_or(Unfit::CutOff)?;
        let (name, body) = (&chunk[4..8], &chunk[8..8 + length]);
        if be32(chunk, 8 + length) != Some(check_sum(&chunk[4..8 + length])) {
            return Err(Unfit::Broken);
        }
        match name {
            b"IHDR" if size.is_none() && length == 13 => {
                size = Some(be32(body, 0).zip(be32(body, 4)).ok_or(Unfit::Broken)?);
            }
            // Nothing may stand before the header, and there is but one.
            b"IHDR" => return Err(Unfit::Broken),
            _ if size.is_none() => return Err(Unfit::Broken),
            b"IDAT" => data = true,
            b"eXIf" if !data => {
                if let Some(orientation) = orientation_of(body).filter(|&orientation| orientation != 1) {
                    let tiff = tiff_with(orientation);
                    let named = [b"eXIf", &tiff[..]].concat();
                    kept.extend_from_slice(&26_u32.to_be_bytes());
                    kept.extend_from_slice(&named);
                    kept.extend_from_slice(&check_sum(&named).to_be_bytes());
                }
            }
            _ => {}
        }
        if NEEDED.iter().any(|needed| *needed == name) {
            kept.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            break;
        }
        at = end;
    }
    let (width, height) = size.filter(|_| data).ok_or(Unfit::Broken)?;
    Ok(Picture {
        format: Format::Png,
        width,
        height,
        bytes: kept,
    })
}

/// CRC-32 as PNG has it.
fn check_sum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    }

    /// A JPEG of this size with these segments before its frame.
    fn jpeg_of(width: u16, height: u16, before: &[Vec<u8>]) -> Vec<u8> {
        let mut frame = vec![8];
        frame.extend(height.to_be_bytes());
        frame.extend(width.to_be_bytes());
        frame.extend([1, 1, 0x11, 0]);
        let mut bytes = vec![0xff, 0xd8];
        bytes.extend(segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"));
        bytes.extend(before.concat());
        bytes.extend(segment(0xc0, &frame));
        bytes.extend(segment(0xda, &[1, 1, 0, 0, 63, 0]));
        bytes.extend([1, 0xff, 0x00, 2, 0xff, 0xd0, 3, 0xff, 0xd9]);
        bytes
    }

    fn exif(orientation: u8) -> Vec<u8> {
        // Little-endian, with a maker's name before and GPS after.
        let mut tiff = b"II*\0\x08\0\0\0\x03\0".to_vec();
        tiff.extend(b"\x0f\x01\x02\0\x04\0\0\0CAM\0");
        tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        tiff.extend(b"\x25\x88\x04\0\x01\0\0\0\x40\0\0\0");
        tiff.extend(b"\0\0\0\0GPS 36.45N 115.98E");
        segment(0xe1, &[EXIF, &tiff].concat())
    }

    fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
        let named = [name, body].concat();
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length[..], &named, &check_sum(&named).to_be_bytes()].concat()
    }

    fn png_of(width: u32, height: u32, between: &[Vec<u8>]) -> Vec<u8> {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let mut bytes = PNG.to_vec();
        bytes.extend(chunk(b"IHDR", &header));
        bytes.extend(between.concat());
        bytes.extend(chunk(b"IDAT", b"pixels"));
        bytes.extend(chunk(b"IEND", b""));
        bytes
    }

    fn holds(bytes: &[u8], words: &[u8]) -> bool {
        bytes.windows(words.len()).any(|window| window == words)
    }

    #[test]
    fn metadata_goes_and_the_picture_stays() {
        let told = [
            exif(1),
            segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0secret"),
            segment(0xed, b"Photoshop 3.0\0secret"),
            segment(0xfe, b"a secret comment"),
            segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
        ];
        let mut bytes = jpeg_of(640, 480, &told);
        bytes.extend(b"a motion picture, secret");
        let picture = read(&bytes).unwrap();
        assert_eq!(
            (picture.format, picture.width, picture.height),
            (Format::Jpeg, 640, 480)
        );
        let plain = jpeg_of(640, 480, &told[4..]);
        assert_eq!(picture.bytes, plain, "what is left is the picture and its colours");
        assert_eq!(read(&plain).unwrap().bytes, plain, "once more changes nothing");

        let told = [
            chunk(b"tEXt", b"Author\0secret"),
            chunk(b"eXIf", &exif(1)[10..]),
            chunk(b"gAMA", &[0, 0, 1, 0]),
        ];
        let picture = read(&[png_of(10, 20, &told), b"secret".to_vec()].concat()).unwrap();
        assert_eq!(picture.bytes, png_of(10, 20, &told[2..]));
    }

    #[test]
    fn a_picture_taken_sideways_stays_so() {
        let picture = read(&jpeg_of(640, 480, &[exif(6)])).unwrap();
        assert!(!holds(&picture.bytes, b"CAM") && !holds(&picture.bytes, b"GPS"));
        let at = 20 + 4 + EXIF.len();
        assert_eq!(orientation_of(&picture.bytes[at..]), Some(6), "behind JFIF");
        assert_eq!(read(&picture.bytes).unwrap().bytes, picture.bytes);

        let picture = read(&png_of(4, 4, &[chunk(b"eXIf", &exif(8)[10..])])).unwrap();
        assert!(holds(&picture.bytes, &tiff_with(8)) && !holds(&picture.bytes, b"CAM"));
        assert_eq!(read(&picture.bytes).unwrap().bytes, picture.bytes);
    }

    #[test]
    fn what_is_no_picture_is_said_so() {
        let pdf = read(b"%PDF-1.7 ...").unwrap_err();
        assert!(pdf.words().contains("PDF"), "{}", pdf.words());
        assert_eq!(read(b""), Err(Unfit::Empty));
        assert_eq!(read(b"text"), Err(Unfit::Another(None)));
        let heic = read(b"\0\0\0\x18ftypheic\0\0\0\0").unwrap_err();
        assert!(heic.words().contains("HEIC"), "{}", heic.words());
        assert_eq!(read(&jpeg_of(8000, 5000, &[])), Err(Unfit::TooManyPixels(8000, 5000)));
        assert_eq!(
            read(&png_of(u32::MAX, u32::MAX, &[])),
            Err(Unfit::TooManyPixels(u32::MAX, u32::MAX))
        );
        assert_eq!(read(&jpeg_of(0, 5000, &[])), Err(Unfit::Broken));
        let mut spoiled = png_of(4, 4, &[]);
        spoiled[20] ^= 1;
        assert_eq!(read(&spoiled), Err(Unfit::Broken));
    }

    #[test]
    fn every_beginning_of_a_picture_and_every_changed_byte_is_answered() {
        for whole in [jpeg_of(64, 48, &[exif(6)]), png_of(64, 48, &[chunk(b"tEXt", b"k\0v")])] {
            for end in 0..whole.len() {
                assert!(read(&whole[..end]).is_err(), "{end} of {} bytes", whole.len());
                for value in [0, 0xff, whole[end].wrapping_add(1)] {
                    let mut changed = whole.clone();
                    changed[end] = value;
                    if let Ok(picture) = read(&changed) {
                        assert_eq!(read(&picture.bytes).unwrap(), picture, "byte {end} is {value}");
                    }
                }
            }
        }
    }
}
