//! The store that deliveries and the schedule run on: one behaviour on both databases.

use retrofit_import::catalogue::Field;
use retrofit_jobs::store::{
    Attempt, AttemptKind, BatchChange, BatchId, BatchState, Counts, DeliveryId, DeliveryState, DeliveryStore as _,
    Fence, JobEnd, JobState, JobStore as _, Left, LeftState, NewBatch, NewJobRun, NewMember, NewRun, Op, Outgoing,
    Plain, Receipt, RecordError, Rejection, RunEnd, RunId, RunState, StrayKind, StrayReceipt, Unsent, Verdict,
    Word as _,
};
use retrofit_registry::registry::{delivery, projects, schedule};

use crate::support::rosters::{code, school};
use crate::support::{MORNING, World, reporter, secretariat};

const LEASE: i64 = 120_000;

impl World {
    fn approved(&self, projects: u32) {
        self.import((1..=projects).map(school));
        self.approve_all();
    }

    fn begin(&self) -> RunId {
        let now = self.clock.now();
        let run = NewRun {
            holder: "somebody".into(),
            started_by: "nightly-sync".into(),
            started_at: now,
            lease_until: now + LEASE,
        };
        self.registry.begin_run(&run).unwrap()
    }

    fn claim(&self, run: RunId, limit: usize) -> Vec<Outgoing> {
        self.registry.claim(run, &[], limit, self.clock.now()).unwrap()
    }

    fn record(&self, run: RunId, members: &[Outgoing]) -> Option<BatchId> {
        let no = format!("{}-{}-{}", run.0, members[0].delivery_id.0, members.len());
        let batch = NewBatch {
            batch_no: no.clone(),
            idempotency_key: format!("key {no}"),
            body_sha256: "0".repeat(64),
            body: format!("body {no}").into_bytes(),
            members: members
                .iter()
                .map(|record| NewMember {
                    delivery_id: record.delivery_id,
                    digest: None,
                })
                .collect(),
        };
        self.registry.record_batch(run, &batch, self.clock.now()).unwrap()
    }

    fn advance(&self, run: RunId, batch: BatchId, change: &BatchChange) -> Fence {
        let attempt = Attempt {
            kind: AttemptKind::Post,
            request_id: "nonce".into(),
            started_at: self.clock.now(),
            duration_ms: 20,
            status: Some(202),
            problem: None,
            retry_after_s: None,
        };
        let now = self.clock.now();
        self.registry.advance(run, batch, Some(&attempt), change, now).unwrap()
    }

    fn finish(&self, run: RunId) -> Fence {
        let end = |left: &Left| RunEnd {
            state: RunState::Done,
            counts: Counts::default().leaving(left),
            batches: 1,
            detail: None,
        };
        let unsent = Unsent::Waiting(&[]);
        match self.registry.finish_run(run, unsent, &end, self.clock.now()).unwrap() {
            Some(_) => Fence::Held,
            None => Fence::Lost,
        }
    }

    /// The projects that a run left pending, of unknown fate and not sent, which are as many as its figures say; and how they stand now.
    fn left(&self, run: RunId) -> ([Vec<i64>; 3], Vec<DeliveryState>) {
        let runs = delivery::runs_before(&self.registry, &secretariat(), run.0 + 1, 1).unwrap();
        assert_eq!(runs[0].left_kept, 1);
        let counts = runs[0].counts;
        let mut states = Vec::new();
        let lists = [LeftState::Pending, LeftState::Unknown, LeftState::NotSent].map(|state| {
            let left = delivery::left(&self.registry, &secretariat(), (run.0, state), 0, 100).unwrap();
            states.extend(left.iter().map(|record| record.state));
            left.iter().map(|record| record.code.id).collect::<Vec<_>>()
        });
        let lengths = lists.each_ref().map(|list| i64::try_from(list.len()).unwrap());
        assert_eq!(lengths, [counts.pending, counts.unknown, counts.not_sent]);
        (lists, states)
    }

