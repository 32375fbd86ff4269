//! The OpenAPI 3.1 document, written from the routes and the types of their handlers.

use std::collections::BTreeMap;

use axum::http::Method;
use retrofit_jobs::store::Word as _;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::endpoint::Endpoint;
use super::problem::{Code, PROBLEM, Problem};
use crate::registry::people::Role;

const COMPONENTS: &str = "/components/schemas";

/// What a route takes and answers, in JSON Schema.
#[derive(Debug)]
pub(super) struct Described {
    path: Map<String, Value>,
    query: Map<String, Value>,
    required: Vec<String>,
    body: Option<Value>,
    answered: Option<Answered>,
}

/// What is answered where all goes well.
#[derive(Debug)]
pub(super) struct Answered {
    status: u16,
    content: Option<Value>,
    headers: Vec<&'static str>,
}

/// The schemas that routes have in common. Of a type that is read, a member may be left out that the same type, written, always has.
pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = COMPONENTS.into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }

    /// All of them, by name.
    fn named(mut self) -> BTreeMap<String, Value> {
        let mut named: BTreeMap<String, Value> = self.read.take_definitions(true).into_iter().collect();
        for (name, schema) in self.written.take_definitions(true) {
            let other = named.insert(name.clone(), schema.clone());
            debug_assert!(
                other.is_none_or(|other| other == schema),
                "two schemas are called {name}"
            );
        }
        named
    }
}

impl Described {
    pub(super) fn new<P: JsonSchema, Q: JsonSchema>(schemas: &mut Schemas) -> Self {
        let (path, _) = members(P::json_schema(&mut schemas.read).to_value());
        let (query, required) = members(Q::json_schema(&mut schemas.read).to_value());
        Self {
            path,
            query,
            required,
            body: None,
            answered: None,
        }
    }

    pub(super) fn takes_json<T: JsonSchema>(&mut self, schemas: &mut Schemas) {
        let schema = schemas.read.subschema_for::<T>();
        self.body = Some(json!({ "application/json": { "schema": schema } }));
    }

    pub(super) fn takes_file(&mut self) {
        self.body = Some(json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }));
    }

    pub(super) fn gives(&mut self, answered: Answered) {
        self.answered = Some(answered);
    }
}

impl Answered {
    pub(super) fn json<T: JsonSchema>(status: u16, schemas: &mut Schemas) -> Self {
        let schema = schemas.written.subschema_for::<T>();
        Self {
            status,
            content: Some(json!({ "application/json": { "schema": schema } })),
            headers: Vec::new(),
        }
    }

    pub(super) fn file(types: &[&str]) -> Self {
        let content: Map<String, Value> = types
            .iter()
            .map(|kind| {
                (
                    (*kind).to_owned(),
                    json!({ "schema": { "type": "string", "format": "binary" } }),
                )
            })
            .collect();
        Self {
            status: 200,
            content: Some(content.into()),
            headers: vec!["Content-Disposition"],
        }
    }

    pub(super) fn nothing() -> Self {
        Self {
            status: 204,
            content: None,
            headers: Vec::new(),
        }
    }

    pub(super) fn with_header(mut self, name: &'static str) -> Self {
        self.headers.push(name);
        self
    }
}

