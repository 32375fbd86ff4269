//! Checks of written texts: control characters, credit codes, telephone numbers.

/// The alphabet of a unified social credit code (GB 32100-2015): digits and capitals without I, O, S, V and Z.
const USCC_ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The weights of its first 17 characters.
const USCC_WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// What is wrong with a unified social credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadUscc {
    /// Not 18 characters; how many there are.
    Length(usize),
    /// A character outside the alphabet.
    Character(char),
    /// The last character does not check.
    Check {
        /// What it would have to be.
        wanted: char,
    },
}

/// Checks a unified social credit code in capitals by GB 32100-2015.
pub(crate) fn check_uscc(code: &str) -> Result<(), BadUscc> {
    let length = code.chars().count();
    if length != 18 {
        return Err(BadUscc::Length(length));
    }
    let mut sum = 0;
    let mut last = 0;
    for (at, c) in code.chars().enumerate() {
        let value = u8::try_from(c)
            .ok()
            .and_then(|byte| USCC_ALPHABET.iter().position(|known| *known == byte));
        last = value.ok_or(BadUscc::Character(c))?;
        sum += last * USCC_WEIGHTS.get(at).copied().unwrap_or(0);
    }
    let wanted = (31 - sum % 31) % 31;
    if last == wanted {
        Ok(())
    } else {
        Err(BadUscc::Check {
            wanted: char::from(USCC_ALPHABET[wanted]),
        })
    }
}

/// Whether every number in a folded text is a Chinese mobile or land-line number; several may be parted by 、 or a slash.
pub(crate) fn is_phone(folded: &str) -> bool {
    let parts: Vec<&str> = folded
        .split(['、', '/', ';', ','])
        .filter(|part| !part.is_empty())
        .collect();
    !parts.is_empty() && parts.iter().all(|part| is_mobile(part) || is_land_line(part))
}

/// Whether a cleaned text only points to the cell above: `同上`, `〃`, `……同上`.
pub(crate) fn is_ditto(text: &str) -> bool {
    let marks = ['〃', '″', '＂', '"', '”', '“', '\'', '′', '々'];
    let around = |c| {
        matches!(
            c,
            '…' | '—' | '-' | '.' | '。' | ',' | '，' | '、' | '(' | ')' | '（' | '）'
        )
    };
    let bare = text.trim_matches(|c: char| around(c) || c.is_whitespace());
    if !bare.ends_with(marks) && !bare.ends_with(['上', '行', '栏', '同']) {
        return false;
    }
    let letters = || bare.chars().filter(|c| !c.is_whitespace());
    let mut words = ["同上", "同上行", "同上栏", "上同", "如上", "见上"].iter();
    letters().all(|c| marks.contains(&c)) || words.any(|word| letters().eq(word.chars()))
}

/// Whether a cleaned text says nothing, in a field where something has to be said: `0`, `NULL`, `***`.
pub(crate) fn says_nothing(text: &str) -> bool {
    let words = ["0", "null", "none", "n/a", "无", "暂无", "同", "同左"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word)) || !text.contains(char::is_alphanumeric)
}

fn is_mobile(text: &str) -> bool {
    let digits = text
        .strip_prefix("+86")
        .or_else(|| text.strip_prefix("86-"))
        .unwrap_or(text);
    digits.len() == 11
        && all_digits(digits)
        && digits.starts_with('1')
        && matches!(digits.as_bytes().get(1), Some(b'3'..=b'9'))
}

fn is_land_line(text: &str) -> bool {
    let plain = text.replace(['(', ')', '—', '–'], "-");
    let mut parts: Vec<&str> = plain.split(['-', '转']).filter(|part| !part.is_empty()).collect();
    if parts.len() == 1 && text.starts_with('0') {
        // An area code is three or four digits: 010 and 02x three, the others four.
        let at = if text.starts_with("01") || text.starts_with("02") {
            3
        } else {
            4
        };
        parts = plain
            .split_at_checked(at)
            .map(|(area, number)| vec![area, number])
            .unwrap_or_default();
    }
    if !parts.iter().all(|part| all_digits(part)) {
        return false;
    }
    let number = |text: &str| matches!(text.len(), 7 | 8) && !text.starts_with(['0', '1']);
    let area = |text: &str| matches!(text.len(), 3 | 4) && text.starts_with('0');
    let extension = |text: &str| (1..=6).contains(&text.len());
    match parts.as_slice() {
        [only] => number(only),
        [first, second] => (area(first) && number(second)) || (number(first) && extension(second)),
        [first, second, third] => area(first) && number(second) && extension(third),
        _ => false,
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{BadUscc, check_uscc, is_ditto, is_phone, says_nothing};

    #[test]
    fn checks_credit_codes() {
        for valid in ["11371500MB28359259", "91350100M000100Y43"] {
            assert_eq!(check_uscc(valid), Ok(()), "{valid}");
        }
        assert_eq!(check_uscc("11371500MB28359258"), Err(BadUscc::Check { wanted: '9' }));
        assert_eq!(check_uscc("11371526MB6430643"), Err(BadUscc::Length(17)));
        assert_eq!(check_uscc("91371503MI74904679"), Err(BadUscc::Character('I')));
        assert_eq!(check_uscc("１1371500MB28359259"), Err(BadUscc::Character('１')));
    }

    #[test]
    fn knows_what_says_nothing_itself() {
        for ditto in [
            "同上",
            "同 上",
            "（同上）",
            "……同上",
            "同上。",
            "同上行",
            "〃",
            "″",
            "＂",
            "\"",
            "〃 〃",
            "上同",
            "同上栏",
            "''",
        ] {
            assert!(is_ditto(ditto), "{ditto}");
        }
        for own in [
            "花园路1号（同上院）",
            "同上村",
            "5″",
            "大同上街",
            "路上",
            "",
            "待定",
            "其他同上",
        ] {
            assert!(!is_ditto(own), "{own}");
        }
        for nothing in ["0", "NULL", "null", "N/A", "***", "？", "无", "同左"] {
            assert!(says_nothing(nothing), "{nothing}");
        }
        for said in ["待定", "不详", "8", "一", "A", "00号"] {
            assert!(!says_nothing(said), "{said}");
        }
    }

    #[test]
    fn knows_telephone_numbers() {
        for valid in [
            "0635-8200720",
            "06358200720",
            "(0635)8200720",
            "13912345678",
            "010-66123456",
            "8200720",
            "0635-8200720-801",
            "0635—8200720",
            "13912345678/0635-8200720",
        ] {
            assert!(is_phone(valid), "{valid}");
        }
        for wrong in ["1391234567", "0635", "12345678901", "见附件", "0635-82007", ""] {
            assert!(!is_phone(wrong), "{wrong}");
        }
    }
}
