//! Every figure of a board leads to the list behind it, and the list has as many lines as the figure says.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use platform_simulator::{Endpoint, Fault, FaultKind};
use reqwest::StatusCode;
use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_jobs::delivery::{SyncOptions, deliver};
use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::{PhotoFate, PhotoKind, PhotoStore as _};
use retrofit_registry::registry::intake;
use retrofit_registry::registry::people::Role;
use retrofit_registry::registry::settings;
use retrofit_registry::registry::targets::{self, Scope};
use retrofit_registry::registry::{photos, projects};

use super::{Browser, Page, Site};
use crate::support::pictures::jpeg;
use crate::support::rosters::{Line, code, roster, school};
use crate::support::{World, administrator, reporter, secretariat};

const DAY: i64 = 86_400_000;

/// Figures without a list behind them: the page, the head of the column or of the row, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("/quality", "每百行", "a ratio"),
    ("/quality", "每百行的问题", "a ratio"),
    ("/targets", "目标", "what was set, not what was counted"),
    ("/runs", "应报", "the sum of its row, whose parts lead on"),
    ("/runs", "批次", "requests, not records"),
];

/// What stands in a table's cell or among the figures at a page's head.
#[derive(Debug)]
struct Cell {
    row: String,
    head: String,
    text: String,
    link: Option<String>,
}

fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut tag = false;
    for letter in html.chars() {
        match letter {
            '<' => tag = true,
            '>' => tag = false,
            _ if !tag => text.push(letter),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands between `open …>` and `close`, one after another.
fn between<'a>(html: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(open).skip(1).filter_map(move |rest| {
        let (_, rest) = rest.split_once('>')?;
        Some(rest.split_once(close)?.0)
    })
}

impl Page {
    fn cells(&self) -> Vec<Cell> {
        let cell = |row: &str, head: &str, html: &str| Cell {
            row: row.into(),
            head: head.into(),
            text: plain(html),
            link: html.split_once("<a href=\"").map(|(_, rest)| {
                rest.split('"')
                    .next()
                    .unwrap()
                    .replace("&amp;", "&")
                    .replace("&#38;", "&")
            }),
        };
        let main = self.text.split_once("<main").unwrap().1;
        let mut cells = Vec::new();
        for part in between(main, "<dt", "</div>") {
            let (head, rest) = part.split_once("</dt>").unwrap();
            cells.extend(between(rest, "<dd", "</dd>").map(|html| cell("", head, html)));
        }
        for table in between(main, "<table", "</table>") {
            let (head, body) = table.split_once("</thead>").unwrap();
            let heads: Vec<String> = between(head, "<th ", "</th>").map(plain).collect();
            for row in between(body, "<tr", "</tr>") {
                let first = usize::from(row.contains("scope=\"row\""));
                let values = between(row, "<td", "</td>").zip(&heads[first..]);
                let label = between(row, "<th ", "</th>").next().map(plain).unwrap_or_default();
                cells.extend(values.map(|(html, head)| cell(&label, head, html)));
            }
        }
        cells
    }

    /// The lines of the list that an address leads to: of the section that it names, or of the page's first table.
    fn lines(&self, address: &str) -> usize {
        let main = self.text.split_once("<main").unwrap().1;
        let from = match address.split_once('#') {
            Some((_, id)) => main.split_once(&format!("id=\"{id}\"")).unwrap().1,
            None => main,
        };
        let body = between(from, "<tbody", "</tbody>").next();
        body.map_or(0, |body| body.matches("<tr").count())
    }
}

/// Whether this is a figure, with or without its unit.
fn is_figure(text: &str) -> bool {
    let bare = text.replace(['（', '）', '个', '天', '行', '次', '栋', '/', ' ', ',', '.', '%'], "");
    !bare.is_empty() && bare.chars().all(|letter| letter.is_ascii_digit())
}

fn is_nothing(text: &str) -> bool {
    !text.chars().any(|letter| ('1'..='9').contains(&letter))
}

