//! The binary, as an operator uses it, against the platform's simulator.

use std::process::{Command, Output};

use platform_simulator::{Settings, Simulator};
use serde_json::Value;

use crate::support::{APP_KEY, SECRET, World};

/// A roster of three schools as a department might send it; the third lacks its address.
const ROSTER: &str = "\
工程编号,工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,抗震设防烈度,设计基本地震加速度,抗震设防类别,工程进度,加固方式,鉴定报告编号,后续使用年限,开工日期
J-1,第一小学教学楼,学校,加固,教学楼,第一小学,东昌府区,古楼街道,兴华路1号,砌体结构,7度,0.15g,乙类,正在加固,板墙加固,JD-1,50,2026-03-01
J-2,第二小学教学楼,学校,加固,教学楼,第二小学,东昌府区,古楼街道,兴华路2号,砌体结构,7度,0.15g,乙类,正在加固,板墙加固,JD-2,50,2026-03-01
J-3,第三小学教学楼,学校,加固,教学楼,第三小学,东昌府区,古楼街道,,砌体结构,7度,0.15g,乙类,正在加固,板墙加固,JD-3,50,2026-03-01
";

struct Console<'a> {
    world: &'a World,
    platform: Option<String>,
}

impl Console<'_> {
    fn command(&self, args: &[&str]) -> Command {
        match &self.platform {
            Some(url) => self.world.command_reaching(url, args),
            None => self.world.command(args),
        }
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The JSON that a command prints, and its exit code.
    fn json(&self, args: &[&str]) -> (Value, i32) {
        let output = self.run(&[args, &["--format", "json"]].concat());
        let value = serde_json::from_slice(&output.stdout);
        (
            value.unwrap_or_else(|_| panic!("{args:?}: {output:?}")),
            output.status.code().unwrap(),
        )
    }

    fn import(&self, roster: &str, more: &[&str]) -> (Value, i32) {
        let file = self.world.file(roster);
        let args = [
            "import",
            file.to_str().unwrap(),
            "--department",
            "JTJ",
            "--period",
            "2026-11",
            "--today",
            "2026-11-23",
        ];
        self.json(&[&args[..], more].concat())
    }
}

fn numbers(value: &Value, keys: &[&str]) -> Vec<i64> {
    keys.iter()
        .map(|key| value[key].as_i64().unwrap_or_else(|| panic!("{key} in {value}")))
        .collect()
}

const COUNTS: [&str; 7] = [
    "rows",
    "new",
    "changed",
    "unchanged",
    "held",
    "to_confirm",
    "not_listed",
];
const BALANCE: [&str; 8] = [
    "selected",
    "accepted",
    "rejected",
    "unchanged",
    "stale",
    "pending",
    "unknown",
    "not_sent",
];

