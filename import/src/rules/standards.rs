//! The standards' tables as data, each with its source and how sure our figures are.

use rust_decimal::Decimal;

use crate::catalogue::SourceStatus;

/// A standard, clause or table that a rule rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The standard with its clause.
    pub text: &'static str,
    /// How sure our figures of it are.
    pub status: SourceStatus,
}

impl Basis {
    /// A source that was read.
    pub const fn read(text: &'static str) -> Self {
        Self {
            text,
            status: SourceStatus::Read,
        }
    }

    /// A source written from memory, to be confirmed against the printed text.
    pub const fn memory(text: &'static str) -> Self {
        Self {
            text,
            status: SourceStatus::Memory,
        }
    }

    /// A source whose figures the deployment has to verify.
    pub const fn to_verify(text: &'static str) -> Self {
        Self {
            text,
            status: SourceStatus::ToVerify,
        }
    }
}

/// Intensity and design basic acceleration that belong together.
pub const INTENSITY_TABLE: Basis = Basis::read("GB 50011-2010（2016年版）表3.2.2");

/// Intensity (degrees) and design basic acceleration (g) that belong together, as codes. The columns of the tables below.
pub static CONDITIONS: [(&str, &str); 6] = [
    ("6", "0.05"),
    ("7", "0.10"),
    ("7", "0.15"),
    ("8", "0.20"),
    ("8", "0.30"),
    ("9", "0.40"),
];

/// The column of a pair of intensity and acceleration; none where they do not belong together.
pub fn condition(intensity: &str, acceleration: &str) -> Option<usize> {
    CONDITIONS.iter().position(|pair| *pair == (intensity, acceleration))
}

/// The zonation of acceleration; each place's status stands with its row of the catalogue.
pub const ACCELERATION_ZONES: Basis = Basis::to_verify("GB 18306-2015 附录C");
/// The zonation of design groups; each place's status stands with its row of the catalogue.
pub const GROUP_ZONES: Basis = Basis::to_verify("GB 50011-2010（2016年版）附录A");

/// Characteristic periods.
pub const PERIOD_TABLE: Basis = Basis::read("GB 50011-2010（2016年版）表5.1.4-2");

/// What the rare earthquake adds to a characteristic period, s.
pub const RARE_PERIOD_RISE: Decimal = hundredths(5);

/// Site classes, the columns of [`PERIODS`], as codes.
const SITES: [&str; 5] = ["I0", "I1", "II", "III", "IV"];

/// Characteristic periods in hundredths of a second: design group, and a period for each of [`SITES`].
const PERIODS: [(&str, [u32; 5]); 3] = [
    ("1", [20, 25, 35, 45, 65]),
    ("2", [25, 30, 40, 55, 75]),
    ("3", [30, 35, 45, 65, 90]),
];

/// The characteristic period, s, for a design group and a site class.
pub fn characteristic_period(group: &str, site: &str) -> Option<Decimal> {
    let (_, periods) = PERIODS.iter().find(|(of, _)| *of == group)?;
    let column = SITES.iter().position(|of| *of == site)?;
    Some(hundredths(periods[column]))
}

const fn hundredths(value: u32) -> Decimal {
    Decimal::from_parts(value, 0, 0, false, 2)
}

/// Height and storeys of masonry.
pub const MASONRY_TABLE: Basis = Basis::read("GB 50011-2010（2016年版）表7.1.2");
/// What class B takes off them.
pub const MASONRY_CLASS: Basis = Basis::memory("GB 50011-2010（2016年版）表7.1.2注3（乙类减1层、3米）");
/// Bottom-frame masonry is not allowed for class B.
pub const BOTTOM_FRAME_CLASS: Basis = Basis::memory("GB 50011-2010（2016年版）表7.1.2注3");

/// The greatest height and number of storeys of masonry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasonryLimit {
    /// Total height, m.
    pub height_m: u32,
    /// Storeys above ground.
    pub storeys: i64,
}

impl MasonryLimit {
    /// The limit for fortification class B: 3 m and one storey less.
    #[must_use]
    pub const fn for_class_b(self) -> Self {
        Self {
            height_m: self.height_m - 3,
            storeys: self.storeys - 1,
        }
    }
}

const fn masonry(height_m: u32, storeys: i64) -> MasonryLimit {
    MasonryLimit { height_m, storeys }
}

/// Common brick of 240 mm, the most permissive row, since a roster does not say which brick; a limit for each
/// of [`CONDITIONS`].
pub static COMMON_BRICK: [MasonryLimit; 6] = [
    masonry(21, 7),
    masonry(21, 7),
    masonry(21, 7),
    masonry(18, 6),
    masonry(15, 5),
    masonry(12, 4),
];

/// Bottom-frame masonry of 240 mm; none where it is not allowed.
pub static BOTTOM_FRAME: [Option<MasonryLimit>; 6] = [
    Some(masonry(22, 7)),
    Some(masonry(22, 7)),
    Some(masonry(19, 6)),
    Some(masonry(16, 5)),
    None,
    None,
];

