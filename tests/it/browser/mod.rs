//! The pages in a real browser: the month's cycle as its people go through it, without scripts, on a narrow screen, by keyboard, and
//! under axe-core.

mod chrome;
mod paths;

use fantoccini::{Client, Locator};
use retrofit_registry::registry::people::Role;

use self::chrome::{DESK, PHONE, View};
use crate::web::{PASSWORD, Site, pages, roster, school};

/// What would show itself if a page took it for more than text.
const SCRIPT: &str = "<script>window.ran=true</script>\"><img src=x onerror='window.ran=true'>";

/// A person at a browser.
struct Person {
    client: Client,
    site: String,
}

impl Person {
    async fn at(site: &Site, name: &str, view: View) -> Option<Self> {
        let client = chrome::open(view).await?;
        let person = Self {
            client,
            site: format!("http://{}", site.address()),
        };
        person.go("/login").await;
        person.fill("#name", name).await;
        person.fill("#password", PASSWORD).await;
        person.click("main form button").await;
        // The head line names who is at work.
        let who = Locator::Css("form.who");
        person.client.wait().for_element(who).await.unwrap();
        Some(person)
    }

    async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.site)).await.unwrap();
    }

    async fn fill(&self, field: &str, text: &str) {
        let field = self.client.find(Locator::Css(field)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    async fn click(&self, what: &str) {
        let what = self.client.find(Locator::Css(what)).await.unwrap();
        what.click().await.unwrap();
    }

    async fn leave(self) {
        self.client.close().await.unwrap();
    }
}

#[tokio::test]
async fn every_page_is_sound_for_eyes_keys_and_readers_on_wide_and_narrow_screens() {
    let site = Site::new().await;
    let reporter = site.reporter("JTJ").await;
    let rows = [school(1), school(2).below_zonation(), school(3).without_owner()];
    let shown = reporter.upload("学校.csv", roster(&rows)).await;
    reporter.confirm(&shown, "场地资料已核对").await;
    let sound = reporter.upload("一.csv", roster(&[school(1)])).await;
    reporter.confirm(&sound, "").await;
    site.keep_ledgers();
    site.begin_run();
    let people = [
        (Role::Reporter, "jtj", reporter),
        (Role::Lead, "lead", site.officer("lead", Role::Lead, Some("JTJ")).await),
        (Role::Secretariat, "mishu", site.secretariat().await),
        (
            Role::Auditor,
            "shenji",
            site.officer("shenji", Role::Auditor, None).await,
        ),
        (
            Role::Administrator,
            "guanli",
            site.officer("guanli", Role::Administrator, None).await,
        ),
    ];
    let mut faults = Vec::new();
    for view in [DESK, PHONE] {
        for (role, name, browser) in &people {
            let Some(person) = Person::at(&site, name, view).await else {
                return;
            };
            for path in pages(*role) {
                assert!(browser.is_page(&path).await, "{path} {role:?}");
                person.go(&path).await;
                let found = chrome::serious_faults(&person.client).await;
                faults.extend(
                    found
                        .into_iter()
                        .map(|fault| format!("{path} {}px {fault}", view.width)),
                );
                let over = chrome::overhang(&person.client).await;
                if over > 0 {
                    faults.push(format!("{path} is {over} px wider than a window of {} px", view.width));
                }
            }
            person.leave().await;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
