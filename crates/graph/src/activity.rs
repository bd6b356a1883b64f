//! `POST /external/connections/{connection}/items/{item}/addActivities`: `externalActivity`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/externalconnectors-externalitem-addactivities>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    error::PublicError,
    generous::{array, choice, malformed, member, object, quoted, refused, text},
    group::Identity,
    known::Known,
    limits::ACTIVITIES_MAX,
    value::DateTime,
};

/// The type of one result.
const RESULT_TYPE: &str = "#microsoft.graph.externalConnectors.externalActivityResult";

/// The members of the request that are read.
pub const MEMBERS: Known = Known {
    members: &["activities"],
    older: &[],
    below: &[("activities", &ACTIVITY)],
};

const ACTIVITY: Known = Known {
    members: &["type", "startDateTime", "performedBy"],
    older: &[],
    below: &[("performedBy", &Identity::MEMBERS)],
};

/// Something that somebody did with an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// What was done.
    pub kind: ActivityType,
    /// `startDateTime`: when it was done.
    pub start_at: DateTime,
    /// `performedBy`: who did it.
    pub performed_by: Identity,
}

/// `externalActivityType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ActivityType {
    /// Looked at.
    Viewed,
    /// Changed.
    Modified,
    /// Made.
    Created,
    /// Commented on.
    Commented,
}

/// One element of the request: an activity, or why it is none.
///
/// Elements fail one by one, because the answer may be 207.
pub type ActivityDraft = Result<Activity, PublicError>;

impl Activity {
    /// The activity as the Graph prints it.
    pub fn to_json(&self) -> Value {
        json!({
            "type": self.kind,
            "startDateTime": self.start_at.to_string(),
            "performedBy": self.performed_by.to_json(),
        })
    }

    /// Reads back what [`Activity::to_json`] wrote.
    ///
    /// # Errors
    /// A sentence for the log when the text is not of that form.
    pub fn from_kept(kept: &str) -> Result<Self, String> {
        let kept: Value = serde_json::from_str(kept)
            .map_err(|error| format!("the kept activity cannot be read: {error}"))?;
        activity_draft("activity", &kept).map_err(|refusal| {
            let target = refusal.target.unwrap_or_default();
            format!("the kept activity breaks the rule of {target}")
        })
    }
}

/// Reads the body of `addActivities`.
///
/// # Errors
/// 400 when the body is no object with 1 to 20 `activities`; what is wrong with one element is
/// said in its place.
pub fn read(body: &Value) -> Result<Vec<ActivityDraft>, PublicError> {
    let body = object("addActivities", body)?;
    let Some(activities) = member(body, "activities") else {
        let help = format!("activities is missing; send 1 to {ACTIVITIES_MAX} activities.");
        return Err(malformed("activities", help));
    };
    let activities = array("activities", activities)?;
    if !(1..=ACTIVITIES_MAX).contains(&activities.len()) {
        let help = format!(
            "activities has {} entries; it must have 1 to {ACTIVITIES_MAX}.",
            activities.len()
        );
        return Err(refused("activities", help));
    }
    Ok(activities
        .iter()
        .enumerate()
        .map(|(at, activity)| activity_draft(&format!("activities[{at}]"), activity))
        .collect())
}

fn activity_draft(target: &str, value: &Value) -> ActivityDraft {
    let activity = object(target, value)?;
    let required = |name: &str, what: &str| {
        let place = format!("{target}.{name}");
        member(activity, name)
            .ok_or_else(|| malformed(&place, format!("{place} is missing; it must be {what}.")))
            .map(|value| (place.clone(), value))
    };
    let (place, value) = required("type", "viewed, modified, created or commented")?;
    let kind = choice(
        place,
        value,
        &[
            ("viewed", ActivityType::Viewed),
            ("modified", ActivityType::Modified),
            ("created", ActivityType::Created),
            ("commented", ActivityType::Commented),
        ],
    )?;
    let (place, value) = required(
        "startDateTime",
        "a date and time such as 2026-01-31T09:30:00Z",
    )?;
    let start_at = DateTime::parse(text(&place, value)?).map_err(|fault| {
        let help = format!("{place}: {} {fault}.", quoted(value));
        refused(&place, help)
    })?;
    let (place, value) = required("performedBy", "who did it, an object with type and id")?;
    let performed_by = Identity::read(value).map_err(|error| beneath(&place, error))?;
    Ok(Activity {
        kind,
        start_at,
        performed_by,
    })
}

