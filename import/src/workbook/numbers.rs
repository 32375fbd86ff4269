//! Numbers in the records of Excel's binary workbooks, old and new.

use super::value::{self, Shown};

/// Whether a number with this format is shown otherwise than it stands there; few are, and only these are remembered by their cells.
pub(super) fn is_shown_otherwise(shown: &Shown, number: impl FnOnce() -> f64) -> bool {
    match shown {
        Shown::Plain => false,
        Shown::Percent | Shown::Framed(_) => true,
        Shown::TwoDecimals => {
            let number = number();
            (1000.0..10_000.0).contains(&number) && value::shown_number(number, shown) != value::number(number)
        }
    }
}

/// A number in 30 bits: the upper ones of a float, or whole, and perhaps a hundredth of that. [MS-XLS] 2.5.217.
pub(super) fn rk(bits: u32) -> f64 {
    let number = if bits & 2 == 0 {
        f64::from_bits(u64::from(bits & !3) << 32)
    } else {
        f64::from(bits.cast_signed() >> 2)
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

/// A float of eight bytes; nought where the data ends before.
pub(super) fn real(data: &[u8], at: usize) -> f64 {
    let bytes = data.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0.0, f64::from_le_bytes)
}

pub(super) fn u16_at(data: &[u8], at: usize) -> u16 {
    match data.get(at..at + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    }
}

pub(super) fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from(u16_at(data, at)) | u32::from(u16_at(data, at + 2)) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_few_bits() {
        for (bits, number) in [
            (0x3ff0_0000, 1.0),
            (202_310 << 2 | 3, 2023.1),
            (0xffff_fff6, -3.0),
            (5 << 2 | 2, 5.0),
        ] {
            assert!((rk(bits) - number).abs() < 1e-9, "{bits:x}");
        }
    }
}
