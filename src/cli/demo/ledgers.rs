//! What the demonstration enters by hand: a small roster of homes for the elderly, which grows from month to month, and the secretariat's ledgers.

use chrono::{Days, NaiveDate};

use crate::registry::inspections::{self, NewFinding, NewVisit};
use crate::registry::meetings::{self, NewMatter};
use crate::registry::month::Month;
use crate::registry::people::Operator;
use crate::registry::review::{self, Filter};
use crate::registry::targets::{self, Scope};
use crate::registry::{Error, Registry, State, business_day};

/// The department of the homes.
pub(super) const DEPARTMENT: &str = "MZJ";

const HEADS: &str = "工程编号,工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,地上层数,建筑面积,\
                     工程规模,规模单位,始建竣工时间,抗震设防烈度,设计基本地震加速度,抗震设防类别,鉴定报告编号,加固方式,后续使用年限,工程进度,\
                     形象进度,开工日期,加固完成时间,计划完工日期,计划总投资,累计完成投资";

/// The homes: number, street, and the planned investment in units of 10,000 yuan.
const HOMES: [(u32, &str, u32); 6] = [
    (1, "古楼街道", 186),
    (2, "柳园街道", 142),
    (3, "新区街道", 208),
    (4, "古楼街道", 96),
    (5, "柳园街道", 120),
    (6, "新区街道", 88),
];

/// The department's roster. In `month` two are finished; after it four, and one of a school is reported that the school's department has too.
pub(super) fn roster(month: Month, later: bool) -> String {
    let mut lines = vec![HEADS.to_owned()];
    let (before, begun) = (month.day(5), month.previous().previous().day(10));
    for (number, street, planned) in HOMES {
        let finished = match number {
            1 | 2 => Some(before),
            3 | 4 if later => Some(month.day(28)),
            _ => None,
        };
        let works = match (finished, number) {
            (Some(day), _) => {
                format!("MZJD-{number:02},钢筋网水泥砂浆面层,40,已加固,100,{begun},{day},{day},{planned},{planned}")
            }
            (None, 6) => format!(",,,计划加固,0,,,{},{planned},0", next_year(month)),
            (None, _) => {
                let done = planned / 2;
                format!(
                    "MZJD-{number:02},钢筋网水泥砂浆面层,40,正在加固,50,{begun},,{},{planned},{done}",
                    next_year(month)
                )
            }
        };
        lines.push(format!(
            "MZJ-{number:04},{street}第{number}养老服务中心,其他,加固,其他,{street}办事处,东昌府区,{street},东昌府区{street}兴华路3{number}号,\
             砌体结构,3,1860,1,栋,1996,7度,0.15g,乙类,{works}"
        ));
    }
    if later {
        lines.push(format!(
            "MZJ-0007,东阿第三中学附属幼儿园教学楼,学校,加固,幼儿园用房,东阿县民政局,东阿县,刘集镇,东阿县刘集镇兴华路238号,砌体结构,2,1442,\
             1,栋,1992,7度,0.10g,乙类,,,,计划加固,0,,,{},335.07,0",
            next_year(month)
        ));
    }
    lines.join("\n")
}

/// A day on which what is planned is to be finished.
fn next_year(month: Month) -> NaiveDate {
    std::iter::successors(Some(month), |month| Some(month.next()))
        .nth(9)
        .unwrap_or(month)
        .day(28)
}

/// The targets of this year, an inspection with a finding, and a matter of the joint meeting.
pub(super) fn enter(registry: &Registry, secretariat: &Operator) -> Result<(), Error> {
    let today = business_day(registry.clock.now());
    let ago = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
    let ahead = |days| today.checked_add_days(Days::new(days)).unwrap_or(today);
    let year = Month::at(registry.clock.now()).year();
    for (department, category, amount) in [("MZJ", "99", 600), ("WJW", "03", 2000), ("YJJ", "09", 500)] {
        let scope = Scope {
            year,
            department,
            category,
            county: "371502",
        };
        targets::set(registry, secretariat, scope, ("building", amount), None)?;
    }
    let visit = NewVisit {
        held_on: ago(6),
        place: "东昌府区古楼街道",
        inspectors: "秘书处、住建局、应急局",
        note: "",
    };
    let inspection = inspections::create(registry, secretariat, &visit)?;
    let approved = Filter {
        state: Some(State::Approved),
        ..Filter::default()
    };
    for project in review::list(registry, secretariat, &approved, 0, 1)? {
        let finding = NewFinding {
            code: project.code(),
            department: None,
            problem: "圈梁钢筋外露，保护层厚度不足",
            deadline: ahead(9),
        };
        inspections::add_finding(registry, secretariat, inspection, &finding)?;
    }
    let matter = NewMatter {
        meeting_on: ago(3),
        meeting: "第四季度联席会议",
        matter: "与民政局核对养老机构台账，补齐遗漏工程",
        department: "WJW",
        deadline: ahead(12),
    };
    meetings::create(registry, secretariat, &matter)?;
    Ok(())
}
