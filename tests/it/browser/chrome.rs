//! Debian's Chromium, driven by its ChromeDriver: one driver per test process, one browser with an empty profile per test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, json};

struct Driver {
    address: String,
    /// Keeps the shell's input open for as long as this process lives.
    _shell: Child,
}

/// How a page is looked at.
#[derive(Clone, Copy)]
pub struct View {
    pub width: u32,
    pub height: u32,
    /// Whether scripts run.
    pub scripts: bool,
}

/// An office computer.
pub const DESK: View = View {
    width: 1280,
    height: 900,
    scripts: true,
};

/// The narrowest screen that the pages are made for.
pub const PHONE: View = View {
    width: 360,
    height: 740,
    scripts: true,
};

/// A browser; `None`, and said so, where there is none. With `RETROFIT_REQUIRE_BROWSER=1` that is a failure.
pub async fn open(view: View) -> Option<Client> {
    static DRIVER: OnceLock<Option<Driver>> = OnceLock::new();
    let Some(driver) = DRIVER.get_or_init(start) else {
        assert!(
            std::env::var("RETROFIT_REQUIRE_BROWSER").as_deref() != Ok("1"),
            "a browser is required, and PATH has no chromium and chromedriver"
        );
        // Past the harness, which hides what a passing test prints.
        let told = b"skipped in a browser: this machine has no chromium and chromedriver\n";
        std::io::stderr().write_all(told).unwrap();
        return None;
    };
    let View { width, height, scripts } = view;
    let mut options = json!({
        "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--lang=zh-CN",
            format!("--window-size={width},{height}"),
        ],
        "prefs": { "profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 } },
    });
    // No window of a desktop is as narrow as a telephone; its screen is pretended.
    if width < 600 {
        options["mobileEmulation"] =
            json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0 } });
    }
    let capabilities = Map::from_iter([("goog:chromeOptions".to_owned(), options)]);
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&driver.address)
        .await;
    Some(client.unwrap())
}

/// Runs axe-core on the page, where `RETROFIT_AXE` names its script: what it calls serious or critical, a line each.
pub async fn serious_faults(client: &Client) -> Vec<String> {
    let Ok(path) = std::env::var("RETROFIT_AXE") else {
        return Vec::new();
    };
    let axe = std::fs::read_to_string(path).unwrap();
    client.execute(&axe, Vec::new()).await.unwrap();
    let run = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations
            .filter((fault) => ['serious', 'critical'].includes(fault.impact))
            .flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html.slice(0, 160)}`))));";
    let found = client.execute_async(run, Vec::new()).await.unwrap();
    let lines = found.as_array().unwrap().iter();
    lines.map(|line| line.as_str().unwrap_or_default().to_owned()).collect()
}

/// How far the page is wider than its window, in pixels.
pub async fn overhang(client: &Client) -> i64 {
    let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
    client
        .execute(script, Vec::new())
        .await
        .unwrap()
        .as_i64()
        .unwrap_or_default()
}

const SCRIPT: &str = "
set -eu
chromedriver --port=0 &
driver=$!
trap 'kill $driver 2>/dev/null || true' EXIT
cat >/dev/null
";

fn start() -> Option<Driver> {
    let there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).exists())
    };
    if !there("chromium") || !there("chromedriver") {
        return None;
    }
    let mut shell = Command::new("sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(shell.stdout.take().unwrap()).lines();
    // "ChromeDriver was started successfully on port 40123."
    let port = words.find_map(|line| {
        let line = line.unwrap();
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse::<u16>().ok()
    });
    // What it says later must not meet a closed pipe.
    std::thread::spawn(move || words.for_each(drop));
    Some(Driver {
        address: format!("http://127.0.0.1:{}", port.unwrap()),
        _shell: shell,
    })
}