    /// The states of a project's deliveries, by revision.
    fn states(&self, id: i64) -> Vec<String> {
        let record = projects::record(&self.registry, &secretariat(), code(id)).unwrap();
        record.deliveries.into_iter().map(|row| row.state).collect()
    }

    /// How many deliveries a run may still send.
    fn waiting(&self, run: RunId) -> u64 {
        self.registry.waiting(run, &[], self.clock.now()).unwrap()
    }
}

fn receipt(of: &Outgoing, verdict: Verdict) -> Receipt {
    let error = RecordError {
        field: Some("floor_area_m2".into()),
        member: "jzmj".into(),
        code: "out_of_range".into(),
        message: "超出范围".into(),
    };
    Receipt {
        delivery_id: of.delivery_id,
        verdict,
        platform_no: Some("P-1".into()),
        errors: if verdict == Verdict::Rejected {
            vec![error]
        } else {
            vec![]
        },
    }
}

fn receipts(receipts: Vec<Receipt>, done: bool) -> BatchChange {
    BatchChange::Receipts {
        platform_batch_id: "b-1".into(),
        receipts,
        strays: vec![],
        done,
    }
}

fn ids(records: &[Outgoing]) -> Vec<DeliveryId> {
    records.iter().map(|record| record.delivery_id).collect()
}

#[test]
fn records_go_out_with_their_code_and_the_county_for_upload() {
    for world in World::both() {
        world.approved(1);
        let run = world.begin();
        let records = world.claim(run, 10);
        let record = &records[0];
        let one = |field: Field| record.values.get(field.id()).cloned();
        let plain = |text: &str| Some(Plain::One(text.into()));
        assert_eq!(
            (record.source_id.as_str(), record.revision, record.op),
            ("LC-2026-000001", 1, Op::Upsert)
        );
        assert_eq!(one(Field::RegistryCode), plain("LC-2026-000001"));
        assert_eq!(one(Field::County), plain("371502"), "a zone goes out as its county");
        assert_eq!(one(Field::FloorAreaM2), plain("3124.6"));
        assert_eq!(one(Field::RetrofitMethods), Some(Plain::Many(vec!["01".into()])));
        assert_eq!(one(Field::Remarks), None);
    }
}

#[test]
fn two_runs_never_hold_the_same_delivery() {
    for world in World::both() {
        world.approved(5);
        let (one, other) = (world.begin(), world.begin());
        assert_eq!(world.waiting(one), 5);
        let first = world.claim(one, 3);
        let second = world.claim(other, 10);
        assert_eq!((first.len(), second.len()), (3, 2));
        assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)));
        assert_eq!((world.waiting(one), world.waiting(other)), (3, 2));
        assert_eq!(world.finish(one), Fence::Held);
        assert_eq!(
            ids(&world.claim(other, 10)),
            ids(&first),
            "what a finished run held is free"
        );
        assert_eq!(world.finish(one), Fence::Lost, "once only");
    }
}

