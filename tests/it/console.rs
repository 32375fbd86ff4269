//! The binary at the server's console: accounts, the audit log, and rosters that need the operator's word.

use serde_json::Value;

use crate::support::World;

/// What a command prints, and its exit code.
fn run(world: &World, args: &[&str]) -> (String, i32) {
    let output = world.command(args).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (said, output.status.code().unwrap())
}

/// What a command prints that must go well.
fn done(world: &World, args: &[&str]) -> String {
    let (said, exit) = run(world, args);
    assert_eq!(exit, 0, "{args:?}: {said}");
    said
}

/// The audit log, newest first.
fn log(world: &World, more: &[&str]) -> Vec<Value> {
    let said = done(world, &[&["audit", "list", "--format", "json"], more].concat());
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn accounts_are_kept_at_the_console_as_in_the_pages() {
    for world in World::both() {
        let first = done(
            &world,
            &["user", "add", "wang", "--role", "reporter", "--department", "JTJ"],
        );
        assert!(first.contains("初始密码："), "{first}");
        assert!(done(&world, &["user", "list"]).contains("wang  部门填报员  JTJ  还没有登录过（下次登录须改密码）"));
        done(
            &world,
            &["user", "role", "wang", "--role", "lead", "--department", "WJW"],
        );
        assert!(done(&world, &["user", "list"]).contains("wang  部门负责人  WJW"));
        let again = done(&world, &["user", "password", "wang"]);
        assert!(again.contains("初始密码：") && again != first, "{again}");
        done(&world, &["user", "disable", "wang"]);
        assert!(done(&world, &["user", "list"]).contains("已停用"));
        done(&world, &["user", "enable", "wang"]);
        done(&world, &["user", "unlock", "wang"]);
        assert!(done(&world, &["user", "logout", "wang"]).contains("0 个登录"));
        for args in [
            &["user", "disable", "nobody"][..],
            &["user", "role", "wang", "--role", "lead"],
            &["user", "disable", "wang", "--as", "wang"],
        ] {
            assert_eq!(run(&world, args).1, 2, "{args:?}");
        }
        let log = log(&world, &[]);
        let told: Vec<(&str, &str, &str)> = log
            .iter()
            .map(|entry| {
                let part = |name: &str| entry[name].as_str().unwrap();
                assert!(part("origin").starts_with("console:"), "{entry}");
                (part("actor"), part("action"), part("outcome"))
            })
            .collect();
        let by = "console-administrator";
        assert_eq!(
            told,
            [
                ("wang", "user.refused", "refused"),
                (by, "user.refused", "refused"),
                (by, "user.refused", "refused"),
                (by, "user.unlock", "done"),
                (by, "user.enable", "done"),
                (by, "user.disable", "done"),
                (by, "user.reset-password", "done"),
                (by, "user.role", "done"),
                (by, "user.add", "done"),
            ]
        );
        assert_eq!(log[0]["object"], "retrofit user disable");
        assert!(log[1]["detail"]["reason"].as_str().unwrap().contains("须指明所属部门"));
    }
}

#[test]
fn what_the_console_is_refused_is_in_the_log_with_the_account_that_asked() {
    let world = World::sqlite();
    for args in [
        &["review", "return", "--all", "--reason", " "][..],
        &["import", "/nowhere.xlsx", "--department", "JTJ", "--period", "2026-11"],
        &["review", "approve", "--all", "--as", "nobody"],
    ] {
        assert_eq!(run(&world, args).1, 2, "{args:?}");
    }
    let log = log(&world, &["--refused"]);
    let told: Vec<_> = log
        .iter()
        .map(|entry| (&entry["actor"], &entry["action"], &entry["object"]))
        .map(|(actor, action, object)| [actor, action, object].map(|part| part.as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ["console-secretariat", "review.refused", "retrofit review approve"],
            ["console-jtj", "upload.refused", "retrofit import /nowhere.xlsx"],
            ["console-secretariat", "review.refused", "retrofit review return"],
        ]
    );
    assert!(done(&world, &["audit", "list"]).contains("被拒"));
    assert!(done(&world, &["audit", "verify"]).contains("没有发现改动"));
}

const HEADS: &str = "工程编号,工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,抗震设防烈度,\
                     设计基本地震加速度,抗震设防类别,工程进度,加固方式,鉴定报告编号,后续使用年限,开工日期";

fn row(number: &str, name: &str, street: &str) -> String {
    format!(
        "{number},{name},学校,加固,教学楼,{name},东昌府区,古楼街道,{street},砌体结构,7度,0.15g,乙类,正在加固,板墙加固,JD-1,50,2026-03-01"
    )
}

/// Imports a roster with these rows; what is printed, in words and as JSON.
fn import(world: &World, rows: &[String], more: &[&str]) -> (String, Value) {
    let text = [&[HEADS.to_owned()], rows].concat().join("\n");
    let file = world.file(&text);
    let base = [
        "import",
        file.to_str().unwrap(),
        "--department",
        "JTJ",
        "--period",
        "2026-11",
        "--today",
        "2026-11-23",
    ];
    let args = [&base[..], more].concat();
    let (said, _) = run(world, &args);
    // The same once more changes nothing: the answer is that of now.
    let (json, _) = run(world, &[&base[..], &["--format", "json"], more].concat());
    (said, serde_json::from_str(&json).unwrap_or_else(|_| panic!("{json}")))
}

#[test]
fn a_supplement_misses_nothing() {
    for world in World::both() {
        let rows: Vec<String> = (1..=6)
            .map(|number| {
                row(
                    &format!("J-{number}"),
                    &format!("第{number}小学教学楼"),
                    &format!("兴华路{number}号"),
                )
            })
            .collect();
        import(&world, &rows, &["--yes"]);
        let part = [rows[0].replace("正在加固", "已加固")];
        let (_, whole) = import(&world, &part, &[]);
        assert_eq!(whole["not_listed"], 5);
        let (_, supplement) = import(&world, &part, &["--supplement"]);
        assert_eq!(supplement["not_listed"], 0);
    }
}

#[test]
fn what_resembles_a_project_is_listed_with_how_to_say_which_it_is() {
    for world in World::both() {
        import(
            &world,
            &[
                row("J-1", "第一小学教学楼", "兴华路1号"),
                row("J-2", "第二小学教学楼", "兴华路2号"),
            ],
            &["--yes"],
        );
        let near = [
            row("", "聊城市第一小学教学楼", "兴华路1号"),
            row("", "聊城市第二小学教学楼", "兴华路2号"),
        ];
        let (said, answer) = import(&world, &near, &["--supplement"]);
        assert_eq!((&answer["unclear"], &answer["held"]), (&2.into(), &2.into()), "{said}");
        for words in [
            "待认定",
            "  2  聊城市第一小学教学楼（兴华路1号，编号 无）",
            "      LC-2026-000001  第一小学教学楼（兴华路1号，编号 J-1）",
            "--same \"2=LC-2026-000001\"",
            "--new \"2\"",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let said = ["--supplement", "--same", "2=LC-2026-000001", "--new", "3"];
        let (_, chosen) = import(&world, &near, &said);
        assert_eq!(
            (&chosen["unclear"], &chosen["changed"], &chosen["new"]),
            (&0.into(), &1.into(), &1.into())
        );
        // What was said stays with the upload.
        let (said, _) = import(&world, &near, &["--supplement", "--yes"]);
        assert!(said.contains("已写入") && said.contains("新增 1，变更 1"), "{said}");
        let file = world.file(&[HEADS.to_owned(), near[0].clone()].join("\n"));
        let base = [
            "import",
            file.to_str().unwrap(),
            "--department",
            "JTJ",
            "--period",
            "2026-11",
        ];
        for (wrong, words) in [
            (&["--new", "99"][..], "清单里没有第 99 行"),
            (&["--new", "名单!2"], "清单里没有工作表“名单”的第 2 行"),
            (&["--new", "x"], "不是行号"),
            (&["--same", "2"], "行号=登记编号"),
            (&["--same", "2=LC-2026-000099"], "没有登记编号为 LC-2026-000099 的工程"),
        ] {
            let (said, exit) = run(&world, &[&base[..], wrong].concat());
            assert!(exit == 2 && said.contains(words), "{wrong:?}: {said}");
        }
    }
}
