//! Accounts, logins, sessions.

use retrofit_jobs::store::Word as _;
use retrofit_registry::registry::people::{
    self, ABSOLUTE, IDLE, Login, NewPerson, Operator, Person, Role, Session, Which,
};
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
            ("zhangsan", "ZhangSan-2026"),
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

fn operator(world: &World, name: &str) -> Operator {
    Operator::named(&world.registry, name).unwrap()
}

fn person(world: &World, name: &str) -> Person {
    let people = people::users(&world.registry, &administrator()).unwrap();
    people.into_iter().find(|person| person.name == name).unwrap()
}

/// What the audit log says of an action, the newest first: who, on what, from where, whether it was done.
fn noted(world: &World, action: &str) -> Vec<(String, String, String, String)> {
    let entries = audit::latest(&world.registry, &administrator(), 1000).unwrap();
    let of_action = entries.into_iter().filter(|entry| entry.action == action);
    of_action
        .map(|entry| (entry.actor, entry.object, entry.origin, entry.outcome))
        .collect()
}

#[test]
fn an_officer_sees_where_the_account_is_logged_in_and_ends_it() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        let here = session(&world);
        world.clock.shift(MINUTE);
        let there = session(&world);
        let own = operator(&world, "officer");
        let open = || people::open_sessions(&world.registry, &own, "officer").unwrap();
        let listed: Vec<_> = open().into_iter().map(|login| login.id).collect();
        assert_eq!(listed, [there.id(), here.id()], "the latest first");

        world.clock.shift(2 * MINUTE);
        people::resume(&world.registry, &here.token, "10.0.0.9")
            .unwrap()
            .unwrap();
        let moved = open().into_iter().find(|login| login.id == here.id()).unwrap();
        assert_eq!((&*moved.opened_from, &*moved.seen_from), ("10.0.0.7", "10.0.0.9"));
        assert_eq!(moved.seen_at, moved.opened_at + 3 * MINUTE);

        let end = |which: Which<'_>| people::end_sessions(&world.registry, &own, "officer", which).unwrap();
        assert_eq!(end(Which::AllBut(&here.id())), 1);
        assert!(is_alive(&world, &here) && !is_alive(&world, &there));
        assert!(!people::is_alive(&world.registry, &there).unwrap());
        assert_eq!(end(Which::One(&here.id())), 1);
        assert_eq!(end(Which::One(&here.id())), 0, "it is over");
        assert!(!is_alive(&world, &here) && open().is_empty());
        assert_eq!(noted(&world, "session.end").len(), 2);

        let idle = session(&world);
        world.clock.shift(IDLE);
        assert!(open().is_empty() && !is_alive(&world, &idle));
    }
}

#[test]
fn nobody_but_administrators_sees_or_ends_anothers_logins() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        add(&world, "other", PASSWORD).unwrap();
        let login = session(&world);
        let other = operator(&world, "other");
        assert!(people::open_sessions(&world.registry, &other, "officer").is_err());
        assert!(people::end_sessions(&world.registry, &other, "officer", Which::All).is_err());
        assert!(is_alive(&world, &login));
        // The id of another's login is of no use for one's own.
        let id = login.id();
        assert_eq!(
            people::end_sessions(&world.registry, &other, "other", Which::One(&id)).unwrap(),
            0
        );
        assert!(is_alive(&world, &login));
        let (actor, object, origin, outcome) = noted(&world, "session.end").pop().unwrap();
        assert_eq!((&*actor, &*object, &*outcome), ("other", "officer", "refused"));
        assert!(
            origin.starts_with("console:") && origin.len() > "console:".len(),
            "{origin}"
        );

        assert_eq!(
            people::end_sessions(&world.registry, &administrator(), "officer", Which::All).unwrap(),
            1
        );
        assert!(!is_alive(&world, &login));
    }
}