#[test]
fn what_a_dead_run_left_is_taken_up_and_its_late_words_count_for_nothing() {
    for world in World::both() {
        world.approved(3);
        let dead = world.begin();
        let records = world.claim(dead, 3);
        let batch = world.record(dead, &records[..2]).unwrap();
        let heir = world.begin();
        assert_eq!(world.registry.take_up(heir, 10, world.clock.now()).unwrap(), []);
        assert_eq!(world.claim(heir, 10), []);

        world.clock.shift(LEASE + 1);
        let heir = world.begin();
        let open = world.registry.take_up(heir, 10, world.clock.now()).unwrap();
        assert_eq!(
            (open.len(), open[0].batch_id, open[0].state),
            (1, batch, BatchState::Unknown)
        );
        assert_eq!(open[0].recorded_at, MORNING);
        let members: Vec<_> = open[0]
            .members
            .iter()
            .map(|member| (member.source_id.as_str(), member.open))
            .collect();
        assert_eq!(members, [("LC-2026-000001", true), ("LC-2026-000002", true)]);
        assert_eq!(
            world.registry.body(batch).unwrap(),
            format!("body {}-1-2", dead.0).into_bytes()
        );
        assert_eq!(ids(&world.claim(heir, 10)), [records[2].delivery_id]);

        let taken = BatchChange::Taken {
            platform_batch_id: "b-1".into(),
        };
        assert_eq!(world.advance(dead, batch, &taken), Fence::Lost);
        assert_eq!(world.record(dead, &records[2..]), None);
        assert_eq!(world.states(1), ["unknown"]);
        assert_eq!(world.finish(dead), Fence::Lost);
        let lease = world.clock.now() + LEASE;
        assert_eq!(
            world.registry.renew_run(dead, &Counts::default(), lease).unwrap(),
            Fence::Lost
        );
        let runs = delivery::runs(&world.registry, &secretariat(), 10).unwrap();
        let states: Vec<_> = runs.iter().map(|run| run.state.as_str()).collect();
        assert_eq!(states, ["running", "abandoned", "abandoned"]);

        assert_eq!(world.advance(heir, batch, &taken), Fence::Held);
        assert_eq!(world.states(1), ["pending"]);
    }
}

#[test]
fn a_run_that_died_is_shown_as_broken_off_with_the_counts_of_its_deliveries() {
    let last = |world: &World| {
        let runs = delivery::runs(&world.registry, &secretariat(), 10).unwrap();
        delivery::outcome(runs.last().unwrap()).unwrap()
    };
    for world in World::both() {
        world.approved(4);
        let run = world.begin();
        let records = world.claim(run, 10);
        let batch = world.record(run, &records[..3]).unwrap();
        let one = receipts(vec![receipt(&records[0], Verdict::Accepted)], false);
        world.advance(run, batch, &one);
        assert_eq!(last(&world).state, RunState::Running);

        world.clock.shift(LEASE + 1);
        let counts = Counts {
            accepted: 1,
            pending: 2,
            not_sent: 1,
            ..Counts::default()
        };
        let shown = last(&world);
        assert_eq!(
            (shown.state, shown.counts),
            (RunState::Abandoned, counts),
            "its lease has lapsed"
        );
        assert_eq!((shown.selected, shown.batches), (4, 1));

        let heir = world.begin();
        world.registry.take_up(heir, 10, world.clock.now()).unwrap();
        world.claim(heir, 10);
        assert_eq!(last(&world), shown, "what another run takes over changes nothing");
    }
}

