//! A registry in memory and a platform on loopback, under one clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use platform_simulator::{Settings, Simulator};
use retrofit_jobs::clock::Clock;
use retrofit_jobs::delivery::{SyncOptions, SyncOutcome, deliver};
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_jobs::store::{Op, Plain};

use crate::memory::Memory;

/// 2026-11-23T01:30:00+08:00
pub(crate) const NIGHT: i64 = 1_795_368_600_000;

pub(crate) struct World {
    pub(crate) store: Arc<Memory>,
    pub(crate) simulator: Simulator,
    pub(crate) clock: Clock,
    pub(crate) profile: Profile,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Clock::driven(NIGHT);
        let mut settings = settings(&clock);
        change(&mut settings);
        let simulator = Simulator::start(settings).await.unwrap();
        Self {
            store: Arc::default(),
            simulator,
            clock,
            profile: Profile::national_v1(),
        }
    }

    /// Approves the first revision of so many projects, numbered from 1.
    pub(crate) fn approve(&self, projects: usize) {
        for number in 1..=projects {
            self.store
                .approve(&code(number), 1, Op::Upsert, values(&format!("第{number}小学教学楼")));
        }
    }

    pub(crate) fn platform(&self) -> Platform {
        platform(&self.simulator.url(), &self.clock, self.profile.clone())
    }

    pub(crate) async fn sync(&self) -> SyncOutcome {
        self.sync_with(|_| {}).await
    }

    pub(crate) async fn sync_with(&self, change: impl FnOnce(&mut SyncOptions)) -> SyncOutcome {
        sync(&self.store, &self.platform(), change).await
    }

    /// What the platform took, in order: registry code and revision. No effect is there twice.
    pub(crate) fn effects(&self) -> Vec<(String, i64)> {
        let effects: Vec<_> = self
            .simulator
            .history()
            .unwrap()
            .into_iter()
            .map(|effect| (effect.source_id, effect.revision))
            .collect();
        let mut once = effects.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), effects.len(), "an effect was applied twice");
        effects
    }

    pub(crate) fn posts(&self) -> usize {
        self.simulator
            .requests()
            .iter()
            .filter(|request| request.method == "POST")
            .count()
    }
}

pub(crate) async fn sync(
    store: &Arc<Memory>,
    platform: &Platform,
    change: impl FnOnce(&mut SyncOptions),
) -> SyncOutcome {
    let mut options = SyncOptions::new("test", "tester");
    // under a driven clock a wait passes at once; few records need no crowd
    options.concurrency = 1;
    change(&mut options);
    let outcome = deliver(store.clone(), platform, options).await.unwrap();
    let sum: u64 = {
        let json = serde_json::to_value(&outcome).unwrap();
        let ends = [
            "accepted",
            "rejected",
            "unchanged",
            "stale",
            "pending",
            "unknown",
            "not_sent",
        ];
        ends.iter().map(|end| json[end].as_u64().unwrap()).sum()
    };
    assert_eq!(outcome.selected, sum, "the balance");
    outcome
}

pub(crate) fn settings(clock: &Clock) -> Settings {
    let clock = clock.clone();
    let mut settings = Settings::new("city-key", "hush");
    settings.clock = Arc::new(move || DateTime::<Utc>::from_timestamp_millis(clock.now()).unwrap());
    settings
}

pub(crate) fn platform(url: &str, clock: &Clock, profile: Profile) -> Platform {
    Platform::new(reach(url), profile, clock.clone()).unwrap()
}

/// How to reach a simulator with the settings above.
pub(crate) fn reach(url: &str) -> PlatformSettings {
    PlatformSettings {
        url: url.to_owned(),
        app_key: "city-key".into(),
        secret: "hush".into(),
        ca_file: None,
        proxy: None,
    }
}

pub(crate) fn code(number: usize) -> String {
    format!("LC-2026-{number:06}")
}

pub(crate) fn values(name: &str) -> BTreeMap<String, Plain> {
    let one = |text: &str| Plain::One(text.to_owned());
    [
        ("name", one(name)),
        ("category", one("02")),
        ("record_kind", one("1")),
        ("use", one("201")),
        ("county", one("371502")),
        ("township", one("371502002")),
        ("address", one("柳园路1号")),
        ("longitude", one("115.985432")),
        ("latitude", one("36.456")),
        ("structure_type", one("02")),
        ("floor_area_m2", one("3250.5")),
        ("built_date", one("1998-06")),
        ("intensity", one("7")),
        ("acceleration_g", one("0.15")),
        ("retrofit_methods", Plain::Many(vec!["01".into(), "05".into()])),
        ("service_life_years", one("30")),
        ("isolation", one("0")),
        ("stage", one("30")),
        ("start_date", one("2026-03-01")),
        ("completion_date", one("2026-10")),
        ("investment_planned", one("120.4550")),
        ("owner_unit", one("聊城市第一中学")),
    ]
    .into_iter()
    .map(|(field, value)| (field.to_owned(), value))
    .collect()
}
