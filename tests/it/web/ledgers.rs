//! The secretariat's ledgers in the pages.

use chrono::NaiveDate;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use retrofit_jobs::store::{DeliveryStore as _, NewRun, PhotoFate, PhotoKind, PhotoStore as _};
use retrofit_registry::registry::inspections::{self, NewFinding, NewVisit};
use retrofit_registry::registry::meetings::{self, NewMatter};
use retrofit_registry::registry::photos;
use retrofit_registry::registry::targets::{self, Scope};

use super::{Browser, Page, Site, roster, school};
use crate::support::pictures::{archive, jpeg};
use crate::support::rosters::code;
use crate::support::{reporter, secretariat};

/// The hashes of the photos that [`Site::keep_ledgers`] adds.
pub struct Photos {
    pub evidence: String,
    pub acceptance: String,
}

impl Site {
    /// Something in each ledger, about the first project, which is the department JTJ's.
    pub fn keep_ledgers(&self) -> Photos {
        self.keep_ledgers_with("")
    }

    /// The same, with this word in what is written.
    pub fn keep_ledgers_with(&self, word: &str) -> Photos {
        let registry = &self.world.registry;
        let (office, department) = (secretariat(), reporter("JTJ"));
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let scope = Scope {
            year: 2026,
            department: "JTJ",
            category: "02",
            county: "371502",
        };
        targets::set(registry, &office, scope, ("building", 1250), None).unwrap();
        let visit = NewVisit {
            held_on: day("2026-11-20"),
            place: &format!("{word}东昌府区<b>"),
            inspectors: "秘书处<i>",
            note: "",
        };
        let inspection = inspections::create(registry, &office, &visit).unwrap();
        let finding = NewFinding {
            code: code(1),
            department: None,
            problem: &format!("{word}圈梁<script>alert(1)</script>外露"),
            deadline: day("2026-11-24"),
        };
        let finding = inspections::add_finding(registry, &office, inspection, &finding).unwrap();
        let sent = [(format!("{word}现场<b>.jpg"), jpeg(640, 480, 1))];
        inspections::answer(registry, &department, finding, None, &format!("{word}已补浇<u>"), &sent).unwrap();
        let matter = NewMatter {
            meeting_on: day("2026-11-20"),
            meeting: "联席会议<b>",
            matter: &format!("{word}核对台账<script>"),
            department: "JTJ",
            deadline: day("2026-11-30"),
        };
        meetings::create(registry, &office, &matter).unwrap();
        let sent = vec![(format!("{word}验收<b>.jpg"), jpeg(640, 480, 2))];
        photos::add(registry, &department, code(1), PhotoKind::Acceptance, sent).unwrap();
        let evidence = inspections::case(registry, &office, finding).unwrap().evidence;
        let photos = photos::of_project(registry, &office, code(1)).unwrap();
        Photos {
            evidence: evidence[0].sha256.clone(),
            acceptance: photos[0].sha256.clone(),
        }
    }
}

impl Site {
    /// A delivery at work.
    pub fn begin_run(&self) {
        let now = self.world.clock.now();
        let run = NewRun {
            holder: "somebody".into(),
            started_by: "tester".into(),
            started_at: now,
            lease_until: now + 120_000,
        };
        self.world.registry.begin_run(&run).unwrap();
    }
}

impl Browser {
    async fn send_file(&self, path: &str, fields: &[(&str, &str)], file_name: &str, bytes: Vec<u8>) -> Page {
        let mut form = Form::new().part("file", Part::bytes(bytes).file_name(file_name.to_owned()));
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        self.send(self.ask(reqwest::Method::POST, path).multipart(form)).await
    }
}

/// A site with one project of JTJ's.
async fn site() -> (Site, Browser) {
    let site = Site::new().await;
    let reporter = site.reporter("JTJ").await;
    let shown = reporter.upload("a.csv", roster(&[school(1)])).await;
    assert!(reporter.confirm(&shown, "").await.shows("已于"));
    (site, reporter)
}

