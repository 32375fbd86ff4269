//! Every route, flat: the method, the path, who may use it, and the handler.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{self, MethodRouter};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::{
    account, assets, audit, bulletin, columns, departments, downloads, duplicates, error, guard, home, inspections,
    jobs, live, login, meetings, metrics, packages, people, periods, photos, progress, project, projects, quality,
    reconciliation, review, rules, runs, targets, timeliness, tokens, upload, waivers,
};
use crate::api;
use crate::registry::Registry;
use crate::registry::people::Role::{self, Administrator, Auditor, Lead, Reporter, Secretariat};

const ALL: Access = Access::Roles(&[Reporter, Lead, Secretariat, Auditor, Administrator]);
const DATA: Access = Access::Roles(&[Reporter, Lead, Secretariat, Auditor]);
const SENDERS: Access = Access::Roles(&[Reporter, Lead, Secretariat]);
const OVERSEERS: Access = Access::Roles(&[Secretariat, Auditor]);
const LOGGED: Access = Access::Roles(&[Secretariat, Auditor, Administrator]);
const KEEPERS: Access = Access::Roles(&[Secretariat, Auditor, Administrator]);
const SECRETARIAT: Access = Access::Roles(&[Secretariat]);
const DECIDERS: Access = Access::Roles(&[Lead, Secretariat]);
const OVERLOOKERS: Access = Access::Roles(&[Auditor, Administrator]);
const ADMINISTRATOR: Access = Access::Roles(&[Administrator]);

/// Every route. What a role may see behind it (its own department's data, or all) is the registry's to say.
pub fn routes() -> Vec<Route> {
    vec![
        get("/login", Access::Anyone, login::form),
        post("/login", Access::Anyone, login::log_in),
        post("/logout", ALL, login::log_out),
        get("/password", ALL, login::password_form),
        post("/password", ALL, login::change_password),
        get("/account", ALL, account::page),
        post("/account/sessions", ALL, account::end_sessions),
        get("/", ALL, home::page),
        post("/uploads", SENDERS, upload::receive).with_limit_of_its_own(),
        get("/uploads/{id}", DATA, upload::page),
        get("/uploads/{id}/annotated", DATA, downloads::annotated),
        get("/uploads/{id}/held", DATA, downloads::held),
        get("/uploads/{id}/columns", DATA, columns::page),
        post("/uploads/{id}/columns", SENDERS, columns::correct),
        post("/uploads/{id}/explain", SENDERS, upload::explain),
        post("/uploads/{id}/match", SENDERS, upload::choose),
        post("/uploads/{id}/withdraw", SENDERS, upload::withdraw),
        post("/uploads/{id}/commit", SENDERS, upload::commit),
        get("/review", DATA, review::queue),
        post("/review", DECIDERS, review::decide),
        get("/review/export", DATA, downloads::queue),
        get("/projects", DATA, projects::page),
        get("/projects/{code}", DATA, project::page),
        post("/projects/{code}/resubmit", SENDERS, project::resubmit),
        post("/projects/{code}/withdraw", SENDERS, project::withdraw),
        post("/projects/{code}/comments", SENDERS, project::comment),
        post("/projects/{code}/photos", SENDERS, photos::add).with_limit_of_its_own(),
        get("/projects/{code}/photos/{kind}/{sha256}", DATA, photos::photo),
        post(
            "/projects/{code}/photos/{kind}/{sha256}/remove",
            SENDERS,
            photos::remove,
        ),
        get("/photos", DATA, photos::page),
        post("/photos", SENDERS, photos::add_zip).with_limit_of_its_own(),
        get("/periods", DATA, periods::page),
        post("/periods", SECRETARIAT, periods::set_due_day),
        get("/timeliness", OVERSEERS, timeliness::page),
        get("/timeliness/{department}", OVERSEERS, timeliness::department),
        get("/quality", DATA, quality::page),
        get("/quality/rows", DATA, quality::rows),
        get("/quality/uploads", DATA, quality::checked),
        get("/duplicates", DATA, duplicates::page),
        get("/targets", DATA, targets::page),
        post("/targets", SECRETARIAT, targets::set),
        post("/targets/remove", SECRETARIAT, targets::remove),
        get("/targets/not-counted", DATA, targets::not_counted),
        get("/inspections", DATA, inspections::list),
        post("/inspections", SECRETARIAT, inspections::create),
        get("/inspections/{id}", DATA, inspections::one),
        post("/inspections/{id}/findings", SECRETARIAT, inspections::add_finding),
        get("/rectifications/{id}", DATA, inspections::case),
        post("/rectifications/{id}/answer", SENDERS, inspections::answer).with_limit_of_its_own(),
        post("/rectifications/{id}/decide", SECRETARIAT, inspections::decide),
        get("/rectifications/{id}/photos/{sha256}", DATA, inspections::photo),
        get("/meetings", DATA, meetings::page),
        post("/meetings", SECRETARIAT, meetings::create),
        post("/meetings/{id}/answer", SENDERS, meetings::answer),
        post("/meetings/{id}/decide", SECRETARIAT, meetings::decide),
        get("/progress", OVERSEERS, progress::page),
        get("/bulletin", OVERSEERS, bulletin::page),
        get("/bulletin/{file}", OVERSEERS, bulletin::file),
        get("/runs", OVERSEERS, runs::page),
        get("/waivers", OVERSEERS, waivers::page),
        post("/waivers", SECRETARIAT, waivers::grant),
        get("/audit", LOGGED, audit::page),
        get("/packages", OVERSEERS, packages::page),
        post("/packages", SECRETARIAT, packages::make),
        get("/packages/{number}/file", SECRETARIAT, packages::file),
        post("/packages/{number}/receipts", SECRETARIAT, packages::receipts).with_limit_of_its_own(),
        post("/packages/{number}/lost", SECRETARIAT, packages::lost),
        get("/reconciliation", OVERSEERS, reconciliation::page),
        get("/runs/live", OVERSEERS, live::stream),
        get("/runs/{run}", OVERSEERS, runs::one),
        get("/metrics", Access::Anyone, metrics::page),
        get("/jobs", KEEPERS, jobs::page),
        post("/jobs/{job}/pause", ADMINISTRATOR, jobs::pause),
        post("/jobs/{job}/resume", ADMINISTRATOR, jobs::resume),
        post("/jobs/{job}/run", ADMINISTRATOR, jobs::run),
        get("/people", OVERLOOKERS, people::list),
        post("/people", ADMINISTRATOR, people::add),
        get("/people/{id}", OVERLOOKERS, people::one),
        post("/people/{id}/role", ADMINISTRATOR, people::set_role),
        post("/people/{id}/password", ADMINISTRATOR, people::reset_password),
        post("/people/{id}/active", ADMINISTRATOR, people::set_active),
        post("/people/{id}/unlock", ADMINISTRATOR, people::unlock),
        post("/people/{id}/sessions", ADMINISTRATOR, people::end_sessions),
        get("/tokens", ALL, tokens::page),
        post("/tokens", ALL, tokens::issue),
        post("/tokens/{id}/revoke", ALL, tokens::revoke),
        get("/departments", ALL, departments::list),
        post("/departments/{department}/lead", ADMINISTRATOR, departments::set_lead),
        get("/templates/{department}", ALL, downloads::template),
        get("/rosters/{department}", DATA, downloads::roster),
        get("/rules", ALL, rules::list),
        get("/rules/{code}", ALL, rules::one),
        get("/static/{file}", Access::Anyone, assets::file),
    ]
}

