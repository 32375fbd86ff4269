//! The interface for programs, through HTTP on loopback.

mod access;
mod answers;
mod changes;
mod client;
mod delivery;
mod document;
mod operators;
mod repeats;
mod whole;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use retrofit_registry::registry::people::Role;
use retrofit_registry::registry::tokens::{self, Scope, Wanted};
use serde_json::Value;

use crate::support::administrator;
use crate::web::{Site, client as http};

/// A program with a token, or without one.
pub struct Program {
    client: Client,
    site: String,
    pub secret: Option<String>,
}

/// What it was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, which is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The problem's code, where it is one.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Program {
    pub fn new(site: &Site, secret: Option<String>) -> Self {
        Self::at(&format!("http://{}/", site.address()), secret)
    }

    /// Of the site at an address.
    fn at(site: &str, secret: Option<String>) -> Self {
        Self {
            client: http().build().unwrap(),
            site: format!("{site}api/v1"),
            secret,
        }
    }

    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.site));
        match &self.secret {
            Some(secret) => request.bearer_auth(secret),
            None => request,
        }
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.ask(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.ask(Method::POST, path).json(body)).await
    }

    /// A change of a resource that was read from `from`.
    pub async fn change(&self, method: Method, path: &str, from: &str, body: &Value) -> Answer {
        let seen = self.get(from).await;
        let request = self.ask(method, path).header("If-Match", seen.header("etag"));
        self.send(request.json(body)).await
    }

    /// Sends a roster for November.
    pub async fn upload(&self, bytes: Vec<u8>) -> Answer {
        let path = "/uploads?department=JTJ&period=2026-11&file_name=a.csv";
        let request = self.ask(Method::POST, path);
        self.send(request.header(CONTENT_TYPE, "application/octet-stream").body(bytes))
            .await
    }

    /// Confirms what an upload's preview shows.
    pub async fn commit(&self, upload: i64) -> Answer {
        let preview = self.get(&format!("/uploads/{upload}/preview")).await.json();
        let body = serde_json::json!({ "fingerprint": preview["fingerprint"], "checked": true });
        self.post(&format!("/uploads/{upload}/commit"), &body).await
    }
}

impl Site {
    /// The secret of a token for somebody who is there.
    pub fn token(&self, name: &str, scopes: &[Scope]) -> String {
        let wanted = Wanted {
            person: name,
            label: "测试",
            scopes,
            days: 30,
        };
        let issued = tokens::issue(self.registry(), &administrator(), &wanted);
        issued.unwrap().secret
    }

    /// A program that acts for somebody new, with all that the role may do.
    pub fn program(&self, name: &str, role: Role, department: Option<&str>) -> Program {
        self.add(name, role, department);
        let secret = self.token(name, tokens::scopes_of(role));
        Program::new(self, Some(secret))
    }
}