#[tokio::test]
async fn a_photo_that_the_platform_refused_is_told_to_its_department_alone() {
    let (site, reporter) = site().await;
    site.keep_ledgers();
    let stranger = site
        .officer("wjw", retrofit_registry::registry::people::Role::Reporter, Some("WJW"))
        .await;
    assert!(!reporter.get("/").await.shows("张照片"));
    let fate = PhotoFate::Refused("bad_photo：镜头<b>模糊</b>".into());
    site.world
        .registry
        .settle_photo(1, &fate, site.world.clock.now())
        .unwrap();
    assert!(reporter.get("/").await.shows("国家平台退回了 1 张照片"));
    let page = reporter.get("/photos").await;
    assert!(page.shows("平台退回的照片") && page.shows("镜头") && !page.shows("<b>模糊"));
    assert!(!stranger.get("/").await.shows("张照片"));
    assert!(!stranger.get("/photos").await.shows("镜头"));
}

#[tokio::test]
async fn what_was_written_is_shown_as_text_and_to_its_department_alone() {
    let (site, reporter) = site().await;
    let photos = site.keep_ledgers();
    let stranger = site
        .officer("wjw", retrofit_registry::registry::people::Role::Reporter, Some("WJW"))
        .await;
    let secretariat = site.secretariat().await;
    let evidence = format!("/rectifications/1/photos/{}", photos.evidence);
    let acceptance = format!("/projects/LC-2026-000001/photos/acceptance/{}", photos.acceptance);
    for path in [
        "/inspections",
        "/inspections/1",
        "/rectifications/1",
        "/meetings",
        "/photos",
        "/projects/LC-2026-000001",
    ] {
        for browser in [&reporter, &secretariat] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            for raw in ["<script>alert", "<script>。", "台账<script>", "<b>", "<i>秘", "补浇<u>"] {
                assert!(!page.shows(raw), "{path} shows {raw}");
            }
        }
        let page = stranger.get(path).await;
        assert!(
            !page.shows("圈梁") && !page.shows("核对台账") && !page.shows("第1小学"),
            "{path}"
        );
    }
    for path in [
        evidence.as_str(),
        acceptance.as_str(),
        "/rectifications/1",
        "/inspections/1",
    ] {
        assert_eq!(reporter.get(path).await.status, StatusCode::OK, "{path}");
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let no = stranger
        .post("/meetings/1/answer", &[("version", "0"), ("note", "好")])
        .await;
    assert_eq!(no.status, StatusCode::NOT_FOUND);
    let remove = format!("{acceptance}/remove");
    assert_eq!(stranger.post(&remove, &[]).await.status, StatusCode::NOT_FOUND);
    assert!(!reporter.post(&remove, &[]).await.shows(&photos.acceptance));
}

#[tokio::test]
async fn an_inspection_and_a_meeting_go_their_way_through_the_forms() {
    let (site, reporter) = site().await;
    let office = site.secretariat().await;
    let visit = [
        ("held_on", "2026-11-20"),
        ("place", "东昌府区"),
        ("inspectors", "秘书处"),
    ];
    let page = office.post("/inspections", &visit).await;
    assert_eq!(page.path, "/inspections/1");
    let mut finding = [
        ("code", "LC-2026-000001"),
        ("problem", "圈梁外露"),
        ("department", ""),
        ("deadline", ""),
    ];
    let page = office.post("/inspections/1/findings", &finding).await;
    assert!(page.shows("请填写整改期限"), "{}", page.text);
    finding[3].1 = "2026-11-28";
    assert!(office.post("/inspections/1/findings", &finding).await.shows("圈梁外露"));
    let home = reporter.get("/").await;
    assert!(
        home.shows("联合检查问题 1 的整改") && home.shows("2026年11月"),
        "{}",
        home.text
    );
    let fields = [("version", "0"), ("note", "已补浇")];
    let page = reporter
        .send_file("/rectifications/1/answer", &fields, "a.jpg", b"%PDF".to_vec())
        .await;
    assert!(
        page.status == StatusCode::UNPROCESSABLE_ENTITY && page.shows("PDF"),
        "{}",
        page.text
    );
    let page = reporter
        .send_file("/rectifications/1/answer", &fields, "a.jpg", jpeg(640, 480, 1))
        .await;
    assert!(page.shows("已整改待核"), "{}", page.text);
    let decision = [("version", "1"), ("note", "合格"), ("decision", "close")];
    assert!(office.post("/rectifications/1/decide", &decision).await.shows("已销号"));
    assert!(office.get("/inspections").await.shows("没有未销号的问题"));

    let item = [
        ("meeting_on", "2026-11-20"),
        ("meeting", "联席会议"),
        ("matter", "核对台账"),
        ("department", "JTJ"),
        ("deadline", "2026-11-30"),
    ];
    assert!(office.post("/meetings", &item).await.shows("待办理"));
    let page = reporter
        .post("/meetings/1/answer", &[("version", "0"), ("note", "已核对")])
        .await;
    assert!(page.shows("已办待核"));
    let decision = [("version", "0"), ("note", "属实"), ("decision", "close")];
    assert!(office.post("/meetings/1/decide", &decision).await.shows("新的进展"));
    let decision = [("version", "1"), ("note", "属实"), ("decision", "close")];
    assert!(office.post("/meetings/1/decide", &decision).await.shows("已办结"));
}