/// A route.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    handler: MethodRouter<Registry>,
}

impl Route {
    /// Lifts the limit on what is sent: the handler has one.
    fn with_limit_of_its_own(self) -> Self {
        Self {
            handler: self.handler.layer(DefaultBodyLimit::disable()),
            ..self
        }
    }
}

/// Who may use a route.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Everybody, without a login.
    Anyone,
    /// Those who are logged in with one of these roles.
    Roles(&'static [Role]),
}

impl Access {
    /// Whether a person with this role is let through.
    pub fn allows(self, role: Role) -> bool {
        match self {
            Self::Anyone => true,
            Self::Roles(roles) => roles.contains(&role),
        }
    }
}

fn get<H: Handler<T, Registry>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route {
        method: Method::GET,
        path,
        access,
        handler: routing::get(handler),
    }
}

fn post<H: Handler<T, Registry>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route {
        method: Method::POST,
        path,
        access,
        handler: routing::post(handler),
    }
}

/// Scripts, styles, forms and requests of our own alone; no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The pages of a registry, and its interface for programs.
pub fn router(registry: &Registry) -> Router {
    let mut router = Router::new();
    for Route {
        path, access, handler, ..
    } in routes()
    {
        let guarded = from_fn_with_state((registry.clone(), access), guard::enter);
        router = router.route(path, handler.route_layer(guarded));
    }
    router
        .fallback(guard::no_page)
        .method_not_allowed_fallback(guard::wrong_method)
        // Forms are small.
        .layer(DefaultBodyLimit::max(1 << 20))
        .layer(map_response(error::dress))
        .layer(CatchPanicLayer::custom(error::panicked))
        .with_state(registry.clone())
        .nest("/api", api::router(registry))
        .layer(header(CACHE_CONTROL, "no-store"))
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // Not `no-referrer`: browsers would then send `Origin: null` with our own forms, which the guard refuses.
        .layer(header(REFERRER_POLICY, "same-origin"))
}

/// Sets a header where the handler has not.
fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