/// The members of an object's schema, and which are required.
fn members(schema: Value) -> (Map<String, Value>, Vec<String>) {
    let Value::Object(mut schema) = schema else {
        return (Map::new(), Vec::new());
    };
    let members = match schema.remove("properties") {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let required = schema.get("required").and_then(Value::as_array).map(|names| {
        let names = names.iter().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    });
    (members, required.unwrap_or_default())
}

const ABOUT: &str = "\
The registry of seismic-retrofit projects, for programs.

**Tokens.** A person issues a token on the page `/tokens`, an operator with `retrofit token issue`. It is sent as `Authorization: Bearer …`, \
acts in that person's name, and never may more than he or she; its scopes (`read`, `send`, `review`, `administer`) narrow it further. There \
are no cookies here.

**Lists** come in parts: `items`, and `next`, which is the `cursor` of the part that follows, null at the end. A cursor is opaque. The order is \
by key, so that nothing is left out or told twice when lines are added meanwhile.

**Changes of one resource** name the form that was seen: `If-Match` with the `ETag` of its `GET`. Without: 428; where it is no longer so: 412.

**Repeating.** Each POST takes an `Idempotency-Key`. Repeated with the same key by the same person within seven days, it is not done again and \
gets the first answer; another request under that key gets 422, one that is still being worked on 409.

**Problems** are RFC 9457, with a stable `code`; `/api/v1/problems` lists them. `detail` is for people, in Chinese.

**Values.** Decimals are text. Dates are text as precise as they were written (`2026`, `2026-11`, `2026-11-23`). Instants are RFC 3339. Months are \
`YYYY-MM`. Codes are those of `/codes` and `/divisions`.";

/// The document.
pub fn document() -> Value {
    let endpoints = super::routes::endpoints();
    let (mut paths, mut schemas) = (BTreeMap::<String, Map<String, Value>>::new(), Schemas::new());
    let problem = schemas.written.subschema_for::<Problem>();
    for endpoint in &endpoints {
        let described = (endpoint.describe)(&mut schemas);
        let method = endpoint.method.as_str().to_ascii_lowercase();
        paths
            .entry(format!("/api/v1{}", endpoint.path))
            .or_default()
            .insert(method, operation(endpoint, &described));
    }
    let problem_content = json!({ PROBLEM: { "schema": problem } });
    let mut problems = Map::new();
    for code in Code::ALL {
        let of_status = Code::ALL.iter().filter(|other| other.status() == code.status());
        let told: Vec<String> = of_status
            .map(|code| format!("`{}` {}", code.word(), code.title()))
            .collect();
        let mut response = json!({ "description": told.join("; "), "content": problem_content });
        if code == Code::Unauthenticated {
            response["headers"] = json!({ "WWW-Authenticate": text_header() });
        }
        problems.insert(code.status().as_str().to_owned(), response);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "聊城市抗震加固工程登记接口",
            "description": ABOUT,
            "version": "1",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas.named(),
            "responses": problems,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn text_header() -> Value {
    json!({ "schema": { "type": "string" } })
}

fn operation(endpoint: &Endpoint, described: &Described) -> Value {
    let mut responses = Map::new();
    if let Some(answered) = &described.answered {
        let mut response = json!({ "description": "Done" });
        if let Some(content) = &answered.content {
            response["content"] = content.clone();
        }
        if !answered.headers.is_empty() {
            let headers = answered.headers.iter().map(|name| ((*name).to_owned(), text_header()));
            response["headers"] = headers.collect::<Map<_, _>>().into();
        }
        responses.insert(answered.status.to_string(), response);
    }
    for status in problems_of(endpoint, described) {
        let reference = format!("#/components/responses/{status}");
        responses.insert(status.to_string(), json!({ "$ref": reference }));
    }
    let who = endpoint.roles.map_or_else(
        || "For everybody, without a token.".to_owned(),
        |roles| {
            let roles: Vec<&str> = roles.iter().map(|role: &Role| role.word()).collect();
            format!("For: {}. Scope: `{}`.", roles.join(", "), endpoint.scope.word())
        },
    );
    let mut operation = json!({
        "operationId": name_of(endpoint),
        "summary": endpoint.summary,
        "description": who,
        "tags": [tag_of(endpoint)],
        "parameters": parameters(endpoint, described),
        "responses": responses,
        "security": match endpoint.roles {
            Some(_) => json!([{ "token": [] }]),
            None => json!([]),
        },
    });
    if let Some(content) = &described.body {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

/// The statuses of the problems that a route may answer.
fn problems_of(endpoint: &Endpoint, described: &Described) -> Vec<u16> {
    let changes = endpoint.method != Method::GET;
    let guarded = endpoint.roles.is_some();
    let statuses = [
        // Any address may be asked with a query that it does not know.
        (400, true),
        (401, guarded),
        (403, guarded),
        (404, true),
        (409, endpoint.conflicting),
        (412, endpoint.matching),
        (413, changes),
        (415, described.body.is_some()),
        (422, guarded),
        (428, endpoint.matching),
        (500, true),
    ];
    statuses
        .into_iter()
        .filter_map(|(status, may)| may.then_some(status))
        .collect()
}

fn parameters(endpoint: &Endpoint, described: &Described) -> Vec<Value> {
    let place = |place: &'static str, members: &Map<String, Value>, required: &dyn Fn(&str) -> bool| {
        let one = |(name, schema): (&String, &Value)| {
            let mut schema = schema.clone();
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            if place == "query" {
                only_present(&mut schema);
            }
            let mut parameter = json!({ "name": name, "in": place, "required": required(name), "schema": schema });
            if let Some(description) = description {
                parameter["description"] = description;
            }
            parameter
        };
        members.iter().map(one).collect::<Vec<_>>()
    };
    let mut parameters = place("path", &described.path, &|_| true);
    let required = |name: &str| described.required.iter().any(|required| required == name);
    parameters.extend(place("query", &described.query, &required));
    let header = |name: &str, description: &str| json!({ "name": name, "in": "header", "required": false, "description": description, "schema": { "type": "string" } });
    if endpoint.matching {
        parameters.push(header("If-Match", "The `ETag` of the resource as it was seen."));
    }
    if endpoint.matching && endpoint.method == Method::PUT {
        parameters.push(header("If-None-Match", "`*` for a resource that is not there yet."));
    }
    if endpoint.keyed {
        parameters.push(header(
            "Idempotency-Key",
            "Chosen by the client, 1 to 200 characters: repeated with it, the request is done once.",
        ));
    }
    parameters
}

/// A parameter that need not be given is left out, never null.
fn only_present(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(kinds)) = object.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = &kinds[..] {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
        forms.retain(|form| form.get("type") != Some(&json!("null")));
        if let [only] = &forms[..] {
            *schema = only.clone();
        }
    }
}

/// `get_projects_code_revisions`.
fn name_of(endpoint: &Endpoint) -> String {
    let method = endpoint.method.as_str().to_ascii_lowercase();
    let path = endpoint.path.replace(['{', '}'], "").replace(['/', '-', '.'], "_");
    format!("{method}{path}")
}

/// The first part of the path.
fn tag_of(endpoint: &Endpoint) -> &str {
    endpoint
        .path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default()
}
