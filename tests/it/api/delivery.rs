//! A delivery and a comparison that a program begins, by the binary as it serves, against the platform's simulator.

use std::process::Stdio;
use std::time::Duration;

use platform_simulator::{Settings, Simulator};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::Program;
use crate::support::rosters::{code, school};
use crate::support::{APP_KEY, SECRET, World};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// `retrofit serve`, which ends with this, and where its pages are.
async fn serve(world: &World, platform: &Simulator) -> (Child, String) {
    // No job comes in between.
    let schedule = "time_zone = \"Asia/Shanghai\"\njobs = []\n";
    std::fs::write(world.folder().join("schedule.toml"), schedule).unwrap();
    let mut child = Command::from(world.command_reaching(&platform.url(), &["serve"]))
        .env("RETROFIT_BIND", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = timeout(PATIENCE, said.next_line()).await.expect("it serves").unwrap();
    let first = first.expect("it says where");
    (child, first.strip_prefix("网页：").unwrap().to_owned())
}

/// A token for somebody of the secretariat, as the administrator makes it at the console.
fn token(world: &World) -> String {
    let run = |args: &[&str]| {
        let output = world.command(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["user", "add", "mishu", "--role", "secretariat"]);
    let issue = [
        "token",
        "issue",
        "--for",
        "mishu",
        "--label",
        "上报",
        "--scope",
        "read,review",
    ];
    run(&issue).lines().last().unwrap().to_owned()
}

impl Program {
    /// What an address tells of what has this number, as soon as it is over.
    async fn when_over(&self, path: &str, id: i64) -> Value {
        let over = async {
            loop {
                let answer = self.get(path).await;
                match answer.status {
                    StatusCode::OK => {
                        let told = answer.json();
                        if told["id"] == id && !told["ended_at"].is_null() {
                            return told;
                        }
                    }
                    // It has not quite begun.
                    StatusCode::NOT_FOUND => {}
                    _ => panic!("{path}: {answer:?}"),
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let told = timeout(PATIENCE, over).await;
        told.unwrap_or_else(|_| panic!("{path}: {id} is never over"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_begins_a_delivery_and_a_comparison_and_follows_them_to_their_ends() {
    for world in World::both() {
        world.import((1..=3).map(school));
        world.approve_all();
        world.import([school(4)]);
        let platform = Simulator::start(Settings::new(APP_KEY, SECRET)).await.unwrap();
        let secret = token(&world);
        let (_serving, site) = serve(&world, &platform).await;
        let office = Program::at(&site, Some(secret));

        let begun = office.send(office.ask(Method::POST, "/runs")).await;
        assert_eq!(begun.status, StatusCode::NO_CONTENT, "{begun:?}");
        let run = office.when_over("/runs/1", 1).await;
        assert_eq!(
            (&run["state"], &run["started_by"]),
            (&json!("done"), &json!("mishu")),
            "{run}"
        );
        let records = &run["records"];
        assert_eq!(
            (&records["selected"], &records["accepted"]),
            (&json!(3), &json!(3)),
            "{run}"
        );
        let there: Vec<(String, i64)> = platform
            .records()
            .unwrap()
            .into_iter()
            .map(|record| (record.source_id, record.revision))
            .collect();
        let approved = [1, 2, 3].map(|id| (code(id).to_string(), 1));
        assert_eq!(there, approved, "what waits for review is not sent");
        let answered = office.get("/runs/1/records?verdict=accepted").await.json();
        let codes = answered["items"].as_array().unwrap().iter();
        let codes: Vec<&str> = codes.map(|line| line["code"].as_str().unwrap()).collect();
        assert_eq!(codes, approved.each_ref().map(|(code, _)| code.as_str()));
        let outbox = office.get("/outbox").await.json();
        assert_eq!(outbox["items"], json!([{ "state": "accepted", "count": 3 }]));

        let differences = async |comparison: i64| {
            let begun = office.post("/reconciliation", &json!({ "redeliver": false })).await;
            assert_eq!(begun.status, StatusCode::NO_CONTENT, "{begun:?}");
            let told = office.when_over("/reconciliation", comparison).await;
            assert_eq!((&told["started_by"], &told["trouble"]), (&json!("mishu"), &Value::Null));
            (told["listed"].clone(), told["differences"].clone())
        };
        assert_eq!(differences(1).await, (json!(3), json!([])));
        platform.forget_record(&approved[1].0).unwrap();
        let (listed, missing) = differences(2).await;
        assert_eq!((&listed, &missing[0]["kind"]), (&json!(2), &json!("missing-there")));
        assert_eq!(missing[0]["source_id"], *approved[1].0);
    }
}
