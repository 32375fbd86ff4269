//! Taking a batch: the revision rules, one receipt for each record.

use diesel::QueryResult;
use serde_json::json;
use uuid::Uuid;

use crate::envelope::{Batch, Entry, Operation};
use crate::fault::{Endpoint, FaultKind, Faults, Point};
use crate::problem::Problem;
use crate::profile::RecordError;
use crate::store::{BatchName, Effect, Receipt, Record, Store, StoredBatch};

/// Takes a sound batch, inside the caller's transaction. Gives the `Location` and the body of the 202.
pub(crate) fn take(store: &mut Store, batch: Batch, faults: &Faults, now: i64) -> Result<(String, String), Problem> {
    if store.batch(&BatchName::No(batch.batch_no.clone()))?.is_some() {
        let detail = format!("batch_no {} came before with another Idempotency-Key", batch.batch_no);
        return Err(Problem::envelope("batch_no_reused", detail));
    }
    let mut receipts = Vec::with_capacity(batch.records.len());
    for mut entry in batch.records {
        let ids = std::slice::from_ref(&entry.source_id);
        if let Some(strike) = faults.strike(Point::Judging, Endpoint::SubmitBatch, ids)
            && let FaultKind::Reject { field, code, message } = strike.kind
        {
            entry.operation = Err(vec![RecordError { field, code, message }]);
        }
        receipts.push(judge(store, entry, &batch.batch_no, now)?);
    }
    let batch_id = Uuid::now_v7().to_string();
    let location = format!("/api/v1/batches/{batch_id}");
    let body = json!({ "batch_id": batch_id, "batch_no": batch.batch_no, "status": "processing" });
    let receipts = json!(receipts).to_string();
    store.add_batch(&StoredBatch {
        batch_id,
        batch_no: batch.batch_no,
        polls: 0,
        receipts,
    })?;
    Ok((location, body.to_string()))
}

/// Applies one record, or says why not.
fn judge(store: &mut Store, entry: Entry, batch_no: &str, now: i64) -> QueryResult<Receipt> {
    let Entry {
        source_id,
        revision,
        operation,
    } = entry;
    let receipt = |result: &str, platform_no: Option<String>, errors: Vec<RecordError>| Receipt {
        source_id: source_id.clone(),
        revision,
        result: result.to_owned(),
        platform_no,
        errors,
    };
    let (number, operation) = match operation {
        Ok(sound) => sound,
        Err(errors) => return Ok(receipt("rejected", None, errors)),
    };
    let held = store.record(&source_id)?;
    if let Some(held) = &held
        && held.revision >= number
    {
        let same = match &operation {
            Operation::Upsert { digest, .. } => held.status != "withdrawn" && held.digest == *digest,
            Operation::Withdraw => held.status == "withdrawn",
        };
        let platform_no = Some(held.platform_no.clone());
        return Ok(match (held.revision == number, same) {
            (false, _) => receipt("stale", platform_no, Vec::new()),
            (true, true) => receipt("unchanged", platform_no, Vec::new()),
            (true, false) => receipt("rejected", None, vec![revision_conflict()]),
        });
    }
    let (op, record) = match (operation, held) {
        (Operation::Withdraw, None) => return Ok(receipt("rejected", None, vec![unknown_record()])),
        (Operation::Withdraw, Some(held)) => (
            "withdraw",
            Record {
                status: "withdrawn".to_owned(),
                ..held
            },
        ),
        (Operation::Upsert { digest, data, county }, held) => {
            let platform_no = match held {
                Some(held) => held.platform_no,
                None => format!("QG{county}{:08}", store.count_effects()? + 1),
            };
            let status = "in-review".to_owned();
            let (source_id, review_note) = (source_id.clone(), None);
            let (revision, updated_at, change) = (number, now, 0);
            let record = Record {
                source_id,
                revision,
                status,
                digest,
                data,
                county,
                platform_no,
                review_note,
                updated_at,
                change,
            };
            ("upsert", record)
        }
    };
    let record = Record {
        revision: number,
        updated_at: now,
        review_note: None,
        ..record
    };
    store.add_effect(&Effect {
        source_id: source_id.clone(),
        revision: number,
        op: op.to_owned(),
        digest: (op == "upsert").then(|| record.digest.clone()),
        batch_no: batch_no.to_owned(),
    })?;
    let accepted = receipt("accepted", Some(record.platform_no.clone()), Vec::new());
    store.save(record)?;
    Ok(accepted)
}

fn revision_conflict() -> RecordError {
    RecordError::new(
        "revision",
        "revision_conflict",
        "该版本号已用于不同内容，内容变更须使用更高的版本号",
    )
}

fn unknown_record() -> RecordError {
    RecordError::new("source_id", "unknown_record", "平台没有这条记录，无法撤回")
}
