//! Text as people type it, made comparable: spaces of every kind, zero-width characters, full-width forms, line breaks.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Characters that show nothing at all and carry no meaning in a cell.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\u{202a}'..='\u{202e}')
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Whether the character is a Chinese character of the usual block or prints in ASCII: nearly all are, and need no looking up.
fn is_plain(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{4e00}'..='\u{9fff}')
}

/// Whether the character is a Chinese character or Chinese punctuation.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{303f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

/// The text as it is kept: spaces of every kind at either end and invisible characters dropped, a line break between two Chinese
/// characters dropped, any other line break or tab made one space.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let trimmed = text.trim_matches(is_space);
    let touched = |c: char| matches!(c, '\n' | '\r' | '\t') || is_invisible(c);
    if !trimmed.contains(touched) {
        return Cow::Borrowed(trimmed);
    }
    let mut kept = String::with_capacity(trimmed.len());
    let mut chars = trimmed.chars().filter(|c| !is_invisible(*c)).peekable();
    while let Some(c) = chars.next() {
        if !matches!(c, '\n' | '\r' | '\t') {
            kept.push(c);
            continue;
        }
        while chars.next_if(|next| next.is_whitespace()).is_some() {}
        let between_chinese =
            kept.trim_end().ends_with(is_chinese) && chars.peek().is_some_and(|next| is_chinese(*next));
        kept.truncate(kept.trim_end().len());
        if !between_chinese {
            kept.push(' ');
        }
    }
    Cow::Owned(kept)
}

/// The text as it is compared: compatibility forms made plain (`７` to `7`, `㎡` to `m2`, `Ⅶ` to `VII`, `（` to `(`), all spaces and
/// invisible characters dropped, ASCII letters in lower case.
pub fn fold(text: &str) -> String {
    if text.chars().all(is_plain) {
        return text.to_ascii_lowercase();
    }
    let plain = |c: char| !is_space(c);
    let lower = |c: char| c.to_ascii_lowercase();
    if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        text.chars().filter(|c| plain(*c)).map(lower).collect()
    } else {
        text.nfkc().filter(|c| plain(*c)).map(lower).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{clean, fold};

    #[test]
    fn drops_what_shows_nothing_and_keeps_what_means_something() {
        let cases = [
            ("  东昌府区\u{a0}\u{3000}", "东昌府区"),
            ("鲁西建筑设\n计院有限公司", "鲁西建筑设计院有限公司"),
            ("鲁西建筑设 \r\n 计院", "鲁西建筑设计院"),
            ("220kV\n姚寨", "220kV 姚寨"),
            ("一\u{200b}中", "一中"),
            ("a b", "a b"),
            ("设\u{7}计", "设\u{7}计"),
        ];
        for (written, kept) in cases {
            assert_eq!(clean(written), kept, "{written:?}");
        }
    }

    #[test]
    fn folds_compatibility_forms_and_spaces() {
        let cases = [
            ("７度（０．１５ｇ）", "7度(0.15g)"),
            ("Ⅶ 度", "vii度"),
            ("万㎡", "万m2"),
            ("Ⅰ₁", "i1"),
            ("工 程\n名 称", "工程名称"),
        ];
        for (written, folded) in cases {
            assert_eq!(fold(written), folded, "{written:?}");
        }
    }
}