#[test]
fn what_an_administrator_changes_of_an_account_ends_its_sessions_at_once() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        let keeper = administrator();
        let registry = &world.registry;

        let login = session(&world);
        people::set_role(registry, &keeper, "officer", Role::Lead, Some("WJW")).unwrap();
        assert!(!is_alive(&world, &login));
        let changed = person(&world, "officer");
        assert_eq!((changed.role, changed.department.as_deref()), (Role::Lead, Some("WJW")));
        assert!(people::set_role(registry, &keeper, "officer", Role::Reporter, None).is_err());
        assert!(people::set_role(registry, &keeper, "officer", Role::Auditor, Some("WJW")).is_err());
        assert!(people::set_role(registry, &keeper, "officer", Role::Lead, Some("XXX")).is_err());

        let login = session(&world);
        people::set_active(registry, &keeper, "officer", false).unwrap();
        assert!(!is_alive(&world, &login) && !person(&world, "officer").active);
        assert_eq!(log_in(&world, "officer", PASSWORD), Login::Wrong);
        assert!(Operator::named(registry, "officer").is_err());
        people::set_active(registry, &keeper, "officer", true).unwrap();
        assert!(!is_alive(&world, &login), "a session that was ended stays so");

        let login = session(&world);
        people::reset_password(registry, &keeper, "officer", "Chongshe-2026").unwrap();
        assert!(!is_alive(&world, &login));
        assert!(people::reset_password(registry, &keeper, "officer", "short").is_err());
        assert_eq!(log_in(&world, "officer", PASSWORD), Login::Wrong);
        let Login::Session(new) = log_in(&world, "officer", "Chongshe-2026") else {
            panic!("no session")
        };
        assert!(new.must_change);
        assert_eq!(person(&world, "officer").last_login, Some(world.clock.now()));
    }
}

#[test]
fn an_administrator_lifts_a_lock() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        for _ in 0..5 {
            log_in(&world, "officer", "wrong");
        }
        let until = world.clock.now() + 15 * MINUTE;
        assert_eq!(person(&world, "officer").locked_until, Some(until));
        people::unlock(&world.registry, &administrator(), "officer").unwrap();
        assert_eq!(person(&world, "officer").locked_until, None);
        session(&world);
    }
}

#[test]
fn no_other_role_keeps_people_and_nobody_changes_the_own_account() {
    for world in World::both() {
        let registry = &world.registry;
        add(&world, "officer", PASSWORD).unwrap();
        for (name, role) in [
            ("mishu", Role::Secretariat),
            ("shenji", Role::Auditor),
            ("guanli", Role::Administrator),
        ] {
            let person = NewPerson {
                name,
                role,
                department: None,
                password: PASSWORD,
            };
            people::add_user(registry, &administrator(), &person).unwrap();
        }
        let before = people::users(registry, &administrator()).unwrap();
        for (operator, name) in [
            (operator(&world, "mishu"), "officer"),
            (operator(&world, "shenji"), "officer"),
            (operator(&world, "officer"), "guanli"),
            (operator(&world, "guanli"), "guanli"),
            (operator(&world, "guanli"), "nobody"),
        ] {
            let answers = [
                people::set_role(registry, &operator, name, Role::Secretariat, None),
                people::set_active(registry, &operator, name, false),
                people::reset_password(registry, &operator, name, "Chongshe-2026"),
                people::unlock(registry, &operator, name),
            ];
            for answer in answers {
                assert!(matches!(answer, Err(Error::Refused(_))), "{} {name}", operator.name);
            }
        }
        assert_eq!(people::users(registry, &administrator()).unwrap(), before);
        assert!(people::users(registry, &operator(&world, "shenji")).is_ok());
        assert!(people::users(registry, &operator(&world, "mishu")).is_err());
        for action in ["user.role", "user.disable", "user.reset-password", "user.unlock"] {
            let refused = noted(&world, action);
            assert_eq!(refused.len(), 5, "{action}");
            assert!(refused.iter().all(|(.., outcome)| outcome == "refused"));
        }
    }
}

#[test]
fn who_guesses_the_old_password_in_an_open_session_is_locked_out_too() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        let own = operator(&world, "officer");
        let guess = |old: &str| people::change_password(&world.registry, &own, old, "Another-2026");
        for _ in 0..5 {
            assert!(guess("wrong").is_err());
        }
        assert!(matches!(log_in(&world, "officer", PASSWORD), Login::Locked(_)));
        let Err(Error::Refused(words)) = guess(PASSWORD) else {
            panic!("not refused")
        };
        assert!(words.contains("锁定到 2026-11-23 10:15"), "{words}");
        world.clock.shift(15 * MINUTE);
        guess(PASSWORD).unwrap();
    }
}

#[test]
fn of_many_who_guess_at_once_no_more_than_five_are_heard() {
    for world in World::both() {
        add(&world, "officer", PASSWORD).unwrap();
        let registry = &world.registry;
        let answers: Vec<Login> = std::thread::scope(|scope| {
            let guess = || people::log_in(registry, "officer", "wrong", "10.0.0.7").unwrap();
            let guesses: Vec<_> = (0..8).map(|_| scope.spawn(guess)).collect();
            guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
        });
        let wrong = answers.iter().filter(|login| **login == Login::Wrong).count();
        assert_eq!(wrong, 4, "{answers:?}");
    }
}