#[test]
fn what_a_run_left_is_known_by_record_whatever_later_runs_do_with_it() {
    let taken = || BatchChange::Taken {
        platform_batch_id: "b-1".into(),
    };
    for world in World::both() {
        world.approved(6);
        let run = world.begin();
        let records = world.claim(run, 4);
        let pending = world.record(run, &records[..2]).unwrap();
        world.advance(run, pending, &taken());
        world.record(run, &records[2..3]).unwrap();
        assert_eq!(world.finish(run), Fence::Held);
        let lists = [vec![1, 2], vec![3], vec![4, 5, 6]];
        let ready = DeliveryState::Ready;
        let now = [
            [DeliveryState::Pending; 2].as_slice(),
            &[DeliveryState::Unknown],
            &[ready; 3],
        ]
        .concat();
        assert_eq!(world.left(run), (lists.clone(), now));

        // The next settles what it left, sends some of the rest, and dies.
        let dead = world.begin();
        let open = world.registry.take_up(dead, 10, world.clock.now()).unwrap();
        let accepted = |of: &Outgoing| receipt(of, Verdict::Accepted);
        let done = receipts(records[..2].iter().map(accepted).collect(), true);
        assert_eq!(world.advance(dead, open[0].batch_id, &done), Fence::Held);
        let sent = world.claim(dead, 2);
        let batch = world.record(dead, &sent[..1]).unwrap();
        world.advance(dead, batch, &taken());
        world.clock.shift(LEASE + 1);

        let heir = world.begin();
        world.registry.take_up(heir, 10, world.clock.now()).unwrap();
        let of_the_dead = [vec![4], vec![3], vec![5]];
        assert_eq!(world.left(dead).0, of_the_dead);
        let rest = world.claim(heir, 10);
        let last = world.record(heir, &rest).unwrap();
        world.advance(heir, last, &receipts(rest.iter().map(accepted).collect(), true));
        assert_eq!(world.finish(dead), Fence::Lost);
        assert_eq!(world.finish(heir), Fence::Held);
        assert_eq!(world.finish(heir), Fence::Lost, "once only");

        assert_eq!(world.left(dead).0, of_the_dead);
        let (as_it_was, now) = world.left(run);
        assert_eq!(as_it_was, lists);
        let accepted = DeliveryState::Accepted;
        let expected = [
            accepted,
            accepted,
            DeliveryState::Unknown,
            DeliveryState::Pending,
            accepted,
            accepted,
        ];
        assert_eq!(now, expected);
        assert_eq!(world.left(heir).0, [vec![4], vec![3], vec![]]);
        let others = delivery::left(&world.registry, &reporter("JTJ"), (run.0, LeftState::Pending), 0, 10);
        assert!(others.is_err(), "a department sees no runs");
    }
}

#[test]
fn receipts_settle_their_deliveries_and_a_rejection_goes_back_to_the_department() {
    for world in World::both() {
        world.approved(4);
        let run = world.begin();
        let records = world.claim(run, 10);
        let batch = world.record(run, &records).unwrap();
        let some = receipts(vec![receipt(&records[0], Verdict::Accepted)], false);
        assert_eq!(world.advance(run, batch, &some), Fence::Held);
        assert_eq!(
            (world.states(1), world.states(2)),
            (vec!["accepted".to_owned()], vec!["pending".to_owned()])
        );
        let rest = vec![
            receipt(&records[1], Verdict::Rejected),
            receipt(&records[2], Verdict::Unchanged),
        ];
        let stray = StrayReceipt {
            kind: StrayKind::Missing,
            delivery_id: Some(records[3].delivery_id),
            raw: String::new(),
        };
        let done = BatchChange::Receipts {
            platform_batch_id: "b-1".into(),
            receipts: rest,
            strays: vec![stray],
            done: true,
        };
        assert_eq!(world.advance(run, batch, &done), Fence::Held);
        let states: Vec<_> = (1..=4).flat_map(|id| world.states(id)).collect();
        assert_eq!(states, ["accepted", "rejected", "unchanged", "unknown"]);
        assert_eq!(world.advance(run, batch, &done), Fence::Lost, "the batch is closed");

        let back = projects::record(&world.registry, &secretariat(), code(2)).unwrap();
        assert_eq!(back.project.state, "returned");
        let reason = back.revisions[0].reason.as_deref().unwrap();
        assert!(reason.contains("建筑面积：超出范围（out_of_range）"), "{reason}");
        assert_eq!(back.decisions.last().unwrap().decided_by, "platform");
        assert_eq!(back.receipts[0].verdict, "rejected");
        assert_eq!(world.claim(run, 10), [], "this run left the fourth without its receipt");
        world.finish(run);
        let next = world.begin();
        assert_eq!(ids(&world.claim(next, 10)), [records[3].delivery_id]);
    }
}

#[test]
fn a_rejection_of_an_earlier_revision_leaves_the_later_one_alone() {
    for world in World::both() {
        world.approved(1);
        let run = world.begin();
        let records = world.claim(run, 10);
        let batch = world.record(run, &records).unwrap();
        world.import([school(1).with(Field::Stage, "40")]);
        world.advance(
            run,
            batch,
            &receipts(vec![receipt(&records[0], Verdict::Rejected)], true),
        );
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!(
            (record.project.state.as_str(), record.revisions[0].state.as_str()),
            ("pending", "returned")
        );
    }
}

