//! Three months of a department and the secretariat, with workbooks as they are sent and a platform that takes them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::DateTime;
use platform_simulator::{Settings, Simulator};
use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_import::values::Canonical;
use retrofit_import::write;
use retrofit_jobs::delivery::{SyncOptions, SyncOutcome, deliver};
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_registry::registry::intake::{self, Alarm, Counts, Outcome, Preview, group_scope};
use retrofit_registry::registry::review::{self, Filter, Ruling, Selection};
use retrofit_registry::registry::{State, lists, projects};

use crate::support::rosters::{JTJ, code, counts};
use crate::support::{World, reporter, secretariat};

const ROWS: usize = 2000;
const MONTH: i64 = 30 * 24 * 60 * 60 * 1000;

type Values = BTreeMap<Field, Canonical>;

/// A sound project.
fn school(number: usize) -> Values {
    let pairs = [
        (Field::ProjectNo, format!("JTJ-{number:04}")),
        (Field::Name, format!("第{number}小学教学楼")),
        (Field::Category, "02".into()),
        (Field::RecordKind, "1".into()),
        (Field::Use, "201".into()),
        (Field::OwnerUnit, "聊城第一小学".into()),
        (Field::County, "371502".into()),
        (Field::Township, "371502001".into()),
        (Field::Address, format!("兴华路{number}号")),
        (Field::StructureType, "01".into()),
        (Field::FloorsAbove, "4".into()),
        (Field::FloorAreaM2, "3124.6".into()),
        (Field::Intensity, "7".into()),
        (Field::AccelerationG, "0.15".into()),
        (Field::FortificationClass, "B".into()),
        (Field::Stage, "10".into()),
    ];
    pairs
        .into_iter()
        .map(|(field, text)| (field, Canonical::One(text)))
        .collect()
}

fn set(values: &mut Values, field: Field, text: &str) {
    values.insert(field, Canonical::One(text.into()));
}

/// One department's dealings with a registry.
struct Department {
    world: World,
    files: u32,
}

impl Department {
    /// A workbook in the form of the template with these projects.
    fn workbook(&mut self, projects: &[Values]) -> PathBuf {
        self.files += 1;
        let path = self.world.folder().join(format!("清单{}.xlsx", self.files));
        let catalogue = &self.world.registry.catalogue;
        let rows = projects.iter().cloned().map(Ok::<_, Box<dyn std::error::Error>>);
        let out = File::create(&path).unwrap();
        write::roster(catalogue, catalogue.department(JTJ), rows, out).unwrap();
        path
    }

    /// Sends a file, and looks at what it would change.
    fn send(&self, period: &str, file: &Path, supplement: bool) -> Preview {
        let registry = &self.world.registry;
        let mut upload = intake::receive(registry, &reporter(JTJ), JTJ, period, "清单.xlsx", file).unwrap();
        intake::declare_supplement(registry, &reporter(JTJ), &mut upload, supplement).unwrap();
        intake::check(registry, &upload).unwrap();
        self.look(&upload)
    }

    fn look(&self, upload: &intake::Upload) -> Preview {
        let roster = intake::open(&self.world.registry, upload).unwrap();
        intake::preview(&self.world.registry, upload, roster, None).unwrap()
    }

    fn commit(&self, preview: &Preview) -> Counts {
        match intake::commit(&self.world.registry, &reporter(JTJ), preview).unwrap() {
            Outcome::Committed(counts) => counts,
            Outcome::Moved(_) => panic!("the registry has moved"),
        }
    }

    /// What the secretariat sees waiting, each with the number of fields that changed.
    fn queue(&self) -> Vec<(i64, usize)> {
        let waiting = Filter {
            state: Some(State::Pending),
            ..Filter::default()
        };
        let rows = review::list(&self.world.registry, &secretariat(), &waiting, 0, 5000).unwrap();
        let changes = lists::pending_changes(&self.world.registry, &rows).unwrap();
        rows.iter()
            .map(|row| (row.id, changes.get(&row.id).map_or(0, Vec::len)))
            .collect()
    }

    fn held(&self, preview: &Preview) -> usize {
        let (rows, _) = intake::held(&self.world.registry, &reporter(JTJ), preview.upload.id).unwrap();
        rows.iter().filter(|row| row.superseded_by.is_none()).count()
    }

    async fn deliver(&self, simulator: &Simulator) -> SyncOutcome {
        let settings = PlatformSettings {
            url: simulator.url(),
            app_key: "city".into(),
            secret: "secret".into(),
            ca_file: None,
            proxy: None,
        };
        let platform = Platform::new(settings, Profile::national_v1(), self.world.clock.clone()).unwrap();
        let options = SyncOptions::new("test", "nightly-sync");
        deliver(Arc::new(self.world.registry.clone()), &platform, options)
            .await
            .unwrap()
    }
}

#[test]
fn three_months() {
    for world in World::both() {
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(three_months_of(Department { world, files: 0 }));
    }
}

async fn three_months_of(mut department: Department) {
    let mut settings = Settings::new("city", "secret");
    let clock = department.world.clock.clone();
    settings.clock = Arc::new(move || DateTime::from_timestamp_millis(clock.now()).unwrap());
    let simulator = Simulator::start(settings).await.unwrap();

    let mut roster: Vec<Values> = (1..=ROWS).map(school).collect();
    first_month(&mut department, &mut roster, &simulator).await;
    department.world.clock.shift(MONTH);
    second_month(&mut department, &mut roster, &simulator).await;
    department.world.clock.shift(MONTH);
    third_month(&mut department, roster, &simulator).await;
    simulator.stop().await;
}