/// The same refusal, with its place told from the body instead of from the identity.
fn beneath(place: &str, mut error: PublicError) -> PublicError {
    let full = |target: Option<String>| match target {
        Some(name) if name != "identity" => Some(format!("{place}.{name}")),
        _ => Some(place.to_owned()),
    };
    error.target = full(error.target);
    for detail in &mut error.details {
        detail.target = full(detail.target.take());
        detail.message = format!("In {place}: {}", detail.message);
    }
    if let Some(inner) = &mut error.inner {
        inner.message = format!("In {place}: {}", inner.message);
    }
    error
}

/// The status of the answer: 200, or 207 when at least one activity failed.
pub fn status(drafts: &[ActivityDraft]) -> u16 {
    if drafts.iter().all(Result::is_ok) {
        200
    } else {
        207
    }
}

/// The answer to the request that had this body: one `externalActivityResult` per activity, in order.
///
/// `type` and `startDateTime` are those that were read; where the activity was refused they are repeated as they were sent, and left out where nothing
/// like them was sent, since neither can be null.
pub fn results_json(body: &Value, drafts: &[ActivityDraft]) -> Value {
    let sent = body
        .as_object()
        .and_then(|body| member(body, "activities"))
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let results: Vec<Value> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| result_json(sent.get(at), draft))
        .collect();
    json!({ "value": results })
}