#[tokio::test]
async fn targets_periods_and_photos_are_kept_through_the_forms() {
    let (site, reporter) = site().await;
    let office = site.secretariat().await;
    let mut target = [
        ("year", "2026"),
        ("department", "JTJ"),
        ("category", "02"),
        ("county", "371502"),
        ("unit", "building"),
        ("amount", "十二"),
    ];
    assert!(office.post("/targets", &target).await.shows("目标须为数字"));
    target[5].1 = "12.5";
    assert!(office.post("/targets", &target).await.shows("12.5"));
    office.post("/review", &[("all", "yes"), ("decision", "approve")]).await;
    assert!(reporter.get("/targets").await.shows("12.5"));
    let query = "?year=2026&department=JTJ&category=02&county=371502";
    assert_eq!(
        reporter.get(&format!("/targets/not-counted{query}")).await.status,
        StatusCode::OK
    );
    assert_eq!(
        reporter
            .get("/targets/not-counted?year=1&department=&category=&county=")
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    let due = [("department", "JTJ"), ("since", "2026-12"), ("day", "10")];
    assert!(office.post("/periods", &due).await.shows("各部门"));
    assert!(reporter.get("/periods").await.shows("按时"));
    assert!(office.get("/periods?month=2026-11").await.shows("还有 2 天"));

    let zip = archive([
        ("JTJ-0001_施工.jpg", jpeg(640, 480, 7)),
        ("JTJ-7777_<b>.jpg", jpeg(640, 480, 8)),
    ]);
    let kind = [("kind", "construction")];
    let page = reporter.send_file("/photos", &kind, "照片.zip", zip).await;
    assert!(
        page.shows("收下 <strong>1</strong> 张") && page.shows("对不上"),
        "{}",
        page.text
    );
    assert!(!page.shows("7777_<b>"));
    assert!(
        reporter
            .send_file("/photos", &kind, "照片.zip", b"no".to_vec())
            .await
            .shows("不是 ZIP")
    );
    let page = reporter
        .send_file("/projects/LC-2026-000001/photos", &kind, "二.jpg", jpeg(640, 480, 9))
        .await;
    assert!(
        page.path == "/projects/LC-2026-000001" && page.shows("施工照片（2 张）"),
        "{}",
        page.text
    );
    let page = reporter
        .send_file("/projects/LC-2026-000001/photos", &kind, "二.jpg", b"GIF89a".to_vec())
        .await;
    assert!(page.shows("GIF"), "{}", page.text);
}

#[tokio::test]
async fn a_month_without_figures_has_no_board() {
    let (site, _) = site().await;
    let office = site.secretariat().await;
    for path in [
        "/progress?month=1999-01",
        "/progress?month=2030-01",
        "/bulletin?span=1999-01",
        "/bulletin?span=2030-03-q",
    ] {
        assert_eq!(office.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(office.get("/targets?month=1999-01").await.shows("还没有数据"));
    assert_eq!(
        office.get("/bulletin?span=2026-12-q").await.status,
        StatusCode::OK,
        "as it stands"
    );
}