impl Browser {
    /// Follows the link of a figure; in words what is wrong with where it leads.
    async fn follow(&self, cell: &Cell) -> Option<String> {
        let link = cell.link.as_deref().unwrap();
        let page = self.get(link).await;
        if page.status != StatusCode::OK {
            return Some(format!("leads to {}", page.status));
        }
        let of = |prefix: &str| link.starts_with(prefix);
        let told = plain(page.text.split_once("<main").unwrap().1);
        let lines = page.lines(link);
        let right = if let Some((amount, projects)) = cell
            .text
            .split_once([' ', '（'])
            .filter(|_| cell.text.ends_with(['个', '）']) && !cell.text.contains('%'))
        {
            let projects = projects.trim_end_matches([' ', '个', '）']);
            if projects.is_empty() {
                lines.to_string() == amount
            } else {
                lines.to_string() == projects && told.contains(&format!("规模 {amount} 栋"))
            }
        } else if cell.text.contains('.') && of("/projects") {
            // Money: the sums of the list.
            let mut sums = cell.text.trim_end_matches("万元").split('/').map(str::trim);
            sums.all(|sum| told.contains(&format!("{sum} 万元")))
        } else if of("/uploads/") {
            // What the upload's last commit did.
            let told_as = if cell.head == "没变" {
                "没变化"
            } else {
                &*cell.head
            };
            told.contains(&format!("{told_as} {} 个", cell.text))
        } else if of("/projects/LC-") {
            // How long one project has waited.
            true
        } else if of("/targets?month") {
            told.contains(&cell.text)
        } else if of("/quality/uploads") {
            lines.to_string() == cell.text || told.contains(&format!("检查 {} 行", cell.text))
        } else {
            let figure: String = cell.text.chars().take_while(char::is_ascii_digit).collect();
            let head = !of("/projects") && !of("/review") && !of("/quality") && !of("/runs")
                || told.contains(&format!("{figure} 个"))
                || told.contains(&format!("{figure} 处"));
            head && lines.to_string() == figure
        };
        (!right).then(|| format!("leads to {link} with {lines} lines: {told}"))
    }

    /// What is wrong with the figures of a page, and how many were followed.
    async fn check(&self, path: &str, wrong: &mut Vec<String>, used: &mut BTreeSet<usize>) -> usize {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let mut followed = 0;
        for mut cell in page.cells() {
            if let Some(place) = cell.link.as_mut().filter(|link| link.starts_with('#')) {
                place.insert_str(0, path);
            }
            let Cell { row, head, text, link } = &cell;
            if !is_figure(text) || is_nothing(text) || text.ends_with('%') && link.is_none() {
                continue;
            }
            if link.is_some() {
                followed += 1;
                wrong.extend(
                    self.follow(&cell)
                        .await
                        .map(|fault| format!("{path}: {head} {text} {fault}")),
                );
                continue;
            }
            let excepted = EXCEPTIONS.iter().position(|(page, of, _)| {
                let page_is = *page == path || Some(*page) == path.split('?').next();
                page_is && (of.is_empty() || of == head || of == row)
            });
            match excepted {
                Some(at) => drop(used.insert(at)),
                None => wrong.push(format!("{path}: {head} {text} leads nowhere")),
            }
        }
        followed
    }
}

impl World {
    fn import_as(&self, department: &str, period: &str, lines: impl IntoIterator<Item = Line>) {
        let officer = reporter(department);
        let bytes = format!("{department} {period} {}", self.clock.now());
        let upload = self.receive_as(&officer, department, period, &bytes).unwrap();
        let preview = intake::preview(&self.registry, &upload, roster(lines), None).unwrap();
        intake::commit(&self.registry, &officer, &preview).unwrap();
    }
}

fn building(row: u32, stage: &str) -> Line {
    school(row)
        .with(Field::Stage, stage)
        .with(Field::ScaleValue, "1.5")
        .with(Field::ScaleUnit, "building")
        .with(Field::InvestmentDone, "100.25")
        .with(Field::CompletionDate, "2026-06")
}

