//! Judges receipts: believed are those of a record and revision that are in the batch, in the agreed form, and not
//! contradicted.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::platform::{Profile, cut};
use crate::store::{OpenMember, Receipt, RecordError, StrayKind, StrayReceipt, Verdict, Word as _};

/// The characters of a stray receipt that are kept.
const RAW: usize = 2_000;

/// Receipts of one answer, judged.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    /// To be believed, of members that are still open.
    pub(super) receipts: Vec<Receipt>,
    /// Evidence.
    pub(super) strays: Vec<StrayReceipt>,
}

#[derive(Deserialize)]
struct Form {
    source_id: String,
    revision: i64,
    result: String,
    platform_no: Option<String>,
    errors: Option<Vec<ErrorForm>>,
}

#[derive(Deserialize)]
struct ErrorForm {
    field: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

/// Judges the receipts of an answer about a batch with these members. Strays are final only at `done`, and are given
/// only then.
pub(super) fn judge(profile: &Profile, members: &[OpenMember], receipts: &[Value], done: bool) -> Judged {
    let by_source: HashMap<&str, &OpenMember> = members
        .iter()
        .map(|member| (member.source_id.as_str(), member))
        .collect();
    let mut strays = Vec::new();
    // per member: its verdict, or nothing to believe since a second receipt said otherwise
    let mut verdicts: HashMap<&str, Option<Receipt>> = HashMap::new();
    for raw in receipts {
        let named = raw
            .get("source_id")
            .and_then(Value::as_str)
            .and_then(|source| by_source.get(source).copied());
        let mut stray = |kind| {
            strays.push(StrayReceipt {
                kind,
                delivery_id: named.map(|member| member.delivery_id),
                raw: cut(raw.to_string(), RAW),
            });
        };
        let form = Form::deserialize(raw).ok();
        match form
            .as_ref()
            .and_then(|form| Verdict::from_word(&form.result))
            .zip(form)
        {
            None => stray(StrayKind::Malformed),
            Some((verdict, form)) => match by_source
                .get(&*form.source_id)
                .filter(|sent| sent.revision == form.revision)
            {
                None => stray(StrayKind::Foreign),
                Some(member) => {
                    let receipt = form.believed(profile, member, verdict);
                    let known = verdicts
                        .entry(&member.source_id)
                        .or_insert_with(|| Some(receipt.clone()));
                    if *known != Some(receipt) {
                        *known = None;
                        stray(StrayKind::Malformed);
                    }
                }
            },
        }
    }
    let believed = |member: &&OpenMember| verdicts.get(member.source_id.as_str()).is_some_and(Option::is_some);
    let open = || members.iter().filter(|member| member.open);
    if done {
        strays.extend(open().filter(|member| !believed(member)).map(|member| StrayReceipt {
            kind: StrayKind::Missing,
            delivery_id: Some(member.delivery_id),
            raw: String::new(),
        }));
    } else {
        strays.clear();
    }
    let receipts = open()
        .filter_map(|member| verdicts.get(member.source_id.as_str()).cloned().flatten())
        .collect();
    Judged { receipts, strays }
}

impl Form {
    fn believed(self, profile: &Profile, member: &OpenMember, verdict: Verdict) -> Receipt {
        let error = |error: ErrorForm| {
            let member = cut(error.field.unwrap_or_default(), 64);
            RecordError {
                field: profile.field_of(&member).map(str::to_owned),
                member,
                code: cut(error.code.unwrap_or_default(), 64),
                message: cut(error.message.unwrap_or_default(), 500),
            }
        };
        Receipt {
            delivery_id: member.delivery_id,
            verdict,
            platform_no: self.platform_no.map(|number| cut(number, 100)),
            errors: self.errors.unwrap_or_default().into_iter().map(error).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::DeliveryId;

    fn member(number: i64, open: bool) -> OpenMember {
        OpenMember {
            delivery_id: DeliveryId(number),
            source_id: format!("LC-2026-00000{number}"),
            revision: 3,
            open,
        }
    }

    type Believed = Vec<(i64, Verdict)>;
    type Strays = Vec<(StrayKind, Option<i64>)>;

    fn judged(receipts: &[Value], done: bool) -> (Believed, Strays) {
        let members = [member(1, true), member(2, true), member(3, false)];
        let judged = judge(&Profile::national_v1(), &members, receipts, done);
        (
            judged
                .receipts
                .iter()
                .map(|receipt| (receipt.delivery_id.0, receipt.verdict))
                .collect(),
            judged
                .strays
                .iter()
                .map(|stray| (stray.kind, stray.delivery_id.map(|id| id.0)))
                .collect(),
        )
    }

    fn receipt(number: i64, revision: i64, result: &str) -> Value {
        json!({ "source_id": format!("LC-2026-00000{number}"), "revision": revision, "result": result, "more": 1 })
    }

    #[test]
    fn receipts_of_open_members_are_believed_once() {
        let both = [
            receipt(1, 3, "accepted"),
            receipt(2, 3, "stale"),
            receipt(2, 3, "stale"),
            receipt(3, 3, "accepted"),
        ];
        assert_eq!(
            judged(&both, true),
            (vec![(1, Verdict::Accepted), (2, Verdict::Stale)], vec![])
        );
    }

    #[test]
    fn the_rest_is_evidence_and_only_at_the_end() {
        use StrayKind::{Foreign, Malformed, Missing};
        let wrong_type = json!({ "source_id": "LC-2026-000001", "revision": "3", "result": "accepted" });
        for (receipts, believed, strays) in [
            (vec![], vec![], vec![(Missing, Some(1)), (Missing, Some(2))]),
            (
                vec![receipt(1, 3, "accepted"), receipt(2, 4, "accepted")],
                vec![(1, Verdict::Accepted)],
                vec![(Foreign, Some(2)), (Missing, Some(2))],
            ),
            (
                vec![
                    receipt(9, 3, "accepted"),
                    receipt(1, 3, "unchanged"),
                    receipt(2, 3, "rejected"),
                ],
                vec![(1, Verdict::Unchanged), (2, Verdict::Rejected)],
                vec![(Foreign, None)],
            ),
            (
                vec![wrong_type, json!(null), receipt(2, 3, "perhaps")],
                vec![],
                vec![
                    (Malformed, Some(1)),
                    (Malformed, None),
                    (Malformed, Some(2)),
                    (Missing, Some(1)),
                    (Missing, Some(2)),
                ],
            ),
            (
                vec![
                    receipt(1, 3, "accepted"),
                    receipt(1, 3, "rejected"),
                    receipt(2, 3, "accepted"),
                ],
                vec![(2, Verdict::Accepted)],
                vec![(Malformed, Some(1)), (Missing, Some(1))],
            ),
        ] {
            assert_eq!(judged(&receipts, true), (believed.clone(), strays), "{receipts:?}");
            assert_eq!(judged(&receipts, false), (believed, vec![]), "{receipts:?}");
        }
    }

    #[test]
    fn a_rejection_names_our_column_in_the_platforms_words() {
        let rejected = json!({ "source_id": "LC-2026-000001", "revision": 3, "result": "rejected", "platform_no": null,
            "errors": [{ "field": "ztz", "code": "range", "message": "总投资超限" }, { "message": "其他" }] });
        let judged = judge(&Profile::national_v1(), &[member(1, true)], &[rejected], true);
        let said: Vec<_> = judged.receipts[0]
            .errors
            .iter()
            .map(|error| {
                (
                    error.field.as_deref(),
                    error.member.as_str(),
                    error.code.as_str(),
                    error.message.as_str(),
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                (Some("investment_planned"), "ztz", "range", "总投资超限"),
                (None, "", "", "其他")
            ]
        );
    }
}
