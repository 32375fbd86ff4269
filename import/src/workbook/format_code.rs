//! The codes of number formats (ECMA-376 part 1, 18.8.31): what they change in what a number says.

/// A piece of a format's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Shown as it stands.
    Literal(&'a str),
    /// What stands in brackets: a colour, a condition, a currency and its language, hours that go on past 24.
    Brackets(&'a str),
    /// A sign with a meaning, or shown as it stands where it has none.
    Sign(char),
}

impl Piece<'_> {
    /// What it shows, where it means nothing else; of a currency's brackets its sign.
    fn shown(self) -> String {
        match self {
            Self::Literal(text) => text.to_owned(),
            Self::Sign(sign) => sign.to_string(),
            Self::Brackets(inside) => {
                let currency = inside.strip_prefix('$').unwrap_or_default();
                currency.split('-').next().unwrap_or_default().to_owned()
            }
        }
    }
}

/// The pieces of a code's first section, without what only makes room.
pub(super) fn pieces(code: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = code;
    std::iter::from_fn(move || {
        loop {
            let mut chars = rest.chars();
            let first = chars.next()?;
            let after = chars.as_str();
            let (inside, next) = match first {
                ';' => return None,
                '"' => after.split_once('"').unwrap_or((after, "")),
                '[' => after.split_once(']').unwrap_or((after, "")),
                '\\' | '!' | '_' | '*' => after.split_at(after.chars().next().map_or(0, char::len_utf8)),
                _ => ("", after),
            };
            rest = next;
            match first {
                '_' | '*' => {}
                '"' | '\\' | '!' => return Some(Piece::Literal(inside)),
                '[' => return Some(Piece::Brackets(inside)),
                sign => return Some(Piece::Sign(sign)),
            }
        }
    })
}

/// Whether a number format shows percentages.
pub(super) fn is_percent(code: &str) -> bool {
    pieces(code).any(|piece| piece == Piece::Sign('%'))
}

/// Whether a number format shows two decimals.
pub(super) fn has_two_decimals(code: &str) -> bool {
    let mut decimals = None;
    for piece in pieces(code) {
        match piece {
            Piece::Sign('.') => decimals = Some(0),
            Piece::Sign('0') => decimals = decimals.map(|count| count + 1),
            // A date, a fraction, an exponent.
            Piece::Sign('y' | 'm' | 'd' | 'h' | 's' | '/' | 'E') => return false,
            _ => {}
        }
    }
    decimals == Some(2)
}

/// What a number format writes around a number, and how it cuts the number itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// The text before the number: `WJ`, `¥`.
    pub(super) before: String,
    /// The text behind it: `元`, `万㎡`.
    pub(super) after: String,
    /// Digits before the point at least; more than one only where zeros fill them up.
    pub(super) whole: usize,
    /// Digits behind the point.
    pub(super) decimals: usize,
    /// The number is shown times ten to the power of this: `#,##0,` shows thousands, `0\.0000` ten thousands.
    pub(super) shift: i32,
}

impl Frame {
    /// The frame that a code's first section draws; none where it says nothing, or where the code is no plain number's.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        let code = code.replace("General", "#");
        let mut frame = Self::default();
        let (mut point, mut commas) = (false, 0);
        // What stands before the first digit, and behind the last one so far.
        let mut texts = vec![String::new()];
        for piece in pieces(&code) {
            match piece {
                Piece::Sign(digit @ ('0' | '#' | '?')) => {
                    let between = if texts.len() > 1 { texts.pop() } else { None };
                    // Behind a point for show stand the number's own last digits.
                    let cut = frame.shift != 0 || between.as_deref() == Some(".");
                    if between.is_some_and(|text| !matches!(text.trim(), "" | ".")) {
                        return None;
                    }
                    texts.push(String::new());
                    commas = 0;
                    frame.shift -= i32::from(cut);
                    frame.decimals += usize::from(cut || point);
                    frame.whole += usize::from(digit == '0' && !cut && !point);
                }
                Piece::Sign('.') => point = true,
                Piece::Sign(',') => commas += i32::from(texts.len() > 1),
                Piece::Sign('%' | '/' | '@' | 'A'..='Z' | 'a'..='z') => return None,
                Piece::Brackets(inside) if inside.starts_with(['<', '>', '=', 'D']) => return None,
                _ => texts.last_mut()?.push_str(&piece.shown()),
            }
        }
        let [before, after] = <[String; 2]>::try_from(texts)
            .ok()?
            .map(|text| telling(&text).to_owned());
        frame.shift -= 3 * commas;
        let says = !before.is_empty() || !after.is_empty() || frame.whole > 1 || frame.shift != 0;
        says.then_some(Self { before, after, ..frame })
    }

    /// The frame in which a number is shown as this text; none where the text is not just that.
    pub(super) fn of_shown(shown: &str, number: f64) -> Option<Self> {
        let first = shown.find(|c: char| c.is_ascii_digit())?;
        let (before, rest) = shown.split_at(first);
        let (digits, after) = rest.split_at(rest.rfind(|c: char| c.is_ascii_digit())? + 1);
        let digits = digits.replace(',', "");
        let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
        let shift = match digits.parse::<f64>().ok()? / number {
            _ if number == 0.0 => 0,
            ratio if (0.5..=2.0).contains(&ratio) => 0,
            ratio if (0.5e-4..=2e-4).contains(&ratio) && after.starts_with('万') => -4,
            ratio if (0.5e-8..=2e-8).contains(&ratio) && after.starts_with('亿') => -8,
            _ => return None,
        };
        Some(Self {
            before: telling(before).to_owned(),
            after: telling(after).to_owned(),
            whole: if whole.starts_with('0') { whole.len() } else { 0 },
            decimals: decimals.len(),
            shift,
        })
    }
}