/// Template, mend, upload, explain, commit, return, mend, approve, deliver.
async fn first_month(department: &mut Department, roster: &mut [Values], simulator: &Simulator) {
    let template = department.workbook(&[]);
    let empty = department.send("2026-11", &template, false);
    assert_eq!(
        empty.counts(),
        Counts::default(),
        "the template's example is no project"
    );

    for values in &mut roster[..5] {
        values.remove(&Field::OwnerUnit);
    }
    for values in &mut roster[10..14] {
        set(values, Field::AccelerationG, "0.10");
    }
    let draft = department.workbook(roster);
    let draft = department.send("2026-11", &draft, false);
    let of_draft = draft.counts();
    assert_eq!((of_draft.new, of_draft.held, of_draft.to_confirm), (ROWS - 9, 9, 4));
    for values in &mut roster[..5] {
        set(values, Field::OwnerUnit, "聊城第一小学");
    }
    let mended = department.workbook(roster);
    let mended = department.send("2026-11", &mended, false);
    assert_eq!((mended.counts().held, mended.counts().to_confirm), (4, 4));

    let asked = &mended.roster.rows[10].findings;
    let asked = asked.iter().find(|finding| finding.severity == Severity::Confirm);
    let texts = [(group_scope(asked.unwrap()), "按 2015 年施工图".to_owned())];
    intake::explain(&department.world.registry, &reporter(JTJ), &mended.upload, &texts).unwrap();
    let explained = department.look(&mended.upload);
    let went_in = department.commit(&explained);
    assert_eq!(went_in, counts(|counts| (counts.rows, counts.new) = (ROWS, ROWS)));
    assert_eq!(department.queue().len(), ROWS);

    department.world.give_back(20, "面积与图纸不符");
    set(&mut roster[19], Field::FloorAreaM2, "3000");
    let one = department.workbook(&roster[19..20]);
    let one = department.send("2026-11", &one, true);
    assert_eq!(
        (one.counts().changed, one.not_listed().len(), one.alarms().len()),
        (1, 0, 0)
    );
    department.commit(&one);
    assert_eq!(department.world.approve_all(), ROWS);

    let outcome = department.deliver(simulator).await;
    assert_eq!(outcome.counts.accepted, ROWS as u64, "{outcome:?}");
    let record = projects::record(&department.world.registry, &reporter(JTJ), code(20)).unwrap();
    assert_eq!((record.project.revision, record.deliveries.len()), (2, 1));
}

/// Three changed rows of 2,000: the reviewer sees three. Five that are wrong come mended in a supplement.
async fn second_month(department: &mut Department, roster: &mut [Values], simulator: &Simulator) {
    for values in &mut roster[..3] {
        set(values, Field::Stage, "20");
    }
    for values in &mut roster[100..105] {
        set(values, Field::Stage, "20");
        values.remove(&Field::OwnerUnit);
    }
    let file = department.workbook(roster);
    let month = department.send("2026-12", &file, false);
    let of_month = month.counts();
    assert_eq!(
        (of_month.changed, of_month.held, of_month.unchanged, of_month.new),
        (3, 5, ROWS - 8, 0)
    );
    assert_eq!(of_month.to_confirm, 0, "what was explained before is not asked again");
    department.commit(&month);
    assert_eq!(department.queue(), [(1, 1), (2, 1), (3, 1)]);
    assert_eq!(department.held(&month), 5);

    for values in &mut roster[100..105] {
        set(values, Field::OwnerUnit, "聊城第一小学");
    }
    let supplement = department.workbook(&roster[100..105]);
    let supplement = department.send("2026-12", &supplement, true);
    assert_eq!((supplement.counts().changed, supplement.counts().held), (5, 0));
    department.commit(&supplement);
    assert_eq!(department.held(&month), 0, "the supplement clears what was held");
    assert_eq!(department.queue().len(), 8);
    assert_eq!(department.world.approve_all(), 8);
    let outcome = department.deliver(simulator).await;
    assert_eq!(outcome.counts.accepted, 8, "{outcome:?}");
}

/// A project changes its number; one that was entered in error is withdrawn.
async fn third_month(department: &mut Department, mut roster: Vec<Values>, simulator: &Simulator) {
    set(&mut roster[6], Field::ProjectNo, "JTJ-2027-0007");
    roster.remove(49);
    let file = department.workbook(&roster);
    let month = department.send("2027-01", &file, false);
    let of_month = month.counts();
    assert_eq!((of_month.changed, of_month.unchanged, of_month.new), (1, ROWS - 2, 0));
    assert_eq!(month.not_listed(), [code(50)]);
    assert!(!month.alarms().contains(&Alarm::ManyNotListed));
    department.commit(&month);
    projects::propose_withdrawal(&department.world.registry, &reporter(JTJ), &[code(50)], "重复登记").unwrap();
    assert_eq!(department.queue(), [(7, 1), (50, 0)]);
    let all = Selection::Matching(Filter::default());
    assert_eq!(department.world.decide(&all, Ruling::Approve).decided, 2);

    let outcome = department.deliver(simulator).await;
    assert_eq!(outcome.counts.accepted, 2, "{outcome:?}");
    let renamed = projects::record(&department.world.registry, &reporter(JTJ), code(7)).unwrap();
    assert_eq!(renamed.project.project_no.as_deref(), Some("JTJ-2027-0007"));
    assert_eq!(renamed.project.code().to_string(), "LC-2026-000007", "its code stays");
    let gone = projects::record(&department.world.registry, &reporter(JTJ), code(50)).unwrap();
    assert_eq!(gone.project.state, "withdrawn");
    let nothing_left = department.deliver(simulator).await;
    assert_eq!(nothing_left.selected, 0);
}
