//! F001 to F011: faults of files, sheets and headers, found while the file is read.

use super::{FIRST, Help, Rule};
use crate::finding::Severity;

pub(super) static F001: Rule = Rule {
    code: "F001",
    title: "文件不是能读的表格",
    severity: Severity::Error,
    help: Help {
        when: "文件的内容不是xlsx、xls、xlsb、ods或csv表格，例如图片、PDF、空文件、没有传完整的文件、Excel的临时锁文件。",
        why: "系统看内容认文件，不看扩展名；把图片改名为xlsx仍然不是表格。",
        how: "在Excel或WPS里打开原表，另存为xlsx再报。",
        right: "用WPS另存的“工程清单.xlsx”",
        wrong: "扫描图片改名的“工程清单.xlsx”",
    },
    ..FIRST
};

pub(super) static F002: Rule = Rule {
    code: "F002",
    title: "文件加了密码",
    severity: Severity::Error,
    help: Help {
        when: "打开文件需要密码。",
        why: "系统不知道密码，读不出内容。",
        how: "在Excel或WPS里去掉打开密码，另存后再报。",
        right: "没有打开密码的工作簿",
        wrong: "设了打开密码的工作簿",
    },
    ..FIRST
};

pub(super) static F003: Rule = Rule {
    code: "F003",
    title: "文件超过限制",
    severity: Severity::Error,
    help: Help {
        when: "文件大小、解压后大小、单元格数、表的范围、工作表数、列数、读取时间或内存超过上限。意见中写明是哪一项和上限是多少。",
        why: "过大的文件会拖垮系统；工程清单一般用不着这么大，多半是整列填了格式或者混进了图片。",
        how: "删去空白的行列、图片和无关的工作表，或者分成几个文件报。",
        right: "只含工程清单的工作簿",
        wrong: "格式一直拉到第1048576行的工作簿",
    },
    ..FIRST
};

pub(super) static F004: Rule = Rule {
    code: "F004",
    title: "没有找到工程清单",
    severity: Severity::Error,
    help: Help {
        when: "所有可见的工作表里，没有一张的表头含“工程名称”和另外至少四个认得的栏目并且下面有数据。",
        why: "系统按表头认栏目，认不出表头就不知道各列是什么。",
        how: "对照模板改表头；工程清单在隐藏工作表里的，取消隐藏。",
        right: "表头有工程名称、工程类别、用途、县（市、区）、工程进度等",
        wrong: "只有封面和说明的工作簿",
    },
    ..FIRST
};

pub(super) static F005: Rule = Rule {
    code: "F005",
    title: "缺少必填的列",
    severity: Severity::Error,
    help: Help {
        when: "表头里没有某个必填栏目，或者续表没有表头。烈度栏写成“7度（0.15g）”的，可以没有加速度列；用县名标题行分段的，可以没有县（市、区）列。",
        why: "缺了必填的列，每一行都不完整，整张表无法登记。",
        how: "补上这一列；表头叫法不同的，改成提示的名称，或在页面上指定对应的列。没有表头的续表，补上表头，或接到上一张表下面。",
        right: "表头含全部必填栏目",
        wrong: "表头没有“抗震设防类别”",
    },
    ..FIRST
};

pub(super) static F006: Rule = Rule {
    code: "F006",
    title: "有不认得的列",
    severity: Severity::Hint,
    help: Help {
        when: "某一列的表头不是认得的栏目，这一列没有读。",
        why: "提醒这一列的内容不会登记。",
        how: "无关的列不必管；该登记的，把表头改成模板中的名称。",
        right: "表头“建筑面积”",
        wrong: "表头“占地情况”（不登记）",
    },
    ..FIRST
};

pub(super) static F007: Rule = Rule {
    code: "F007",
    title: "有工作表不是工程清单",
    severity: Severity::Hint,
    help: Help {
        when: "某张可见的工作表里没有工程清单，没有读，例如封面、填表说明、字典。",
        why: "提醒这张表的内容不会登记。",
        how: "本来就不是工程清单的不必管；是工程清单的，对照模板改表头。",
        right: "工作簿里只有工程清单",
        wrong: "工作簿里另有“封面”（跳过）",
    },
    ..FIRST
};

pub(super) static F008: Rule = Rule {
    code: "F008",
    title: "两列是同一个栏目",
    severity: Severity::Error,
    help: Help {
        when: "两列的表头都认作同一个栏目。",
        why: "不知道以哪一列为准，猜错了整列都错。",
        how: "删去多余的一列，或把其中一列的表头改成它本来的名称，也可以在页面上指定。",
        right: "只有一列“建筑面积”",
        wrong: "“建筑面积”和“总建筑面积”各一列",
    },
    ..FIRST
};

pub(super) static F009: Rule = Rule {
    code: "F009",
    title: "用的是旧版模板",
    severity: Severity::Hint,
    help: Help {
        when: "文件由旧版模板填成。",
        why: "旧版模板的栏目和下拉选项可能不全。",
        how: "能读的照样登记；下次请下载新版模板。",
        right: "当前版本的模板",
        wrong: "以前下载的模板",
    },
    ..FIRST
};

pub(super) static F010: Rule = Rule {
    code: "F010",
    title: "有隐藏的行、列或工作表",
    severity: Severity::Hint,
    help: Help {
        when: "工程清单中有隐藏的行或列（照样读了），或者有隐藏的工作表（没有读）。",
        why: "隐藏的内容自己看不见，容易多报或漏报。",
        how: "取消隐藏看一看：不该报的行删去，该报的工作表取消隐藏。",
        right: "没有隐藏内容",
        wrong: "第20至25行隐藏着（照样登记）",
    },
    ..FIRST
};

pub(super) static F011: Rule = Rule {
    code: "F011",
    title: "工作簿带有宏",
    severity: Severity::Hint,
    help: Help {
        when: "工作簿里带有宏（VBA）。",
        why: "系统从不运行宏，只读单元格里的值。",
        how: "不影响登记；建议另存为不带宏的xlsx。",
        right: "工程清单.xlsx",
        wrong: "工程清单.xlsm",
    },
    ..FIRST
};