/// A text around a number, blank where it says nothing: brackets, strokes, the dollar that programs put in for the local currency.
fn telling(text: &str) -> &str {
    let says = |c: char| c.is_alphanumeric() || (!c.is_ascii() && !c.is_whitespace());
    if text.contains(says) { text.trim() } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_formats() {
        for (code, is) in [
            ("0%", true),
            ("0.00%", true),
            ("0\"%\"", false),
            ("0\\%", false),
            ("0;0%", false),
            ("General", false),
        ] {
            assert_eq!(is_percent(code), is, "{code}");
        }
    }

    #[test]
    fn frames_of_shown_numbers() {
        let frame = |shown: &str, number: f64| {
            let frame = Frame::of_shown(shown, number)?;
            let Frame { before, after, .. } = frame;
            Some(format!(
                "{before}|{after}|{} {} {}",
                frame.whole, frame.decimals, frame.shift
            ))
        };
        for (shown, number, wanted) in [
            ("0007", 7.0, Some("||4 0 0")),
            ("WJ-007", 7.0, Some("WJ-||3 0 0")),
            ("120,000.00元", 120_000.0, Some("|元|0 2 0")),
            ("¥120,000.00", 120_000.0, Some("¥||0 2 0")),
            ("0.12万㎡", 0.1197, Some("|万㎡|1 2 0")),
            ("120.0万", 1_200_000.0, Some("|万|0 1 -4")),
            ("1.2亿元", 123_456_789.0, Some("|亿元|0 1 -8")),
            ("12", 12.3, Some("||0 0 0")),
            ("0", 0.0, Some("||1 0 0")),
            ("0", 0.3, None),
            ("1,200", 1_200_000.0, None),
            ("120.000,00", 120_000.0, None),
            ("1 1/2", 1.5, None),
            ("2023年5月", 2023.0, None),
            ("", 5.0, None),
        ] {
            assert_eq!(frame(shown, number).as_deref(), wanted, "{shown}");
        }
    }

    #[test]
    fn frames() {
        let frame = |code: &str| {
            let frame = Frame::of_code(code)?;
            Some(format!(
                "{}|{}|{} {} {}",
                frame.before, frame.after, frame.whole, frame.decimals, frame.shift
            ))
        };
        for (code, wanted) in [
            ("0000", Some("||4 0 0")),
            ("\"WJ\"000", Some("WJ||3 0 0")),
            ("\"WJ-\"000", Some("WJ-||3 0 0")),
            ("#,##0.00\"元\"", Some("|元|1 2 0")),
            ("#,##0.00元;-#,##0.00元", Some("|元|1 2 0")),
            ("General\"元\"", Some("|元|0 0 0")),
            ("0.00\"万㎡\"", Some("|万㎡|1 2 0")),
            ("\\¥#,##0.00", Some("¥||1 2 0")),
            ("[$¥-804]#,##0.00", Some("¥||1 2 0")),
            ("_ ¥* #,##0.00_ ;_ ¥* \\-#,##0.00_ ", Some("¥||1 2 0")),
            ("\"人民币\"#,##0\"元\"", Some("人民币|元|1 0 0")),
            ("#,##0.0,", Some("||1 1 -3")),
            ("0!.0,\"万\"", Some("|万|1 1 -4")),
            ("0\\.0000\"万元\"", Some("|万元|1 4 -4")),
            ("0\".\"00", Some("||1 2 -2")),
            ("General", None),
            ("@", None),
            ("0", None),
            ("0.00", None),
            ("#,##0.00_ ", None),
            ("# ##0", None),
            ("_(\"$\"* #,##0.00_)", None),
            ("(0)", None),
            ("0.0\"%\"", None),
            ("0%", None),
            ("0.00E+00", None),
            ("# ?/?", None),
            ("yyyy\"年\"m\"月\"", None),
            ("000-0000-0000", None),
            ("[>=10000]0!.0,\"万\";0\"元\"", None),
            ("[DBNum2]General\"元整\"", None),
            ("[Red]0", None),
            ("\"待定\"", None),
        ] {
            assert_eq!(frame(code).as_deref(), wanted, "{code}");
        }
    }
}
