//! What bytes are, told from themselves and never from a file's name.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::wire::{Reason, Refused};

/// What to do about a file that is no workbook.
const SEND_A_WORKBOOK: &str = "请报送 Excel、WPS 表格或 .csv 文件。";

/// Bytes that may be a workbook.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// A zip package.
    Zip,
    /// An OLE2 compound file.
    Compound,
    /// Text in any of the encodings in use.
    Text(Cow<'a, str>),
    /// A web page.
    Html(Cow<'a, str>),
    /// The XML of Excel 2003.
    Xml2003(Cow<'a, str>),
}

/// First bytes that are looked at before a child is started.
pub(super) const HEAD: u64 = 4 << 10;

/// The file that Excel keeps beside an open workbook: the name of who opened it, twice, in 165 bytes. WPS keeps a shorter one.
pub(super) fn lock_file(head: &[u8], size: u64, named_so: bool) -> Option<Refused> {
    const EXCEL: u64 = 165;
    let name_fits = head.first().is_some_and(|length| (1..=54).contains(length)) && head.get(54) == Some(&b' ');
    let is_lock = (named_so && size <= EXCEL) || (size == EXCEL && name_fits);
    is_lock.then(|| {
        Refused::unreadable(
            "这是 Excel 打开文件时的临时文件（文件名以 ~$ 开头），不是表格本身。请关闭 Excel 后，选择文件名不带 ~$ 的文件报送。",
            "lock file",
        )
    })
}

/// What a file's first bytes say it is, where that is no workbook. Cheap: looked at before a child is started.
pub(super) fn foreign(head: &[u8]) -> Option<Refused> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"%PDF-", "PDF 文件"),
        (b"\x89PNG\r\n\x1a\n", "图片（PNG）"),
        (b"\xff\xd8\xff", "图片（JPEG）"),
        (b"GIF87a", "图片（GIF）"),
        (b"GIF89a", "图片（GIF）"),
        (b"II*\0", "图片（TIFF）"),
        (b"MM\0*", "图片（TIFF）"),
        (b"Rar!\x1a\x07", "压缩包（RAR）"),
        (b"7z\xbc\xaf\x27\x1c", "压缩包（7z）"),
        (b"\x1f\x8b", "压缩包（gzip）"),
        (b"{\\rtf", "RTF 文档"),
        (b"MZ", "程序"),
        (b"\x7fELF", "程序"),
        (b"SQLite format 3\0", "数据库文件"),
    ];
    let bitmap = head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]);
    let webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let name = if bitmap || webp {
        "图片"
    } else {
        MAGIC
            .iter()
            .find(|(magic, _)| head.starts_with(magic))
            .map(|(_, name)| *name)?
    };
    Some(Refused::unreadable(
        format!("这不是表格，而是{name}。{SEND_A_WORKBOOK}"),
        "",
    ))
}

/// The kind of a whole file.
pub(super) fn kind(bytes: &[u8]) -> Result<Kind<'_>, Refused> {
    if let Some(refused) = foreign(bytes) {
        return Err(refused);
    }
    if bytes.starts_with(b"PK") {
        return Ok(Kind::Zip);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Ok(Kind::Compound);
    }
    let text = decode(bytes).ok_or_else(|| {
        Refused::unreadable(
            format!("这不是能读的表格：既不是工作簿，也不是文本。{SEND_A_WORKBOOK}"),
            "neither workbook nor text",
        )
    })?;
    let start: String = text
        .trim_start()
        .chars()
        .take(2_000)
        .collect::<String>()
        .to_ascii_lowercase();
    let has = |word: &str| start.contains(word);
    Ok(if !start.starts_with('<') {
        Kind::Text(text)
    } else if has("urn:schemas-microsoft-com:office:spreadsheet") && has("workbook") {
        Kind::Xml2003(text)
    } else if ["<html", "<!doctype html", "<head", "<meta", "<style", "<table"]
        .into_iter()
        .any(has)
    {
        Kind::Html(text)
    } else {
        Kind::Text(text)
    })
}

/// Text in UTF-8, UTF-16 or GB18030 (which holds GBK and GB 2312); none where bytes are none of these.
fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| unmarked_utf16(bytes));
    let candidates: &[&'static Encoding] = match &encoding {
        Some(encoding) => std::slice::from_ref(encoding),
        None => &[UTF_8, GB18030],
    };
    candidates.iter().find_map(|encoding| {
        let (text, faulty) = encoding.decode_with_bom_removal(bytes);
        (!faulty && is_text(&text)).then_some(text)
    })
}

/// UTF-16 without a byte order mark, as some systems export it: in text with digits and separators every second byte is often zero.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let least = head.len() / 16;
    if odd > least && odd > 4 * even {
        Some(UTF_16LE)
    } else if even > least && even > 4 * odd {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether control characters are as rare as in text, where a stray one may stand in a cell; in other bytes one in ten is.
fn is_text(text: &str) -> bool {
    let is_stray = |char: &char| char.is_control() && !matches!(char, '\t' | '\n' | '\r');
    text.chars().filter(is_stray).count() <= text.len() / 100
}

/// F002.
pub(super) fn protected(detail: &str) -> Refused {
    Refused {
        reason: Reason::Protected,
        message: "文件设有打开密码，无法读取。请取消密码后再报送：用 Excel 或 WPS 打开，在“文件—信息—保护工作簿”中清除密码，另存为 .xlsx。打开时并不问密码的，是设过“保护工作簿”或修改权限密码，取消后另存即可。".into(),
        detail: detail.into(),
    }
}

/// F002 for a file that opens without a question and is encrypted all the same.
pub(super) fn protected_by_default() -> Refused {
    Refused {
        reason: Reason::Protected,
        message: "文件内容是加密的：打开时虽不问密码，但用的是 Excel 的默认密码（工作簿设过保护）。请用 Excel 或 WPS 打开，取消“保护工作簿”，另存为 .xlsx 后再报送。".into(),
        detail: "FilePass, XOR, default password".into(),
    }
}

/// What a package without a workbook is, from the paths of its parts.
pub(super) fn other_package<'p>(mut paths: impl Iterator<Item = &'p str>) -> Refused {
    let name = paths.find_map(|path| {
        Some(match path.split('/').next()? {
            "word" | "WordDocument" => "Word 文档",
            "ppt" | "PowerPoint Document" => "演示文稿",
            "ofd.xml" => "OFD 版式文件",
            _ => return None,
        })
    });
    let name = name.unwrap_or("压缩包或别的文件");
    Refused::unreadable(
        format!("这不是表格，而是{name}。{SEND_A_WORKBOOK}"),
        "no workbook in the package",
    )
}