#[test]
fn a_later_revision_waits_for_the_earlier_and_overtakes_what_was_not_sent() {
    for world in World::both() {
        world.approved(2);
        let run = world.begin();
        let records = world.claim(run, 10);
        let batch = world.record(run, &records[..1]).unwrap();
        world.import([school(1).with(Field::Stage, "40"), school(2).with(Field::Stage, "40")]);
        world.approve_all();
        assert_eq!(world.claim(run, 10), [], "both projects have a delivery on its way");
        assert_eq!(world.waiting(run), 2, "the later revisions, and not what they overtake");
        world.finish(run);
        assert_eq!(
            world.states(2),
            ["superseded", "ready"],
            "claimed, and overtaken before it was sent"
        );

        let next = world.begin();
        let claimed = world.claim(next, 10);
        assert_eq!(
            claimed
                .iter()
                .map(|record| (record.source_id.as_str(), record.revision))
                .collect::<Vec<_>>(),
            [("LC-2026-000002", 2)]
        );
        world.registry.take_up(next, 10, world.clock.now()).unwrap();
        world.advance(
            next,
            batch,
            &receipts(vec![receipt(&records[0], Verdict::Accepted)], true),
        );
        let claimed = world.claim(next, 10);
        assert_eq!(claimed[0].revision, 2, "now that the first has its receipt");
    }
}

#[test]
fn a_batch_without_effect_gives_its_members_back() {
    for world in World::both() {
        world.approved(2);
        let run = world.begin();
        let records = world.claim(run, 10);
        let batch = world.record(run, &records).unwrap();
        assert_eq!(
            world.advance(run, batch, &BatchChange::Returned { keep: true }),
            Fence::Held
        );
        assert_eq!(world.states(1), ["claimed"]);
        let halves: Vec<_> = records
            .iter()
            .map(|record| world.record(run, std::slice::from_ref(record)))
            .collect();
        let [Some(one), Some(other)] = halves[..] else {
            panic!("{halves:?}")
        };
        assert_eq!(
            world.advance(run, other, &BatchChange::Returned { keep: false }),
            Fence::Held
        );
        assert_eq!(world.states(2), ["ready"]);
        assert_eq!(
            world.advance(run, one, &BatchChange::Returned { keep: true }),
            Fence::Held
        );
        let rejection = Rejection {
            delivery_id: records[0].delivery_id,
            batch_id: Some(one),
            errors: vec![],
        };
        world
            .registry
            .reject(run, &[rejection.clone(), rejection], world.clock.now())
            .unwrap();
        assert_eq!(world.states(1), ["rejected"]);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!((record.project.state.as_str(), record.receipts.len()), ("returned", 1));
    }
}

#[test]
fn a_record_that_we_refuse_ourselves_is_not_laid_at_the_platforms_door() {
    for world in World::both() {
        world.approved(1);
        let run = world.begin();
        let rejection = Rejection {
            delivery_id: world.claim(run, 10)[0].delivery_id,
            batch_id: None,
            errors: vec![],
        };
        world.registry.reject(run, &[rejection], world.clock.now()).unwrap();
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        let reason = record.revisions[0].reason.as_deref().unwrap();
        assert!(reason.starts_with("本系统核对未通过，未上传："), "{reason}");
    }
}

