//! What programs act with in a person's name.

use retrofit_registry::registry::Error;
use retrofit_registry::registry::audit;
use retrofit_registry::registry::people::{self, NewPerson, Office, Operator, Role};
use retrofit_registry::registry::tokens::{self, Issued, Scope, Wanted};

use crate::support::{World, administrator};

fn person(world: &World, name: &str, role: Role, department: Option<&str>) -> Operator {
    let person = NewPerson {
        name,
        role,
        department,
        password: "Diyici-2026",
    };
    people::add_user(&world.registry, &administrator(), &person).unwrap();
    Operator {
        origin: "10.0.0.7".into(),
        ..Operator::named(&world.registry, name).unwrap()
    }
}

fn issue(world: &World, operator: &Operator, scopes: &[Scope]) -> Result<Issued, Error> {
    let wanted = Wanted {
        person: &operator.name,
        label: "数据大屏",
        scopes,
        days: 30,
    };
    tokens::issue(&world.registry, operator, &wanted)
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_acts_as_its_person_until_it_ends() {
    for world in World::both() {
        let registry = &world.registry;
        let zhang = person(&world, "zhang", Role::Reporter, Some("JTJ"));
        let first = issue(&world, &zhang, &[Scope::Send, Scope::Read]).unwrap();
        let second = issue(&world, &zhang, &[Scope::Read]).unwrap();
        assert_ne!(first.secret, second.secret);
        assert!(!format!("{first:?}").contains(&first.secret));

        let bearer = tokens::bearer(registry, &first.secret, "10.0.0.8").unwrap().unwrap();
        assert_eq!(bearer.operator.name, "zhang");
        assert_eq!(bearer.operator.department.as_deref(), Some("JTJ"));
        assert_eq!(bearer.operator.origin, format!("10.0.0.8 (token {})", first.token.id));
        assert_eq!(bearer.token.scopes, [Scope::Read, Scope::Send]);
        for wrong in ["", "retrofit_", &first.secret[1..], &first.token.id.to_string()] {
            assert!(tokens::bearer(registry, wrong, "x").unwrap().is_none(), "{wrong}");
        }
        let listed = tokens::listed(registry, &zhang).unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].used_at, None);
        assert_eq!(listed[1].used_at, Some(world.clock.now()));

        tokens::revoke(registry, &zhang, first.token.id).unwrap();
        assert!(tokens::bearer(registry, &first.secret, "x").unwrap().is_none());
        refusal(tokens::revoke(registry, &zhang, first.token.id));
        assert!(tokens::bearer(registry, &second.secret, "x").unwrap().is_some());

        world.clock.shift(30 * 86_400_000 - 1);
        assert!(tokens::bearer(registry, &second.secret, "x").unwrap().is_some());
        world.clock.shift(1);
        assert!(tokens::bearer(registry, &second.secret, "x").unwrap().is_none());
    }
}

#[test]
fn nobody_gets_more_than_he_or_she_may() {
    for world in World::both() {
        let registry = &world.registry;
        let zhang = person(&world, "zhang", Role::Reporter, Some("JTJ"));
        let li = person(&world, "li", Role::Secretariat, None);
        let guanli = person(&world, "guanli", Role::Administrator, None);
        assert!(refusal(issue(&world, &zhang, &[Scope::Review])).contains("审核"));
        assert!(refusal(issue(&world, &guanli, &[Scope::Send])).contains("报送"));
        refusal(issue(&world, &zhang, &[]));
        let wanted = Wanted {
            person: "li",
            label: "借用",
            scopes: &[Scope::Read],
            days: 30,
        };
        for other in [&zhang, &guanli] {
            assert!(refusal(tokens::issue(registry, other, &wanted)).contains("为自己"));
        }
        for days in [0, -1, 367] {
            refusal(tokens::issue(registry, &li, &Wanted { days, ..wanted }));
        }
        for label in ["", "  ", "a\nb"] {
            refusal(tokens::issue(registry, &li, &Wanted { label, ..wanted }));
        }

        let of_li = tokens::issue(registry, &administrator(), &wanted).unwrap();
        assert!(refusal(tokens::revoke(registry, &zhang, of_li.token.id)).contains("没有编号"));
        assert_eq!(tokens::listed(registry, &zhang).unwrap(), []);
        assert_eq!(tokens::listed(registry, &guanli).unwrap().len(), 1);
        tokens::revoke(registry, &guanli, of_li.token.id).unwrap();
        assert!(tokens::bearer(registry, &of_li.secret, "x").unwrap().is_none());
    }
}

#[test]
fn the_audit_log_knows_the_token_and_not_its_secret() {
    for world in World::both() {
        let registry = &world.registry;
        let zhang = person(&world, "zhang", Role::Reporter, Some("JTJ"));
        let issued = issue(&world, &zhang, &[Scope::Read]).unwrap();
        tokens::revoke(registry, &zhang, issued.token.id).unwrap();
        let auditor = Operator {
            role: Role::Auditor,
            ..Operator::console(Office::Secretariat)
        };
        let log = audit::latest(registry, &auditor, 10).unwrap();
        let told: Vec<&str> = log.iter().map(|entry| &*entry.action).take(2).collect();
        assert_eq!(told, ["token.revoke", "token.issue"]);
        assert!(log[1].detail.contains("数据大屏"), "{}", log[1].detail);
        assert!(!format!("{log:?}").contains(&issued.secret));
    }
}
