//! The fault points: the process really dies there, and no further.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::Arc;

use platform_simulator::{Settings, Simulator};
use retrofit_jobs::clock::Clock;
use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::Op;

use crate::memory::Memory;
use crate::world::{code, platform, sync, values};

const URL: &str = "RETROFIT_TEST_PLATFORM";

/// Not a test by itself: the process that [`each_point_kills_where_it_says`] starts and that dies.
#[tokio::test]
#[ignore = "the victim of the test below"]
async fn victim() {
    let url = std::env::var(URL).unwrap();
    let store = Arc::<Memory>::default();
    store.approve(&code(1), 1, Op::Upsert, values("教学楼"));
    sync(
        &store,
        &platform(&url, &Clock::system(), Profile::national_v1()),
        |_| {},
    )
    .await;
}

#[tokio::test]
async fn each_point_kills_where_it_says() {
    for (fault, dies, posts, asks) in [
        ("after-claimed", true, 0, 0),
        ("after-key-stored", true, 0, 0),
        ("after-sent", true, 1, 0),
        ("after-taken", true, 1, 0),
        ("after-receipt", true, 1, 1),
        ("before-finish", true, 1, 1),
        ("after-sent:2", false, 1, 1),
        ("nowhere", false, 1, 1),
    ] {
        let simulator = Simulator::start(Settings::new("city-key", "hush")).await.unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["killed::victim", "--exact", "--ignored"]);
        command.env("RETROFIT_FAULT", fault).env(URL, simulator.url());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        assert_eq!(output.status.signal() == Some(9), dies, "{fault}: {output:?}");
        assert_eq!(output.status.success(), !dies, "{fault}: {output:?}");
        let count = |method| {
            simulator
                .requests()
                .iter()
                .filter(|request| request.method == method)
                .count()
        };
        assert_eq!((count("POST"), count("GET")), (posts, asks), "{fault}");
        assert_eq!(simulator.history().unwrap().len(), posts, "{fault}");
    }
}