/// A platform, and a console that delivers to it.
async fn console(world: &World) -> (Console<'_>, Simulator) {
    let platform = Simulator::start(Settings::new(APP_KEY, SECRET)).await.unwrap();
    let console = Console {
        world,
        platform: Some(platform.url()),
    };
    (console, platform)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_goes_from_the_file_to_the_platform() {
    for world in World::both() {
        let (console, platform) = console(&world).await;
        let (shown, exit) = console.import(ROSTER, &[]);
        assert_eq!((shown["committed"].as_bool(), exit), (Some(false), 1));
        let (first, exit) = console.import(ROSTER, &["--yes"]);
        assert_eq!((numbers(&first, &COUNTS), exit), (vec![3, 2, 0, 0, 1, 0, 0], 1));
        let (again, _) = console.import(ROSTER, &["--yes"]);
        assert_eq!(again["upload_id"], first["upload_id"]);
        assert_eq!(numbers(&again, &COUNTS), [3, 0, 0, 2, 1, 0, 0]);
        let mended = ROSTER.replace("古楼街道,,砌体", "古楼街道,兴华路3号,砌体");
        let (mended, exit) = console.import(&mended, &["--yes"]);
        assert_eq!((numbers(&mended, &COUNTS), exit), (vec![3, 1, 0, 2, 0, 0, 0], 0));

        let (queue, _) = console.json(&["review", "list"]);
        assert_eq!(queue["count"], 3);
        let (returned, exit) = console.json(&["review", "return", "LC-2026-000002@1", "--reason", "面积不符"]);
        assert_eq!((returned["decided"].as_i64(), exit), (Some(1), 0));
        let (approved, _) = console.json(&["review", "approve", "--all"]);
        assert_eq!(approved["decided"], 2);

        let (mut sent, exit) = console.json(&["sync", "run"]);
        assert_eq!(
            (numbers(&sent, &BALANCE), exit),
            (vec![2, 2, 0, 0, 0, 0, 0, 0], 0),
            "{sent}"
        );
        let photos = sent.as_object_mut().and_then(|told| told.remove("photos"));
        assert_eq!(photos.unwrap()["delivered"], 0);
        assert_eq!(console.json(&["sync", "status"]).0, sent);
        let held: Vec<_> = platform
            .records()
            .unwrap()
            .into_iter()
            .map(|record| record.source_id)
            .collect();
        assert_eq!(held, ["LC-2026-000001", "LC-2026-000003"]);
        let (nothing, _) = console.json(&["sync", "run"]);
        assert_eq!(numbers(&nothing, &BALANCE), [0; 8]);
        platform.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_dies_at_any_point_is_finished_by_the_next() {
    for point in ["after-key-stored", "after-sent", "after-receipt"] {
        for world in World::both() {
            let (console, platform) = console(&world).await;
            console.import(ROSTER, &["--yes"]);
            console.json(&["review", "approve", "--all"]);
            let died = console
                .command(&["sync", "run"])
                .env("RETROFIT_FAULT", point)
                .output()
                .unwrap();
            assert_eq!(died.status.code(), None, "{point}: killed, {died:?}");
            let (status, _) = console.json(&["sync", "status"]);
            assert_eq!(
                (status["state"].as_str(), status["selected"].as_i64()),
                (Some("abandoned"), Some(2)),
                "{point}: {status}"
            );

            let (next, exit) = console.json(&["sync", "run"]);
            assert_eq!((next["state"].as_str(), exit), (Some("done"), 0), "{point}: {next}");
            assert_eq!(next["selected"], 2, "{point}: {next}");
            assert_eq!(next["unknown"], 0, "{point}: {next}");
            let history: Vec<_> = platform
                .history()
                .unwrap()
                .into_iter()
                .map(|effect| (effect.source_id, effect.revision))
                .collect();
            assert_eq!(
                history,
                [("LC-2026-000001".to_owned(), 1), ("LC-2026-000002".to_owned(), 1)],
                "{point}: once each"
            );
            let (after, _) = console.json(&["sync", "run"]);
            assert_eq!(after["selected"], 0, "{point}");
            platform.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_down_ends_the_run_in_a_named_state() {
    for world in World::both() {
        let (console, platform) = console(&world).await;
        console.import(ROSTER, &["--yes"]);
        console.json(&["review", "approve", "--all"]);
        platform.stop().await;
        let (down, exit) = console.json(&["sync", "run", "--wait", "1"]);
        assert_eq!((down["state"].as_str(), exit), (Some("platform-down"), 1), "{down}");
        assert_eq!(numbers(&down, &BALANCE), [2, 0, 0, 0, 0, 0, 0, 2], "{down}");
    }
}

#[test]
fn operators_are_told_what_is_wrong_and_what_to_do() {
    let world = World::sqlite();
    let console = Console {
        world: &world,
        platform: None,
    };
    let file = world.file(ROSTER);
    let file = file.to_str().unwrap();
    let image = world.folder().join("image.xlsx");
    std::fs::write(&image, b"\x89PNG\r\n\x1a\n and so on").unwrap();
    let image = image.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 15] = [
        (
            &["import", "/nowhere.xlsx", "--department", "JTJ", "--period", "2026-11"],
            2,
            "无法读取文件",
        ),
        (
            &["import", file, "--department", "XXX", "--period", "2026-11"],
            2,
            "没有代码为“XXX”的部门",
        ),
        (
            &["import", file, "--department", "JTJ", "--period", "11"],
            2,
            "报送月份",
        ),
        (
            &[
                "import",
                file,
                "--department",
                "JTJ",
                "--period",
                "2026-11",
                "--as",
                "nobody",
            ],
            2,
            "没有名为“nobody”的用户",
        ),
        (
            &["import", image, "--department", "JTJ", "--period", "2026-11", "--yes"],
            2,
            "F001",
        ),
        (&["review", "approve"], 2, "--all"),
        (&["review", "approve", "LC-1"], 2, "不是登记编号"),
        (&["review", "return", "--all", "--reason", " "], 2, "退回须写明原因"),
        (&["review", "list", "--department", "NOPE"], 2, "没有代码为“NOPE”的部门"),
        (
            &["review", "approve", "--department", "NOPE"],
            2,
            "没有代码为“NOPE”的部门",
        ),
        (&["review", "list", "--category", "77"], 2, "没有代码为“77”的工程类别"),
        (
            &["review", "approve", "--county", "371502001"],
            2,
            "没有代码为“371502001”的县（市、区）",
        ),
        (&["review", "list", "--stage", "完工"], 2, "没有代码为“完工”的工程进度"),
        (
            &["user", "add", "wang", "--role", "auditor", "--department", "YJJ"],
            2,
            "审计员不属于任何部门",
        ),
        (&["sync", "run"], 2, "RETROFIT_PLATFORM_URL"),
    ];
    for (args, exit, words) in cases {
        let output = console.run(args);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{args:?}: {said}");
    }
}

#[test]
fn migrate_brings_the_tables_up_to_date_and_refuses_a_broken_deployment() {
    for world in World::both() {
        let console = Console {
            world: &world,
            platform: None,
        };
        let migrate = |settings: &[(&str, &str)]| {
            let mut command = console.command(&["migrate"]);
            let output = command.envs(settings.iter().copied()).output().unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            (output.status.code(), said)
        };
        let kind = if world.is_sqlite() { "SQLite" } else { "PostgreSQL" };
        assert_eq!(migrate(&[]), (Some(0), format!("{kind} 数据库的表已是最新。\n")));

        let file = world.file("not a folder");
        for (name, value) in [
            ("RETROFIT_DATABASE_URL", "mysql://host/db"),
            ("RETROFIT_CATALOGUE_DIR", "/nowhere/catalogue"),
            ("RETROFIT_CATALOGUE_DIR", file.to_str().unwrap()),
        ] {
            let (exit, said) = migrate(&[(name, value)]);
            assert!(exit == Some(2) && said.contains(name), "{name}={value}: {said}");
        }

        std::fs::create_dir(&world.config.catalogue_dir).unwrap();
        std::fs::write(world.config.catalogue_dir.join("departments.csv"), "code\nX\n").unwrap();
        let (exit, said) = migrate(&[]);
        assert!(exit == Some(2) && said.contains("departments.csv"), "{said}");
    }
}

#[test]
fn a_named_operator_acts_with_the_persons_rights() {
    let world = World::sqlite();
    let console = Console {
        world: &world,
        platform: None,
    };
    for (name, role, department) in [
        ("zhang", "reporter", Some("JTJ")),
        ("li", "secretariat", Some("YJJ")),
        ("wang", "auditor", None),
    ] {
        let department: Vec<_> = department.iter().flat_map(|code| ["--department", code]).collect();
        let output = console.run(&[&["user", "add", name, "--role", role], &department[..]].concat());
        assert!(output.status.success(), "{output:?}");
    }
    console.import(ROSTER, &["--yes", "--as", "zhang"]);
    for name in ["zhang", "wang"] {
        let output = console.run(&["review", "approve", "--all", "--as", name]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    let (approved, _) = console.json(&["review", "approve", "--all", "--as", "li"]);
    assert_eq!(approved["decided"], 2);
    let (seen, _) = console.json(&["review", "list", "--state", "approved", "--as", "wang"]);
    assert_eq!(seen["projects"][0]["submitted_by"], "zhang");
}

#[test]
fn columns_that_their_headers_do_not_say_are_shown_and_corrected() {
    let world = World::sqlite();
    let console = Console {
        world: &world,
        platform: None,
    };
    let strange = ROSTER.replace("工程类别", "行业口径").replace("备注", "内部批号");
    let file = world.file(&strange);
    let shown = console.run(&["check", file.to_str().unwrap(), "--columns"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("C  行业口径 → 没有认出，不导入（学校）"), "{shown}");
    assert!(shown.contains("B  工程名称 → 工程名称（第一小学教学楼、"), "{shown}");
    let (value, _) = console.json(&["check", file.to_str().unwrap(), "--columns"]);
    assert_eq!(value["files"][0]["headers"][0]["columns"][2]["key"], "行业口径");

    assert_eq!(console.import(&strange, &[]).1, 2);
    let told = |args: &[&str]| {
        let output = console.run(&[&["columns", "--department", "JTJ"][..], args].concat());
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            output.status.code(),
        )
    };
    let (said, code) = told(&["--set", "* 行业口径（必填）=工程类别"]);
    assert!(said.starts_with("行业口径 → 工程类别（") && code == Some(0), "{said}");
    assert_eq!(numbers(&console.import(&strange, &[]).0, &["new", "held"]), [2, 1]);
    assert_eq!(told(&["--set", "行业口径=没有这个栏目"]).1, Some(2));
    let (said, _) = told(&["--forget", "行业口径"]);
    assert!(said.contains("没有更正"), "{said}");
    assert_eq!(console.import(&strange, &[]).1, 2);
}

#[test]
fn a_token_is_shown_once_and_revoked() {
    let world = World::sqlite();
    let console = Console {
        world: &world,
        platform: None,
    };
    let said = |args: &[&str]| {
        let output = console.run(args);
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let (_, code) = said(&["user", "add", "zhang", "--role", "reporter", "--department", "JTJ"]);
    assert_eq!(code, Some(0));
    let (issued, code) = said(&[
        "token",
        "issue",
        "--for",
        "zhang",
        "--label",
        "数据大屏",
        "--scope",
        "read,send",
    ]);
    assert_eq!(code, Some(0), "{issued}");
    let secret = issued.lines().last().unwrap();
    assert!(secret.starts_with("retrofit_") && secret.len() == 73, "{secret}");
    let (listed, _) = said(&["token", "list"]);
    assert!(
        listed.contains("数据大屏") && listed.contains("查询、报送") && listed.contains("有效"),
        "{listed}"
    );
    assert!(!listed.contains(secret));
    let (_, code) = said(&[
        "token", "issue", "--for", "zhang", "--label", "越权", "--scope", "review",
    ]);
    assert_eq!(code, Some(2));
    assert_eq!(said(&["token", "revoke", "1"]).1, Some(0));
    assert!(said(&["token", "list"]).0.contains("已撤销"));
    assert_eq!(said(&["token", "revoke", "1"]).1, Some(2));
}
