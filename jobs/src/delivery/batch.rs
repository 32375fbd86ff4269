//! Records as they are sent, and how they are put into batches.

use uuid::Uuid;

use super::package::Line;
use crate::platform::{Profile, batch_body, record_json, sha256_hex};
use crate::store::{DeliveryId, NewBatch, NewMember, OpenMember, Outgoing, RecordError, Rejection, RunId};

/// What a batch number, the division and the version take in a body, generously.
const ENVELOPE: usize = 400;

/// A record in the platform's form.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) delivery_id: DeliveryId,
    source_id: String,
    revision: i64,
    digest: Option<String>,
    json: String,
}

/// Puts claimed records into the platform's form; gives apart those that do not fit it.
pub(super) fn prepare(profile: &Profile, claimed: Vec<Outgoing>) -> (Vec<Prepared>, Vec<Rejection>) {
    let mut prepared = Vec::with_capacity(claimed.len());
    let mut rejected = Vec::new();
    for record in claimed {
        let sendable = profile.data(&record).and_then(|data| {
            let json = record_json(profile, &record, data.as_ref());
            if json.len() + ENVELOPE > profile.limits.bytes {
                return Err(vec![too_large(profile.limits.bytes)]);
            }
            Ok((json, data))
        });
        match sendable {
            Ok((json, data)) => prepared.push(Prepared {
                delivery_id: record.delivery_id,
                json,
                source_id: record.source_id,
                revision: record.revision,
                digest: data.map(|data| data.digest),
            }),
            Err(errors) => rejected.push(Rejection {
                delivery_id: record.delivery_id,
                batch_id: None,
                errors,
            }),
        }
    }
    (prepared, rejected)
}

fn too_large(most: usize) -> RecordError {
    RecordError {
        field: None,
        member: String::new(),
        code: "too_large".to_owned(),
        message: format!("这条记录超过平台一次可接受的 {most} 字节，未上传；请删减过长的文字"),
    }
}

/// Packs records into batches within the platform's limits.
pub(super) fn pack(profile: &Profile, records: Vec<Prepared>) -> Vec<Vec<Prepared>> {
    let limits = profile.limits;
    let mut batches: Vec<Vec<Prepared>> = Vec::new();
    let mut bytes = 0;
    for record in records {
        let length = record.json.len() + 1;
        match batches.last_mut() {
            Some(batch) if batch.len() < limits.records && bytes + length <= limits.bytes => batch.push(record),
            _ => {
                bytes = ENVELOPE;
                batches.push(vec![record]);
            }
        }
        bytes += length;
    }
    batches
}

impl Prepared {
    /// The number of a batch, which says division, day, run and place in the run, and ends in a random part, lest a
    /// restored database give a number that the platform has seen; and a random key.
    pub(super) fn numbers(profile: &Profile, run: RunId, day: &str, place: u64) -> (String, String) {
        let key = Uuid::new_v4().to_string();
        let batch_no = format!("{}-{day}-{}-{place:04}-{}", profile.division_code, run.0, &key[..6]);
        (batch_no, key)
    }

    /// As it is stored with its batch.
    pub(super) fn member(&self) -> NewMember {
        NewMember {
            delivery_id: self.delivery_id,
            digest: self.digest.clone(),
        }
    }

    /// As it stands in a package.
    pub(super) fn line(&self) -> Line<'_> {
        Line {
            source_id: &self.source_id,
            revision: self.revision,
            json: &self.json,
        }
    }
}

/// The batch to store and send.
pub(super) fn seal(profile: &Profile, run: RunId, day: &str, place: u64, records: &[Prepared]) -> NewBatch {
    let (batch_no, key) = Prepared::numbers(profile, run, day, place);
    let body = batch_body(profile, &batch_no, records.iter().map(|record| record.json.as_str())).into_bytes();
    NewBatch {
        body_sha256: sha256_hex(&body),
        members: records.iter().map(Prepared::member).collect(),
        idempotency_key: key,
        batch_no,
        body,
    }
}

/// The same records, as members of an open batch.
pub(super) fn members(records: &[Prepared]) -> Vec<OpenMember> {
    records
        .iter()
        .map(|record| OpenMember {
            delivery_id: record.delivery_id,
            source_id: record.source_id.clone(),
            revision: record.revision,
            open: true,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Op, Plain};

    fn record(number: i64, length: usize) -> Prepared {
        Prepared {
            delivery_id: DeliveryId(number),
            source_id: format!("LC-2026-{number:06}"),
            revision: 1,
            digest: None,
            json: "x".repeat(length),
        }
    }

    fn sizes(records: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let records = records
            .into_iter()
            .zip(1..)
            .map(|(length, number)| record(number, length))
            .collect();
        pack(&Profile::national_v1(), records).iter().map(Vec::len).collect()
    }

    #[test]
    fn batches_keep_within_records_and_bytes() {
        assert!(sizes([]).is_empty());
        assert_eq!(sizes(vec![900; 500]), [500]);
        assert_eq!(sizes(vec![900; 1_001]), [500, 500, 1]);
        assert_eq!(sizes(vec![1_000_000; 9]), [4, 4, 1]);
        assert_eq!(sizes([4_999_000, 10_000, 4_999_000]), [1, 1, 1]);
    }

    #[test]
    fn a_record_that_no_batch_can_hold_is_rejected_unsent() {
        let value = |text: &str| Plain::One(text.to_owned());
        let record = |address: &str| Outgoing {
            delivery_id: DeliveryId(1),
            source_id: "LC-2026-000001".into(),
            revision: 1,
            op: Op::Upsert,
            values: [
                ("name", "楼"),
                ("category", "02"),
                ("record_kind", "1"),
                ("use", "201"),
                ("county", "371502"),
            ]
            .into_iter()
            .chain([("address", address)])
            .map(|(field, text)| (field.to_owned(), value(text)))
            .collect(),
        };
        let (sent, rejected) = prepare(
            &Profile::national_v1(),
            vec![record("柳园路"), record(&"路".repeat(1_700_000))],
        );
        assert_eq!((sent.len(), rejected.len()), (1, 1));
        assert_eq!(rejected[0].errors[0].code, "too_large");
    }

    #[test]
    fn a_full_batch_is_within_the_bytes() {
        let profile = Profile::national_v1();
        let records: Vec<_> = (0..499).map(|number| record(number, 10_019)).collect();
        for batch in pack(&profile, records) {
            assert!(seal(&profile, RunId(i64::MAX), "20261123", u64::MAX, &batch).body.len() <= profile.limits.bytes);
        }
    }
}
