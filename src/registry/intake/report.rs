//! A preview as a report: for the annotated workbook, which says of each row what the page says.

use retrofit_import::finding::Severity;
use retrofit_import::report::{Report, RowState, Verdict};

use super::{Fate, Hold, Preview};
use crate::registry::Error;

impl Preview {
    /// What was found, the comparison with the registry included, and what would become of each row.
    ///
    /// # Errors
    /// A stored revision that cannot be read: our own fault.
    pub fn report(&self) -> Result<Report, Error> {
        let mut rows = Vec::new();
        let mut findings = self.roster.summary.findings.clone();
        for (row, fate) in self.rows()? {
            let confirms = row.findings.iter().any(|finding| finding.severity == Severity::Confirm);
            let (verdict, remark) = match &fate {
                Fate::Held { why: Hold::Errors, .. } => (Verdict::ToMend, None),
                Fate::Held {
                    why: Hold::Unexplained, ..
                } => (Verdict::ToExplain, None),
                Fate::Held { why, .. } => (Verdict::ToMend, Some(why.message())),
                _ if confirms => (Verdict::Explained, None),
                _ => (Verdict::Sound, None),
            };
            let known = match fate {
                Fate::Changed { code, .. } | Fate::Unchanged { code, .. } => Some(code),
                Fate::Held { code, .. } => code,
                Fate::New => None,
            };
            let registry_code = known.filter(|_| row.code.is_none()).map(|code| code.to_string());
            if verdict != Verdict::Sound || registry_code.is_some() {
                rows.push(RowState {
                    sheet: row.sheet.clone(),
                    row: row.row,
                    verdict,
                    remark,
                    registry_code,
                });
            }
            findings.extend(row.findings.iter().cloned());
        }
        Ok(Report {
            summary: self.roster.summary.clone(),
            findings,
            rows,
            records: None,
        })
    }
}