fn result_json(sent: Option<&Value>, draft: &ActivityDraft) -> Value {
    let repeated = |name: &str| {
        sent.and_then(Value::as_object)
            .and_then(|activity| member(activity, name))
            .filter(|value| value.is_string())
            .cloned()
    };
    let (kind, start_at) = match draft {
        Ok(activity) => (
            Some(json!(activity.kind)),
            Some(json!(activity.start_at.to_string())),
        ),
        Err(_) => (repeated("type"), repeated("startDateTime")),
    };
    let mut result = Map::new();
    result.insert("@odata.type".to_owned(), json!(RESULT_TYPE));
    result.extend(kind.map(|kind| ("type".to_owned(), kind)));
    result.extend(start_at.map(|at| ("startDateTime".to_owned(), at)));
    let error = draft.as_ref().err().map(PublicError::to_public_error_json);
    result.insert("error".to_owned(), json!(error));
    Value::Object(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::group::IdentityType;

    fn good() -> Value {
        json!({
            "@odata.type": "#microsoft.graph.externalConnectors.externalActivity",
            "type": "Created",
            "startDateTime": "2021-04-06T18:04:31.033Z",
            "performedBy": {"type": "user", "id": "1f0c997e-99f7-43f1-8cca-086f8d42be8d"}
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut activity = good();
        activity[name] = value;
        activity
    }

    #[test]
    fn good_activities_are_read() {
        let body = json!({"activities": [good()]});
        let drafts = read(&body).unwrap();
        assert_eq!(status(&drafts), 200);
        let activity = drafts[0].as_ref().unwrap();
        assert_eq!(activity.kind, ActivityType::Created);
        assert_eq!(activity.performed_by.kind, IdentityType::User);
        let kept = activity.to_json().to_string();
        assert_eq!(Activity::from_kept(&kept).as_ref(), Ok(activity));
        assert!(Activity::from_kept(r#"{"type":"viewed"}"#).is_err());
        assert_eq!(
            results_json(&body, &drafts),
            json!({"value": [{
                "@odata.type": RESULT_TYPE, "type": "created",
                "startDateTime": "2021-04-06T18:04:31.033Z", "error": null
            }]})
        );
    }

    #[test]
    fn results_repeat_what_was_read_and_never_a_null() {
        let loose = with("startDateTime", json!("2021-04-06 18:04:31+02:00"));
        let body = json!({"activities": [loose, {}, {"type": 5, "startDateTime": "x"}]});
        let drafts = read(&body).unwrap();
        let results = results_json(&body, &drafts);
        assert_eq!(results["value"][0]["startDateTime"], "2021-04-06T16:04:31Z");
        let members = |at: usize| results["value"][at].as_object().unwrap();
        assert!(!members(1).contains_key("type") && !members(1).contains_key("startDateTime"));
        assert!(!members(2).contains_key("type"));
        assert_eq!(members(2)["startDateTime"], "x");
        let help = &drafts[1].as_ref().unwrap_err().details[0].message;
        assert!(
            help.contains("activities[0].type") || help.contains("viewed, modified"),
            "{help}"
        );
    }

    #[test]
    fn bad_activities_fail_one_by_one() {
        let check = |bad: Value, target: &str| {
            let body = json!({"activities": [good(), bad, good()]});
            let drafts = read(&body).unwrap();
            assert_eq!(status(&drafts), 207);
            let error = drafts[1].as_ref().unwrap_err();
            assert_eq!(error.target.as_deref(), Some(target), "{body}");
            let results = results_json(&body, &drafts);
            assert_eq!(results["value"][0]["error"], Value::Null);
            assert_eq!(results["value"][1]["error"]["target"], target);
            assert_eq!(results["value"][1]["error"]["code"], "InvalidRequest");
            assert_eq!(results["value"][2]["error"], Value::Null);
        };
        check(json!(5), "activities[1]");
        check(with("type", json!("liked")), "activities[1].type");
        check(with("type", Value::Null), "activities[1].type");
        check(
            with("startDateTime", json!("yesterday")),
            "activities[1].startDateTime",
        );
        check(
            with("startDateTime", json!(5)),
            "activities[1].startDateTime",
        );
        check(
            with("performedBy", Value::Null),
            "activities[1].performedBy",
        );
        check(
            with("performedBy", json!("alice")),
            "activities[1].performedBy",
        );
        check(
            with("performedBy", json!({"type": "user"})),
            "activities[1].performedBy.id",
        );
        check(
            with("performedBy", json!({"id": "x"})),
            "activities[1].performedBy.type",
        );
    }

    #[test]
    fn the_whole_request_may_be_refused() {
        let check = |body: Value, target: &str| {
            let error = read(&body).unwrap_err();
            assert_eq!(error.status, 400);
            assert_eq!(error.target.as_deref(), Some(target), "{body}");
        };
        check(json!([]), "addActivities");
        check(json!({}), "activities");
        check(json!({"activities": null}), "activities");
        check(json!({"activities": good()}), "activities");
        check(json!({"activities": []}), "activities");
        check(json!({"activities": vec![good(); 21]}), "activities");
        assert_eq!(
            read(&json!({"activities": vec![good(); 20]}))
                .unwrap()
                .len(),
            20
        );
    }

    proptest! {
        #[test]
        fn any_activity_is_read_or_refused(
            name in prop::sample::select(vec!["type", "startDateTime", "performedBy", "activities"]),
            word in ".{0,12}",
            number in any::<i64>(),
        ) {
            for value in [json!(word), json!(number), json!([word]), json!({"id": word, "type": "user"})] {
                let activity = with(name, value);
                for body in [activity.clone(), json!({"activities": [activity]})] {
                    match read(&body) {
                        Err(error) => prop_assert_eq!(error.status, 400),
                        Ok(drafts) => {
                            let results = results_json(&body, &drafts);
                            prop_assert_eq!(results["value"].as_array().map(Vec::len), Some(drafts.len()));
                        }
                    }
                }
            }
        }
    }
}