#[test]
fn stages_hold_upserts_back_and_withdrawals_never() {
    for world in World::both() {
        world.import([school(1), school(2).with(Field::Stage, "50"), school(3)]);
        world.approve_all();
        projects::propose_withdrawal(&world.registry, &secretariat(), &[code(3)], "重复").unwrap();
        let decided = world.approve_all();
        assert_eq!(decided, 0, "nobody approves what he or she sent");
        projects::propose_withdrawal(&world.registry, &crate::support::reporter("JTJ"), &[code(3)], "重复").unwrap();
        assert_eq!(world.approve_all(), 1);
        let run = world.begin();
        let now = world.clock.now();
        let finished = ["50".to_owned()];
        assert_eq!(world.registry.waiting(run, &finished, now).unwrap(), 2);
        let claimed = world.registry.claim(run, &finished, 10, now).unwrap();
        let claimed: Vec<_> = claimed
            .iter()
            .map(|record| (record.source_id.as_str(), record.op, record.values.is_empty()))
            .collect();
        assert_eq!(
            claimed,
            [
                ("LC-2026-000002", Op::Upsert, false),
                ("LC-2026-000003", Op::Withdraw, true)
            ]
        );
    }
}

#[test]
fn every_word_of_the_contract_fits_the_tables() {
    for world in World::both() {
        for state in RunState::ALL.iter().filter(|state| **state != RunState::Running) {
            let run = world.begin();
            let end = |_: &Left| RunEnd {
                state: *state,
                counts: Counts::default(),
                batches: 0,
                detail: Some("说明".into()),
            };
            let ended = world
                .registry
                .finish_run(run, Unsent::None, &end, world.clock.now())
                .unwrap();
            assert_eq!(ended.map(|end| end.state), Some(*state));
            let stored = delivery::runs(&world.registry, &secretariat(), 1).unwrap();
            assert_eq!(delivery::outcome(&stored[0]).unwrap().state, *state);
        }
    }
}

fn job(due_at: i64, started_at: i64) -> NewJobRun {
    NewJobRun {
        job: "nightly-sync".into(),
        due_at,
        catch_up: false,
        holder: "somebody".into(),
        started_at,
        lease_until: started_at + LEASE,
        operator: None,
    }
}

#[test]
fn a_job_runs_once_for_each_due_time() {
    for world in World::both() {
        let store = &world.registry;
        assert!(store.last_job_run("nightly-sync").unwrap().is_none());
        let lease = store.begin_job_run(&job(1, MORNING)).unwrap().unwrap();
        assert_eq!(lease.token, 1);
        assert_eq!(
            store.begin_job_run(&job(1, MORNING + 1)).unwrap(),
            None,
            "another process has it"
        );
        assert_eq!(
            store.begin_job_run(&job(2, MORNING + 1)).unwrap(),
            None,
            "an earlier run is alive"
        );

        let late = MORNING + LEASE + 1;
        let heir = store.begin_job_run(&job(1, late)).unwrap().unwrap();
        assert_eq!((heir.id, heir.token), (lease.id, 2), "its process died");
        assert_eq!(store.renew_job_run(lease, late, late + LEASE).unwrap(), Fence::Lost);
        assert_eq!(store.renew_job_run(heir, late, late + LEASE).unwrap(), Fence::Held);
        let end = JobEnd {
            state: JobState::Done,
            outcome: "完成".into(),
        };
        assert_eq!(store.finish_job_run(lease, &end, late).unwrap(), Fence::Lost);
        assert_eq!(store.finish_job_run(heir, &end, late).unwrap(), Fence::Held);
        assert_eq!(store.begin_job_run(&job(1, late)).unwrap(), None, "done is done");

        store.begin_job_run(&job(2, late)).unwrap().unwrap();
        let much_later = late + 2 * LEASE;
        store.begin_job_run(&job(3, much_later)).unwrap().unwrap();
        let runs = schedule::job_runs(store, &secretariat(), None, 10).unwrap();
        let states: Vec<_> = runs.iter().map(|run| (run.due_at, run.state.as_str())).collect();
        assert_eq!(states, [(3, "running"), (2, "abandoned"), (1, "done")]);
        let last = store.last_job_run("nightly-sync").unwrap().unwrap();
        assert_eq!(
            (last.due_at, last.state, last.lease_until),
            (3, JobState::Running, much_later + LEASE)
        );
    }
}
