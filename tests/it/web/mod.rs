//! The pages, through HTTP on loopback.

mod access;
mod accounts;
mod audit;
mod columns;
mod figures;
mod intake;
mod leaks;
mod ledgers;
mod login;
mod packages;
mod pages;

mod review;
mod watching;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Once;

use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, StatusCode};
use retrofit_jobs::clock::Clock;
use retrofit_registry::registry::Registry;
use retrofit_registry::registry::people::{self, NewPerson, Operator, Role};
use retrofit_registry::web::{self, routes};
use tokio::net::TcpListener;

use crate::support::{World, administrator};

/// What `add_user` is given, and what the officer makes of it.
const FIRST: &str = "Diyici-2026";
pub const PASSWORD: &str = "Jiagu-2026-x";

/// The pages of a registry of their own.
pub struct Site {
    world: World,
    address: SocketAddr,
}

/// A person's browser: it keeps cookies, follows redirects, and runs no scripts.
pub struct Browser {
    client: Client,
    address: SocketAddr,
}

/// A page as it came.
pub struct Page {
    status: StatusCode,
    path: String,
    text: String,
}

impl Site {
    pub async fn new() -> Self {
        Self::of(World::sqlite()).await
    }

    pub async fn of(world: World) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(web::serve(listener, world.registry.clone(), std::future::pending()));
        Self { world, address }
    }

    /// Lets days go by; every session has ended then.
    pub fn wait_days(&self, days: i64) {
        self.world.clock.shift(days * 86_400_000);
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn registry(&self) -> &Registry {
        &self.world.registry
    }

    /// The data folder; a browser may pick up files there, too.
    pub fn folder(&self) -> &Path {
        self.world.folder()
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }

    /// Somebody whom the administrator added.
    pub fn add(&self, name: &str, role: Role, department: Option<&str>) {
        let person = NewPerson {
            name,
            role,
            department,
            password: FIRST,
        };
        people::add_user(&self.world.registry, &administrator(), &person).unwrap();
    }

    /// A browser in which somebody with this role is at work.
    pub async fn officer(&self, name: &str, role: Role, department: Option<&str>) -> Browser {
        self.add(name, role, department);
        let operator = Operator::named(&self.world.registry, name).unwrap();
        people::change_password(&self.world.registry, &operator, FIRST, PASSWORD).unwrap();
        let browser = self.stranger();
        let page = browser.log_in(name, PASSWORD).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        browser
    }

    pub async fn reporter(&self, department: &str) -> Browser {
        self.officer(&department.to_lowercase(), Role::Reporter, Some(department))
            .await
    }

    pub async fn secretariat(&self) -> Browser {
        self.officer("mishu", Role::Secretariat, None).await
    }

    /// A browser in which nobody has logged in.
    pub fn stranger(&self) -> Browser {
        Browser {
            client: client().cookie_store(true).build().unwrap(),
            address: self.address,
        }
    }
}

/// What clients are made with.
pub fn client() -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Nothing here speaks TLS; the client wants to be able to.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().no_proxy()
}

impl Browser {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    async fn send(&self, request: RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        Page {
            status: answer.status(),
            path: answer.url().path().to_owned(),
            text: String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned(),
        }
    }

    /// Whether this address leads to a page, rather than to a file or an error.
    pub async fn is_page(&self, path: &str) -> bool {
        let answer = self.ask(Method::GET, path).send().await.unwrap();
        let kind = answer.headers().get(CONTENT_TYPE);
        let html = kind.is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"));
        answer.status() == StatusCode::OK && html
    }

    async fn get(&self, path: &str) -> Page {
        self.send(self.ask(Method::GET, path)).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        self.send(self.ask(Method::POST, path).form(form)).await
    }

    async fn log_in(&self, name: &str, password: &str) -> Page {
        self.post("/login", &[("name", name), ("password", password)]).await
    }

    /// Returns a project's revision, as the queue's form does.
    pub async fn give_back(&self, project: &str, reason: &str) {
        let form = [("project", project), ("ruling", "return"), ("reason", reason)];
        let page = self.post("/review", &form).await;
        assert!(page.shows("已退回 1 个工程"), "{}", page.text);
    }

    /// Sends a roster for November.
    pub async fn upload(&self, file_name: &str, bytes: Vec<u8>) -> Page {
        let file = Part::bytes(bytes).file_name(file_name.to_owned());
        let form = Form::new().text("period", "2026-11").part("file", file);
        self.send(self.ask(Method::POST, "/uploads").multipart(form)).await
    }

    /// Confirms what an upload's page shows, alarms ticked and every group of findings explained with these words.
    pub async fn confirm(&self, shown: &Page, explain: &str) -> Page {
        let path = format!("{}/commit", upload_of(&shown.path));
        let mut form = vec![("fingerprint", shown.hidden("fingerprint")), ("checked", "yes")];
        let groups = shown.groups();
        if !explain.is_empty() {
            form.extend(groups.iter().map(|group| (group.as_str(), explain)));
        }
        self.post(&path, &form).await
    }
}

