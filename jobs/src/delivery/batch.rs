//! Records as they are sent, and how they are put into batches.

use uuid::Uuid;

use crate::platform::{Profile, batch_body, record_json, sha256_hex};
use crate::store::{DeliveryId, NewBatch, NewMember, OpenMember, Outgoing, Rejection, RunId};

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
pub(super) fn prepare(
    profile: &Profile,
    claimed: Vec<Outgoing>,
) -> Result<(Vec<Prepared>, Vec<Rejection>), serde_json::Error> {
    let mut prepared = Vec::with_capacity(claimed.len());
    let mut rejected = Vec::new();
    for record in claimed {
        match profile.data(&record) {
            Ok(data) => prepared.push(Prepared {
                delivery_id: record.delivery_id,
                json: record_json(&record, data.as_ref())?,
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
    Ok((prepared, rejected))
}

/// Packs records into batches within the platform's limits. A record that is over the limit by itself stands alone.
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

/// The batch to store and send: a number that says division, day, run and place in the run, and ends in a random part,
/// lest a restored database give a number that the platform has seen; and a random key.
pub(super) fn seal(profile: &Profile, run: RunId, day: &str, place: u64, records: &[Prepared]) -> NewBatch {
    let key = Uuid::new_v4().to_string();
    let batch_no = format!("{}-{day}-{}-{place:04}-{}", profile.division_code, run.0, &key[..6]);
    let body = batch_body(profile, &batch_no, records.iter().map(|record| record.json.as_str())).into_bytes();
    NewBatch {
        body_sha256: sha256_hex(&body),
        members: records
            .iter()
            .map(|record| NewMember {
                delivery_id: record.delivery_id,
                digest: record.digest.clone(),
            })
            .collect(),
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
        assert_eq!(sizes([6_000_000, 10, 6_000_000]), [1, 1, 1]);
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
