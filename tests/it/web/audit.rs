//! The audit log in the pages: what was refused stands in it as well as what was done, and it is told in words.

use std::fs;
use std::path::Path;

use reqwest::StatusCode;
use retrofit_registry::db::audit::Entry;
use retrofit_registry::registry::audit;
use retrofit_registry::registry::people::Role;

use super::{Browser, PASSWORD, Page, Site, roster, school};

/// The latest entry, which must be a refusal: who, what, on what, and the rest of it.
fn refused(site: &Site) -> (String, String, String, String) {
    let entry = site.world.log(1).remove(0);
    assert_eq!((&*entry.outcome, &*entry.origin), ("refused", "127.0.0.1"), "{entry:?}");
    assert_eq!(entry.at, site.world.clock.now());
    (entry.actor, entry.action, entry.object, entry.detail)
}

fn is(entry: &(String, String, String, String), actor: &str, action: &str, object: &str, says: &str) {
    let (by, what, on, detail) = entry;
    assert_eq!((&**by, &**what, &**on), (actor, action, object));
    assert!(detail.contains(says), "{detail}");
}

async fn decide(browser: &Browser, queue: &Page, ruling: &str, project: &str) -> Page {
    let form = [
        ("query", queue.hidden("query")),
        ("shown_at", queue.hidden("shown_at")),
        ("scope", "page"),
        ("ruling", ruling),
        ("reason", ""),
        ("project", project),
    ];
    browser.post("/review", &form).await
}

#[tokio::test]
async fn refused_logins_pages_uploads_and_decisions_are_in_the_log() {
    let site = Site::new().await;
    let reporter = site.reporter("JTJ").await;
    let other = site.reporter("WJW").await;
    let secretariat = site.secretariat().await;

    site.stranger().log_in("jtj", "wrong").await;
    is(&refused(&site), "jtj", "session.open", "jtj", "\"failures\":1");
    site.stranger().log_in("Jiagu-2026-x", "wrong").await;
    is(&refused(&site), "unknown", "session.open", "", "unknown");

    reporter.get("/people").await;
    is(&refused(&site), "jtj", "access.page", "GET /people", "{}");
    reporter.get("/uploads/999").await;
    is(&refused(&site), "jtj", "access.page", "GET /uploads/999", "{}");

    let shown = reporter.upload("a.csv", roster(&[school(1), school(2)])).await;
    reporter.confirm(&shown, "").await;
    other.get("/projects/LC-2026-000001").await;
    is(
        &refused(&site),
        "wjw",
        "access.page",
        "GET /projects/LC-2026-000001",
        "{}",
    );
    other.post("/uploads/1/commit", &[("fingerprint", "x")]).await;
    is(&refused(&site), "wjw", "access.page", "POST /uploads/1/commit", "{}");

    reporter.upload("图.csv", b"no table at all".to_vec()).await;
    is(&refused(&site), "jtj", "upload.read", "2", "图.csv");
    let no_file = reporter.post("/uploads", &[("period", "2026-11")]).await;
    assert_eq!(no_file.status, StatusCode::UNPROCESSABLE_ENTITY);
    is(
        &refused(&site),
        "jtj",
        "upload.refused",
        "POST /uploads",
        "没有收到文件",
    );
    // The preview that is confirmed is not the one that was shown.
    let shown = reporter.upload("b.csv", roster(&[school(3)])).await;
    let path = format!("{}/commit", shown.path);
    assert_eq!(
        reporter.post(&path, &[("fingerprint", "old")]).await.status,
        StatusCode::CONFLICT
    );
    is(
        &refused(&site),
        "jtj",
        "upload.refused",
        &format!("POST {path}"),
        "登记库已被他人更新",
    );

    let queue = secretariat.get("/review").await;
    decide(&secretariat, &queue, "return", "LC-2026-000001:1").await;
    is(
        &refused(&site),
        "mishu",
        "review.refused",
        "POST /review",
        "退回要写明原因",
    );
    let page = decide(&secretariat, &queue, "approve", "LC-2026-000001:7").await;
    assert!(page.shows("没有办成") && !page.shows("已通过"), "{}", page.text);
    is(
        &refused(&site),
        "mishu",
        "review.approve",
        "LC-2026-000001",
        "不是最新版",
    );
    decide(&secretariat, &queue, "approve", "LC-2026-000001:1").await;
    let done = site.world.log(1).remove(0);
    assert_eq!(
        (&*done.action, &*done.object, &*done.outcome),
        ("review.approve", "LC-2026-000001", "done")
    );

    let weak = [("old", PASSWORD), ("new", "short"), ("again", "short")];
    reporter.post("/password", &weak).await;
    is(
        &refused(&site),
        "jtj",
        "user.refused",
        "POST /password",
        "不少于 10 个字符",
    );
}

#[tokio::test]
async fn the_page_tells_the_log_in_words() {
    let site = Site::new().await;
    let reporter = site.reporter("JTJ").await;
    let shown = reporter.upload("a.csv", roster(&[school(1), school(2)])).await;
    reporter.confirm(&shown, "").await;
    site.keep_ledgers();
    let keeper = site.officer("guanli", Role::Administrator, None).await;
    keeper.post("/jobs/retention/pause", &[]).await;
    keeper.post("/departments/JTJ/lead", &[("lead", "on")]).await;
    keeper.get("/review").await;
    let auditor = site.officer("shenji", Role::Auditor, None).await;
    let page = auditor.get("/audit").await;
    for words in [
        "上传清单",
        "提交清单",
        "共 2 行，新增 2，变更 0，未变 0，暂缓 0，未列 0",
        "添加用户",
        "角色：部门填报员",
        "部门：教体局",
        "暂停任务",
        "过期数据清理",
        "打开“审核” /review",
        "服务器控制台（",
        "被拒",
    ] {
        assert!(page.shows(words), "{words}");
    }
    for entry in site.world.log(1000) {
        let Entry { action, detail, .. } = entry;
        assert!(!page.shows(&format!(">{action}<")), "{action}");
        assert!(detail == "{}" || !page.shows(&detail.replace('"', "&#34;")), "{detail}");
    }
    assert!(!page.shows("{&#34;"), "no JSON is shown");
    let narrowed = auditor.get("/audit?action=job.&outcome=done").await;
    assert!(narrowed.shows("暂停任务") && !narrowed.shows("上传清单"));
}

/// The words in quotes that begin like an action of the log, in all of the program's text.
fn actions_in(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            actions_in(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        for word in text.split('"') {
            let Some((area, rest)) = word.split_once('.') else {
                continue;
            };
            let plain = |letter: char| letter.is_ascii_lowercase() || "-_".contains(letter);
            let named = audit::AREAS.iter().any(|(known, _)| *known == area);
            if named && !rest.is_empty() && rest.chars().all(plain) && !["html", "zip"].contains(&rest) {
                found.push(word.to_owned());
            }
        }
    }
}

#[test]
fn every_action_that_the_program_notes_has_words() {
    let mut actions = Vec::new();
    actions_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut actions);
    assert!(actions.len() > 40, "{actions:?}");
    for action in actions {
        assert!(audit::label(&action).is_some(), "{action} has no words");
    }
    for (area, label) in audit::AREAS {
        assert_eq!(audit::label(&format!("{area}.refused")), Some(*label));
    }
    assert_eq!(audit::label("odd.thing"), None);
}