/// Something behind every board's figures: two departments, one with a lead; two months; each state and stage; a target; two deliveries.
async fn filled() -> Site {
    let world = World::sqlite();
    settings::set_lead_review(&world.registry, &administrator(), "WJW", true).unwrap();
    let schools = [
        building(1, "10"),
        building(2, "20"),
        building(3, "30"),
        building(4, "40"),
        building(5, "50"),
        building(6, "50").with(Field::CompletionDate, "2025-06"),
        building(7, "90"),
        building(8, "30").with(Field::ScaleUnit, "m2"),
        building(9, "40").without(Field::CompletionDate),
        school(10).found_by("S001", Severity::Error),
        school(11)
            .found_by("V005", Severity::Hint)
            .with(Field::County, "371502"),
        school(12).found_by("D004", Severity::Confirm).explained("是另一栋"),
    ];
    world.import_as("JTJ", "2026-10", schools);
    world.approve_all();
    world.clock.shift(9 * DAY);
    let (simulator, platform) = world.platform(Profile::national_v1()).await;
    let reject = FaultKind::Reject {
        field: "dz".into(),
        code: "address_unclear".into(),
        message: "不够具体".into(),
    };
    let busy = FaultKind::Answer {
        status: 429,
        retry_after: Some(7200),
    };
    // The first run is too late, the second gets no receipts, the third all but one, one of them a rejection, and the fourth that one.
    let faults = [
        Fault::once(busy).at(Endpoint::ReadBatch),
        Fault::once(reject).holding("LC-2026-000003"),
        Fault::once(FaultKind::MissingReceipts).holding("LC-2026-000004"),
    ];
    for fault in faults {
        simulator.inject(fault);
    }
    for run in 1..=4 {
        let options = SyncOptions {
            window_end: (run == 1).then(|| world.clock.now()),
            wait: Duration::ZERO,
            ..SyncOptions::new("test", "tester")
        };
        let store = Arc::new(world.registry.clone());
        let counts = deliver(store, &platform, options).await.unwrap().counts;
        let open = [counts.not_sent, counts.pending, counts.unknown, counts.settled()];
        let expected = [[11, 0, 0, 0], [0, 11, 0, 0], [0, 0, 1, 10], [0, 0, 0, 1]];
        assert_eq!(open, expected[run - 1], "run {run}");
    }
    let hospitals = (21..=24).map(|row| school(row).with(Field::Category, "03"));
    let held = school(25).found_by("S001", Severity::Error);
    world.import_as("WJW", "2026-12", hospitals.chain([held]));
    world.import_as("JTJ", "2026-12", [building(1, "30"), school(13), school(14)]);
    world.give_back(16, "请核实");
    let scope = Scope {
        year: 2026,
        department: "JTJ",
        category: "02",
        county: "371571",
    };
    targets::set(&world.registry, &secretariat(), scope, ("building", 1000), None).unwrap();
    for number in 1..=4 {
        let photo = vec![(format!("{number}.jpg"), jpeg(64, 48, number))];
        photos::add(
            &world.registry,
            &reporter("JTJ"),
            code(1),
            PhotoKind::Construction,
            photo,
        )
        .unwrap();
    }
    for (photo, fate) in [(1, PhotoFate::Delivered), (2, PhotoFate::Refused("模糊".into()))] {
        world.registry.settle_photo(photo, &fate, world.clock.now()).unwrap();
    }
    // The 27th of December: who has sent nothing is late.
    world.clock.shift(25 * DAY);
    Site::of(world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_a_board_leads_to_the_list_behind_it() {
    let site = filled().await;
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let mut followed = 0;
    let browsers = [
        (site.secretariat().await, true),
        (site.officer("shenji", Role::Auditor, None).await, true),
        (site.reporter("JTJ").await, false),
        (site.officer("wjw", Role::Lead, Some("WJW")).await, false),
    ];
    for (browser, sees_all) in &browsers {
        for path in [
            "/periods",
            "/periods?month=2026-11",
            "/quality",
            "/targets",
            "/targets?month=2026-12",
            "/photos",
            "/photos?state=sent",
        ] {
            followed += browser.check(path, &mut wrong, &mut used).await;
        }
        if browser.get("/").await.path == "/" {
            followed += browser.check("/", &mut wrong, &mut used).await;
        }
        let boards = [
            "/progress",
            "/progress?month=2026-11",
            "/timeliness",
            "/timeliness?month=2026-10",
            "/timeliness/JTJ",
            "/timeliness/WJW",
            "/quality?month=2026-10",
            "/runs",
            "/runs/1",
            "/runs/2",
            "/runs/3",
        ];
        for path in boards.iter().filter(|_| *sees_all) {
            followed += browser.check(path, &mut wrong, &mut used).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(followed > 200, "{followed}");
    let unused = EXCEPTIONS.iter().enumerate().filter(|(at, _)| !used.contains(at));
    let unused: Vec<_> = unused.map(|(_, exception)| exception).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_a_month_that_is_over_lead_to_the_projects_as_they_were() {
    for world in World::both() {
        let office = secretariat();
        let lines = (1..=4)
            .map(|row| building(row, "30"))
            .chain([school(5).with(Field::Category, "03")]);
        world.import_as("JTJ", "2026-11", lines);
        world.approve_all();
        let scope = Scope {
            year: 2026,
            department: "JTJ",
            category: "02",
            county: "371571",
        };
        targets::set(&world.registry, &office, scope, ("building", 1000), None).unwrap();
        world.import_as("WJW", "2026-11", [school(11)]);
        world.clock.shift(12 * DAY);
        // December: one is finished, one is withdrawn, one that was sent in November is approved, one is new, and one takes a scale.
        projects::propose_withdrawal(&world.registry, &reporter("JTJ"), &[code(2)], "误报").unwrap();
        world.import_as("JTJ", "2026-12", [building(1, "50"), building(6, "30")]);
        world.approve_all();
        let site = Site::of(world).await;
        let browser = site.secretariat().await;
        let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
        let mut followed = 0;
        for path in [
            "/progress?month=2026-11",
            "/progress",
            "/targets?month=2026-11",
            "/targets",
        ] {
            followed += browser.check(path, &mut wrong, &mut used).await;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(followed > 60, "{followed}");

        let board = browser.get("/progress?month=2026-11").await;
        let all = board
            .cells()
            .into_iter()
            .find(|cell| cell.head == "已审核的工程")
            .unwrap();
        assert_eq!(
            (&*all.text, all.link.as_deref()),
            ("5", Some("/projects?month=2026-11&stage=counted"))
        );
        let list = browser.get("/projects?month=2026-11&stage=counted").await;
        assert!(list.text.contains("<h1>2026年11月底的工程清单</h1>"), "{}", list.text);
        let codes = |page: &Page| -> Vec<i64> {
            (1..=7)
                .filter(|id| page.text.contains(&code(*id).to_string()))
                .collect()
        };
        assert_eq!(
            codes(&list),
            [1, 2, 3, 4, 5],
            "neither what was approved later nor what came later"
        );
        assert!(
            !list.text.contains("<td data-head=\"进度\">已竣工验收</td>"),
            "as it was then"
        );
        assert_eq!(codes(&browser.get("/projects?stage=counted").await), [1, 3, 4, 5, 6, 7]);
        let before = browser.get("/projects?month=2020-01").await;
        assert!(before.text.contains("没有留下2020年1月底的数据"), "{}", before.text);
        assert_eq!(
            browser.get("/projects?month=2026-13").await.status,
            StatusCode::NOT_FOUND
        );

        let department = site.reporter("WJW").await;
        for path in ["/projects?month=2026-11", "/projects?month=2026-11&department=JTJ"] {
            assert_eq!(codes(&department.get(path).await), [0; 0], "{path}");
        }
    }
}