/// Heights of cast-in-place reinforced concrete.
pub const CONCRETE_TABLE: Basis = Basis::read("GB 50011-2010（2016年版）表6.1.1");

/// The greatest height, m, of reinforced concrete: structure type, as its code, and a height for each of [`CONDITIONS`].
const CONCRETE: [(&str, [u32; 6]); 3] = [
    ("03", [60, 50, 50, 40, 35, 24]),
    ("04", [130, 120, 120, 100, 80, 50]),
    ("05", [140, 120, 120, 100, 80, 60]),
];

/// The greatest height, m, of a structure type in a column of [`CONDITIONS`]; none where the table does not know the structure.
pub fn concrete_height(structure: &str, column: usize) -> Option<u32> {
    let (_, heights) = CONCRETE.iter().find(|(of, _)| *of == structure)?;
    heights.get(column).copied()
}

/// Classes A, B and C of subsequent service life: 30, 40 and 50 years.
pub const LIFE_CLASSES: Basis = Basis::read("GB 50023-2009 第1.0.4、1.0.5条");
/// Lives between them.
pub const LIFE_RANGE: Basis = Basis::memory("GB 55021-2021（另许中间年限）");
/// The least subsequent service life by construction year.
pub const LIFE_TABLE: Basis = Basis::read("GB 50023-2009 第1.0.4条");

/// The least subsequent service life, in years, of what was built in a year.
pub const fn least_service_life(built: i32) -> i64 {
    match built {
        ..1990 => 30,
        1990..=2000 => 40,
        _ => 50,
    }
}

/// The least fortification class of some uses.
#[derive(Debug)]
pub struct LeastClass {
    /// The uses, as codes.
    pub uses: &'static [&'static str],
    /// The least class; A is the strictest.
    pub least: &'static str,
    /// Whether the standard leaves cases in which a lower class is right.
    pub arguable: bool,
    /// The clause, and how sure the row is.
    pub basis: Basis,
}

const SCHOOLS: Basis = Basis::read("GB 50223-2008 第6章（教育建筑）");
const LABORATORIES: Basis = Basis::read("GB 50223-2008 第6章（教育建筑），教学用房按GB 50099");
const HOSPITALS: Basis = Basis::read("GB 50223-2008 第4章（二、三级医院，有外科手术室或急诊科的乡镇卫生院；急救指挥）");
const RELIEF: Basis = Basis::memory("GB 50223-2008 第4章（应急避难场所、应急指挥中心、消防站）");
const STORES: Basis = Basis::memory("GB 50223-2008 第8章（储存危险品的仓库）");
const DWELLINGS: Basis = Basis::memory("GB 50223-2008 第6章（居住建筑）");

/// The clauses of [`LEAST_CLASSES`].
pub static CLASS_TABLES: &[Basis] = &[SCHOOLS, LABORATORIES, HOSPITALS, RELIEF, STORES, DWELLINGS];

/// The least fortification class by use.
static LEAST_CLASSES: &[LeastClass] = &[
    LeastClass {
        uses: &["201", "202", "203", "205"],
        least: "B",
        arguable: false,
        basis: SCHOOLS,
    },
    LeastClass {
        uses: &["204"],
        least: "B",
        arguable: false,
        basis: LABORATORIES,
    },
    LeastClass {
        uses: &["301", "302", "303", "304"],
        least: "B",
        arguable: true,
        basis: HOSPITALS,
    },
    LeastClass {
        uses: &["951", "952", "953"],
        least: "B",
        arguable: true,
        basis: RELIEF,
    },
    LeastClass {
        uses: &["901"],
        least: "B",
        arguable: true,
        basis: STORES,
    },
    LeastClass {
        uses: &["101", "102"],
        least: "C",
        arguable: false,
        basis: DWELLINGS,
    },
];

/// The least fortification class of a use, where the standard names one.
pub fn least_class(usage: &str) -> Option<&'static LeastClass> {
    LEAST_CLASSES.iter().find(|row| row.uses.contains(&usage))
}

/// Isolation of new schools, hospitals and the like.
pub const ORDER_744_16: Basis = Basis::memory("《建设工程抗震管理条例》（国务院令第744号）第十六条");
/// Appraisal before retrofit.
pub const ORDER_744_19: Basis = Basis::read("《建设工程抗震管理条例》（国务院令第744号）第十九条");
/// What an appraisal states.
pub const ORDER_744_20: Basis = Basis::read("《建设工程抗震管理条例》（国务院令第744号）第二十条");
/// What is published after acceptance.
pub const ORDER_744_22: Basis = Basis::read("《建设工程抗震管理条例》（国务院令第744号）第二十二条");
/// New works at 7 degrees at least.
pub const PROVINCIAL_INTENSITY: Basis = Basis::memory("山东省规定：新建、改建、扩建工程设防烈度不低于7度");
/// Retrofit methods and the structures that they suit.
pub const METHODS: Basis = Basis::memory("JGJ 116-2009");
/// What the national platform collects.
pub const PLATFORM_FIELD: Basis = Basis::read("全国平台采集内容（加固方式）");
/// The check character of a credit code.
pub const CREDIT_CODE: Basis = Basis::read("GB 32100-2015");
