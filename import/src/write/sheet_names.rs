//! Names that Excel takes for sheets, each near the name that a roster gave.

use std::collections::HashSet;

/// UTF-16 units of a name.
const LONGEST: usize = 31;

/// Hands out names, none twice.
#[derive(Debug, Default)]
pub(crate) struct SheetNames {
    taken: HashSet<String>,
}

impl SheetNames {
    /// The name itself where Excel takes it; else without the signs that Excel refuses, shortened, or with a number.
    pub(crate) fn name(&mut self, wanted: &str) -> String {
        let plain: String = wanted
            .chars()
            .filter(|char| !char.is_control() && !r"[]:*?/\".contains(*char))
            .collect();
        let plain = plain.trim().trim_matches('\'');
        let plain = if plain.is_empty() { "Sheet1" } else { plain };
        let mut name = shortened(plain, LONGEST);
        let mut number = 2;
        // Excel takes no two names that differ in case only.
        while !self.taken.insert(name.to_lowercase()) {
            let suffix = format!("({number})");
            name = shortened(plain, LONGEST - suffix.len()) + &suffix;
            number += 1;
        }
        name
    }
}

/// The longest beginning of so many UTF-16 units.
fn shortened(text: &str, most: usize) -> String {
    let mut units = 0;
    let fits = |char: &char| {
        units += char.len_utf16();
        units <= most
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_mended_and_never_given_twice() {
        let mut names = SheetNames::default();
        assert_eq!(names.name("台账"), "台账");
        assert_eq!(names.name("台账"), "台账(2)");
        assert_eq!(names.name("2023/5 [汇总]"), "20235 汇总");
        assert_eq!(names.name(""), "Sheet1");
        assert_eq!(names.name("sheet1"), "sheet1(2)");
        assert_eq!(names.name(&"长".repeat(40)), "长".repeat(31));
        assert_eq!(names.name(&"长".repeat(40)), "长".repeat(28) + "(2)");
    }
}
