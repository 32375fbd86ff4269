//! Accounts, logins, sessions.

use retrofit_jobs::store::Word as _;
use retrofit_registry::registry::people::{self, ABSOLUTE, IDLE, Login, NewPerson, Operator, Role, Session};
use retrofit_registry::registry::{Error, audit};

use crate::support::{World, administrator, reporter};

const PASSWORD: &str = "Ganquan-2026";
const MINUTE: i64 = 60_000;

fn add(world: &World, name: &str, password: &str) -> Result<(), Error> {
    let person = NewPerson {
        name,
        role: Role::Reporter,
        department: Some("JTJ"),
        password,
    };
    people::add_user(&world.registry, &administrator(), &person)
}

fn log_in(world: &World, name: &str, password: &str) -> Login {
    people::log_in(&world.registry, name, password, "10.0.0.7").unwrap()
}

fn session(world: &World) -> Session {
    match log_in(world, "officer", PASSWORD) {
        Login::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

fn is_alive(world: &World, session: &Session) -> bool {
    people::resume(&world.registry, &session.token, "10.0.0.7")
        .unwrap()
        .is_some()
}

#[test]
fn an_account_is_made_by_an_administrator_under_a_free_name_with_a_good_password() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        for (name, password) in [
            ("officer", PASSWORD),
            ("Officer", PASSWORD),
            ("ｏｆｆｉｃｅｒ", PASSWORD),
            ("nightly-sync", PASSWORD),
            ("ｃｏｎｓｏｌｅ", PASSWORD),
            ("console-jtj", PASSWORD),
            ("Platform", PASSWORD),
            ("", PASSWORD),
            ("two words", PASSWORD),
            ("a", "Short-1"),
            ("b", "onlylettersandmore"),
            ("c", "letters1234567"),
        ] {
            assert!(
                matches!(add(&world, name, password), Err(Error::Refused(_))),
                "{name} {password}"
            );
        }
        for (name, password) in [("d", "Abcdefgh12"), ("e", "bcdfgh123-"), ("f", "中文密码也可以用Xy1")] {
            add(&world, name, password).unwrap();
        }
        let person = NewPerson {
            name: "lead",
            role: Role::Lead,
            department: None,
            password: PASSWORD,
        };
        assert!(
            people::add_user(&world.registry, &administrator(), &person).is_err(),
            "a lead has a department"
        );
        assert!(people::add_user(&world.registry, &reporter("JTJ"), &person).is_err());
        for (role, allowed) in [
            (Role::Secretariat, true),
            (Role::Auditor, false),
            (Role::Administrator, false),
        ] {
            let person = NewPerson {
                name: role.word(),
                role,
                department: Some("YJJ"),
                password: PASSWORD,
            };
            let added = people::add_user(&world.registry, &administrator(), &person);
            assert_eq!(added.is_ok(), allowed, "{role:?} {added:?}");
        }
        assert_eq!(people::users(&world.registry, &administrator()).unwrap().len(), 5);
        assert!(Operator::named(&world.registry, "officer").unwrap().may_send("JTJ"));
        assert!(Operator::named(&world.registry, "nobody").is_err());
    }
}

#[test]
fn five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        for _ in 0..4 {
            assert_eq!(log_in(&world, "officer", "wrong"), Login::Wrong);
        }
        session(&world);
        for _ in 0..4 {
            assert_eq!(
                log_in(&world, "officer", "wrong"),
                Login::Wrong,
                "a good login forgets the bad ones"
            );
        }
        let until = world.clock.now() + 15 * MINUTE;
        assert_eq!(log_in(&world, "officer", "wrong"), Login::Locked(until));
        assert_eq!(log_in(&world, "officer", PASSWORD), Login::Locked(until));
        assert_eq!(log_in(&world, "nobody", PASSWORD), Login::Wrong);
        world.clock.shift(15 * MINUTE);
        assert_eq!(
            log_in(&world, "officer", "wrong"),
            Login::Wrong,
            "the count begins anew"
        );
        session(&world);
        let refused = audit::latest(&world.registry, &administrator(), 100).unwrap();
        let refused: Vec<_> = refused.iter().filter(|entry| entry.outcome == "refused").collect();
        assert_eq!(refused.len(), 12);
        assert!(
            refused
                .iter()
                .all(|entry| entry.origin == "10.0.0.7" && !entry.detail.contains("wrong"))
        );
    }
}

#[test]
fn a_session_ends_by_idleness_by_age_and_by_logging_out() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        let idle = session(&world);
        assert!(idle.must_change, "the first password is to be changed");
        world.clock.shift(IDLE - 1);
        assert!(is_alive(&world, &idle));
        world.clock.shift(IDLE);
        assert!(!is_alive(&world, &idle));

        let busy = session(&world);
        let mut age = 0;
        while age + IDLE / 2 < ABSOLUTE {
            world.clock.shift(IDLE / 2);
            age += IDLE / 2;
            assert!(is_alive(&world, &busy));
        }
        world.clock.shift(IDLE / 2);
        assert!(!is_alive(&world, &busy), "however busy");

        let done = session(&world);
        people::log_out(&world.registry, &done).unwrap();
        assert!(!is_alive(&world, &done));
        let forged = people::resume(&world.registry, &"0".repeat(64), "10.0.0.7").unwrap();
        assert!(forged.is_none());
    }
}

#[test]
fn a_changed_password_ends_the_old_sessions() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        let old = session(&world);
        let change = |old: &str, new: &str| {
            let operator = Operator::named(&world.registry, "officer").unwrap();
            people::change_password(&world.registry, &operator, old, new)
        };
        for (before, after) in [("wrong", "Another-2026"), (PASSWORD, PASSWORD), (PASSWORD, "short")] {
            assert!(change(before, after).is_err(), "{before} {after}");
        }
        change(PASSWORD, "Another-2026").unwrap();
        assert!(!is_alive(&world, &old));
        assert_eq!(log_in(&world, "officer", PASSWORD), Login::Wrong);
        let Login::Session(new) = log_in(&world, "officer", "Another-2026") else {
            panic!("no session")
        };
        assert!(!new.must_change);
    }
}

#[test]
fn a_drawn_password_is_good_enough() {
    let world = World::sqlite();
    for number in 0..20 {
        let password = people::random_password().unwrap();
        add(&world, &format!("u{number}"), &password).unwrap();
    }
}
