//! The statements that a test's thread asks the databases with: listened to, looked at between, or made to be the last.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

thread_local! {
    /// The statements so far, where they are wanted.
    static ASKED: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
    /// How many statements go through before the thread dies; negative where it does not.
    static LEFT: Cell<i64> = const { Cell::new(-1) };
    /// Looks about before each statement.
    static LOOK: RefCell<Option<Look>> = const { RefCell::new(None) };
}

type Look = Box<dyn FnMut(&str)>;

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let InstrumentationEvent::StartQuery { query, .. } = event else {
            return;
        };
        LOOK.with_borrow_mut(|look| {
            if let Some(look) = look {
                look(&query.to_string());
            }
        });
        ASKED.with_borrow_mut(|asked| {
            if let Some(asked) = asked {
                let text = query.to_string();
                asked.insert(text.split(" -- binds").next().unwrap_or_default().to_owned());
            }
        });
        match LEFT.get() {
            0 => {
                LEFT.set(-1);
                std::panic::panic_any("the thread dies here");
            }
            left => LEFT.set((left - 1).max(-1)),
        }
    }
}

/// Listens on every connection that is opened from now on.
pub fn listen() {
    set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
}

/// The queries that `body` asks with.
pub fn asked_by(body: impl FnOnce()) -> BTreeSet<String> {
    ASKED.set(Some(BTreeSet::new()));
    body();
    let asked = ASKED.take().unwrap();
    asked
        .into_iter()
        .filter(|statement| statement.starts_with("SELECT"))
        .collect()
}

/// Runs `body`, and `look` before each of its statements.
pub fn looking_before_each<T>(look: impl FnMut(&str) + 'static, body: impl FnOnce() -> T) -> T {
    LOOK.set(Some(Box::new(look)));
    let outcome = body();
    LOOK.set(None);
    outcome
}

/// Runs `body` so that it dies when it begins the statement after `statements` of them; `None` where it did.
pub fn dying_after<T>(statements: i64, body: impl FnOnce() -> T) -> Option<T> {
    LEFT.set(statements);
    let outcome = catch_unwind(AssertUnwindSafe(body)).ok();
    LEFT.set(-1);
    outcome
}
