//! Many calls in one transaction: all of them count, or none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use retrofit_registry::registry::inspections::{self, NewVisit};
use retrofit_registry::registry::{Error, Registry, business_day};

use crate::support::{World, secretariat};

fn enter(registry: &Registry, place: &str) -> Result<i64, Error> {
    let visit = NewVisit {
        held_on: business_day(registry.clock.now()),
        place,
        inspectors: "秘书处",
        note: "",
    };
    inspections::create(registry, &secretariat(), &visit)
}

fn places(registry: &Registry) -> Vec<String> {
    let rows = inspections::list(registry, &secretariat(), i64::MAX, 10).unwrap();
    rows.into_iter().map(|row| row.place).collect()
}

fn given_up<T>() -> Result<T, Error> {
    Err(Error::Refused("不办了".into()))
}

#[test]
fn what_is_done_together_counts_together() {
    for world in World::both() {
        let registry = &world.registry;
        let nothing = registry.together(|registry| {
            enter(registry, "一")?;
            assert_eq!(places(registry), ["一"]);
            given_up::<()>()
        });
        assert!(matches!(nothing, Err(Error::Refused(_))));
        assert!(places(registry).is_empty());

        let mut leaked = None;
        let done = registry.together(|registry| {
            enter(registry, "二")?;
            // A part of it is given up, the rest stands.
            let part = registry.together(|registry| {
                enter(registry, "三")?;
                given_up::<()>()
            });
            assert!(part.is_err());
            // A refusal within takes back nothing but itself.
            assert!(enter(registry, " ").is_err());
            leaked = Some(registry.clone());
            enter(registry, "四")
        });
        done.unwrap();
        assert_eq!(places(registry), ["四", "二"]);
        assert!(enter(&leaked.unwrap(), "五").is_err(), "of no use any more");

        let panicked = catch_unwind(AssertUnwindSafe(|| {
            registry.together(|registry| -> Result<(), Error> {
                enter(registry, "六")?;
                panic!("in the middle");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(places(registry), ["四", "二"]);
        enter(registry, "七").unwrap();
        assert_eq!(places(&world.another()), ["七", "四", "二"]);
    }
}

#[test]
fn a_shared_transaction_is_not_used_within_one_of_its_own_calls() {
    for world in World::both() {
        let entangled = world.registry.together(|registry| {
            registry.db.write(|_| {
                enter(registry, "一")?;
                Ok::<_, Error>(())
            })
        });
        assert!(
            matches!(entangled, Err(Error::Failed(_))),
            "told, rather than waited for"
        );
        assert!(places(&world.registry).is_empty());
    }
}
