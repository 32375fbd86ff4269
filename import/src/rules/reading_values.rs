//! V001 to V010: faults of single values, found while cells are read.

use super::standards::CREDIT_CODE;
use super::{FIRST, Help, Rule};
use crate::catalogue::Field;
use crate::finding::Severity;

pub(super) static V001: Rule = Rule {
    code: "V001",
    title: "必填项空着",
    severity: Severity::Error,
    help: Help {
        when: "必填栏目的单元格是空的。未设防（烈度0）的加速度不算必填。",
        why: "必填项是统计和上报都要用的，缺了这一行就不完整。",
        how: "补填。没有合并的空格不会沿用上一行的值，每行都要填。",
        right: "用途 教学楼",
        wrong: "用途空着",
    },
    ..FIRST
};

pub(super) static V002: Rule = Rule {
    code: "V002",
    title: "应填数字",
    severity: Severity::Error,
    help: Help {
        when: "数字栏里的内容不是数字（带常用单位的可以），或者单位不能用（如建筑面积填了亩）；工程规模的格里写了单位，与规模单位不同；烈度的格里写了加速度，与加速度一格不同。",
        why: "“约200”“三百多”这类写法无法计算。",
        how: "只填一个数，可以带单位，如 3200 或 0.32万㎡。",
        right: "建筑面积 3200",
        wrong: "建筑面积 约3200",
    },
    ..FIRST
};

pub(super) static V003: Rule = Rule {
    code: "V003",
    title: "应填日期",
    severity: Severity::Error,
    help: Help {
        when: "日期栏里的内容不是日期、月份或年份，或者没有这一天；写了几个月或几天的（2023年5-12月）也是。",
        why: "日期要能比较先后。“今年上半年”“2023年2月30日”都不行。",
        how: "填年月日，如 2023-05-12、2023年5月12日；只知道月份的填 2023-05，只知道年份的填 2023。",
        right: "开工日期 2023-05-12",
        wrong: "开工日期 2023-02-30",
    },
    ..FIRST
};

pub(super) static V004: Rule = Rule {
    code: "V004",
    title: "不在可选项之内",
    severity: Severity::Error,
    help: Help {
        when: "填的内容不是该栏目的可选项（代码、名称和常用叫法都可以）；县（市、区）、乡镇（街道）不在行政区划之内的也是。",
        why: "可选项是统一的，写法不一就不能汇总，也不能上报。",
        how: "从提示的相近选项中选一个，或按模板的下拉选项填。",
        right: "结构类型 砌体结构",
        wrong: "结构类型 砖房",
    },
    ..FIRST
};

pub(super) static V005: Rule = Rule {
    code: "V005",
    title: "数值超出范围",
    severity: Severity::Error,
    help: Help {
        when: "数值超出该栏目的范围；面积、高度、地上层数、规模为零或负数。",
        why: "超出范围的多半是单位填错，或多写、少写了数字。",
        how: "核对单位和数字。各栏的范围见模板的填表说明。",
        right: "后续使用年限 40",
        wrong: "后续使用年限 400",
    },
    ..FIRST
};

pub(super) static V006: Rule = Rule {
    code: "V006",
    title: "文字过长、含不可见字符或不是内容",
    severity: Severity::Error,
    help: Help {
        when: "文字比该栏目允许的长，或者含有控制字符（首尾空格和中文之间的换行会自动去掉，不算）；写的是“同上”，必填的文字写的是 0、NULL 或只有符号。",
        why: "过长的文字上报时会被拒收，不可见字符会使名称对不上；每一行单独登记，离开了清单，“同上”就不知道指的是什么。",
        how: "缩短文字，补充的话写在备注里；从别处粘贴来的，重新键入；“同上”改写成完整的内容。",
        right: "工程名称 聊城市第一中学1号教学楼",
        wrong: "工程名称里写了整段说明，超过120字",
    },
    ..FIRST
};

pub(super) static V007: Rule = Rule {
    code: "V007",
    title: "单元格是公式错误值",
    severity: Severity::Error,
    help: Help {
        when: "单元格里是 #REF!、#N/A、#VALUE! 等错误值。",
        why: "公式引用的内容没有了，真正的值已经丢失。",
        how: "修好公式或直接填数，再选择性粘贴为数值。",
        right: "计划总投资 160",
        wrong: "计划总投资 #REF!",
    },
    ..FIRST
};

pub(super) static V008: Rule = Rule {
    code: "V008",
    title: "统一社会信用代码有误",
    severity: Severity::Error,
    fields: &[Field::OwnerUscc],
    basis: &[CREDIT_CODE],
    help: Help {
        when: "统一社会信用代码不是18位，含有不用的字符（如I、O、Z、S、V），或者最后一位校验码算不对。",
        why: "信用代码用来认定单位，错一位就是别的单位或者没有这个单位。",
        how: "照营业执照或法人证书重新填；个人产权的留空。",
        right: "统一社会信用代码 11371500MB28359259",
        wrong: "统一社会信用代码 11371500MB28359258",
    },
    ..FIRST
};

pub(super) static V009: Rule = Rule {
    code: "V009",
    title: "联系电话不像电话号码",
    severity: Severity::Hint,
    fields: &[Field::Phone],
    help: Help {
        when: "联系电话既不是手机号码，也不是固定电话号码。",
        why: "有问题时联系不上填报人。",
        how: "填11位手机号，或区号加座机号。",
        right: "联系电话 0635-8220000",
        wrong: "联系电话 822",
    },
    ..FIRST
};

pub(super) static V010: Rule = Rule {
    code: "V010",
    title: "多出的小数位已舍入",
    severity: Severity::Hint,
    help: Help {
        when: "小数位数比该栏目保留的多，多出的部分不是0，已四舍五入。",
        why: "提醒登记的数与表里的略有出入。",
        how: "一般不必管；需要精确的，按该栏目的位数填。",
        right: "建筑面积 3200.25",
        wrong: "建筑面积 3200.256（登记为3200.26）",
    },
    ..FIRST
};
