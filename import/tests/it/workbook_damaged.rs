//! Genuine rosters of each format, damaged as transfers, disks and careless programs damage them: eight ways each.

use std::time::{Duration, Instant};

use crate::workbook::{read_bytes, roster};

const SAMPLES: &[&str] = &[
    "05-jyj-bridges-yuan.xlsx",
    "09-mzj-other-late-start.xlsx",
    "06-slj-reservoirs.xls",
    "07-yjj-depots-shelters.ods",
    "03-zjj-housing-gbk.csv",
    "08-gdgs-power-utf8.csv",
];

/// A way to damage a file.
type Damage = (&'static str, fn(&[u8]) -> Vec<u8>);

/// A file cut short has lost the directory at its end, or a sector that its directory names.
const CUT: [&str; 3] = ["its first half", "without its end", "its first sector"];

const DAMAGES: [Damage; 8] = [
    ("its first half", |file| file[..file.len() / 2].to_vec()),
    ("without its end", |file| file[..file.len() - 600].to_vec()),
    ("its first sector", |file| file[..512].to_vec()),
    ("without its first bytes", |file| file[7..].to_vec()),
    ("zeros in the middle", |file| {
        let mut file = file.to_vec();
        let third = file.len() / 3;
        file[third..2 * third].fill(0);
        file
    }),
    ("a bit turned here and there", |file| {
        let turned = |(at, byte): (usize, &u8)| if at > 0 && at % 211 == 0 { byte ^ 0x10 } else { *byte };
        file.iter().enumerate().map(turned).collect()
    }),
    ("line ends converted", |file| {
        file.iter()
            .flat_map(|byte| {
                if *byte == b'\n' {
                    &b"\r\n"[..]
                } else {
                    std::slice::from_ref(byte)
                }
            })
            .copied()
            .collect()
    }),
    ("read as text and saved", |file| {
        String::from_utf8_lossy(file).into_owned().into_bytes()
    }),
];

#[test]
fn damaged_rosters_are_refused_or_read_and_never_take_long() {
    let mut files = 0;
    for sample in SAMPLES {
        let whole = std::fs::read(roster(sample)).unwrap();
        for (how, damage) in DAMAGES {
            let start = Instant::now();
            let read = read_bytes(&damage(&whole));
            assert!(start.elapsed() < Duration::from_secs(10), "{sample}, {how}");
            files += 1;
            match read {
                Ok(_) => assert!(!CUT.contains(&how) || sample.contains("csv"), "{sample}, {how}: read"),
                Err(refusal) => {
                    assert!(["F001", "F003"].contains(&refusal.code), "{sample}, {how}: {refusal:?}");
                    assert!(
                        refusal.message.contains("报送") || refusal.message.contains("损坏"),
                        "{refusal:?}"
                    );
                }
            }
        }
    }
    assert!(files >= 40);
}