/// What is taken away or streamed, rather than looked at.
const FILES: &[&str] = &[
    "/bulletin/{file}",
    "/static/{file}",
    "/projects/{code}/photos/{kind}/{sha256}",
    "/rectifications/{id}/photos/{sha256}",
    "/packages/{number}/file",
    "/templates/{department}",
    "/rosters/{department}",
    "/uploads/{id}/annotated",
    "/uploads/{id}/held",
    "/review/export",
    "/runs/live",
    "/metrics",
];

/// How pages are asked for beyond their bare addresses.
const WAYS: &[(&str, &[&str])] = &[
    ("/uploads/{id}", &["?again=1"]),
    ("/uploads/{id}/columns", &["?all=1"]),
    (
        "/review",
        &["?state=waiting", "?state=returned", "?state=approved&category=02"],
    ),
    ("/projects/{code}", &["?from=1&to=1"]),
    ("/projects", &["?stage=counted&unit=building&year=2026"]),
    ("/timeliness", &["?show=overdue"]),
    (
        "/quality/rows",
        &["?severity=error", "?department=%3Cscript%3E&code=%3Cscript%3E"],
    ),
    ("/bulletin", &["?span=2026-11-q"]),
    ("/reconciliation", &["?kind=missing"]),
    ("/runs/{run}", &["?verdict=rejected"]),
];

/// The addresses of every page that somebody with this role may open, with parameters that name what is there. A route that is new and has a
/// parameter without a value here fails.
pub fn pages(role: Role) -> Vec<String> {
    let open = routes()
        .into_iter()
        .filter(|route| route.method == Method::GET && route.access.allows(role));
    let looked_at = open.filter(|route| !FILES.contains(&route.path) && route.path != "/login");
    looked_at
        .flat_map(|route| {
            let path = route
                .path
                .replace("/projects/{code}", "/projects/LC-2026-000001")
                .replace("{code}", "S001")
                .replace("{id}", "1")
                .replace("{run}", "1")
                .replace("{department}", "JTJ");
            assert!(!path.contains('{'), "no value is known for the parameters of {path}");
            let bare = match &*path {
                "/targets/not-counted" => format!("{path}?year=2026&department=JTJ&category=02&county=371502"),
                _ => path.clone(),
            };
            let ways = WAYS
                .iter()
                .filter(|(of, _)| *of == route.path)
                .flat_map(|(_, ways)| *ways);
            let ways: Vec<String> = ways.map(|way| format!("{path}{way}")).collect();
            std::iter::once(bare).chain(ways)
        })
        .collect()
}

/// `/uploads/1` of any page below it.
fn upload_of(path: &str) -> String {
    path.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

impl Page {
    /// The scopes of the groups of findings that the page asks to be explained.
    fn groups(&self) -> Vec<String> {
        let fields = self.text.split("name=\"group:").skip(1);
        fields
            .filter_map(|rest| Some(format!("group:{}", rest.split_once('"')?.0)))
            .collect()
    }

    /// The value of a hidden field of the page's form.
    fn hidden(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self
            .text
            .split_once(&start)
            .unwrap_or_else(|| panic!("no {name} on {}", self.path));
        rest.split_once('"').unwrap().0
    }

    fn shows(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

/// The columns of [`roster`].
const HEADS: &str = "工程编号,工程名称,工程类别,工程性质,用途,产权单位,县（市、区）,乡镇（街道）,详细地址,结构类型,地上层数,建筑面积,\
                     抗震设防烈度,设计基本地震加速度,抗震设防类别,工程进度,备注";

/// A school in a roster.
#[derive(Clone)]
pub struct School {
    number: u32,
    name: String,
    owner: &'static str,
    acceleration: &'static str,
    area: &'static str,
}

/// A sound row.
pub fn school(number: u32) -> School {
    School {
        number,
        name: format!("第{number}小学教学楼"),
        owner: "聊城第一小学",
        acceleration: "0.15g",
        area: "3124.6",
    }
}

impl School {
    /// A row with an error: nobody owns it.
    pub fn without_owner(self) -> Self {
        Self { owner: "", ..self }
    }

    /// A row to confirm: below the zonation's acceleration.
    pub fn below_zonation(self) -> Self {
        Self {
            acceleration: "0.10g",
            ..self
        }
    }

    pub fn named(self, name: &str) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    pub fn with_area(self, area: &'static str) -> Self {
        Self { area, ..self }
    }
}

/// A roster as a csv file.
pub fn roster(schools: &[School]) -> Vec<u8> {
    let mut lines = vec![HEADS.to_owned()];
    lines.extend(schools.iter().map(|school| {
        let School {
            number,
            owner,
            acceleration,
            area,
            ..
        } = school;
        let name = school.name.replace('"', "\"\"");
        format!(
            "JTJ-{number:04},\"{name}\",学校,加固,教学楼,{owner},东昌府区,古楼街道,兴华路{number}号,砌体结构,4,{area},\
             7度,{acceleration},乙类,计划加固,"
        )
    }));
    lines.join("\n").into_bytes()
}
