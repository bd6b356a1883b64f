//! `/external/connections/{id}/schema`: the semantic labels and the types they fit.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-property>

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PropertyType::{
    self, DateTime, Int64, Principal, PrincipalCollection, String as Text, StringCollection,
};
use crate::generous::same_name;

/// A semantic label, by the metadata's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

const TEXT: &[PropertyType] = &[Text];
const TEXTS: &[PropertyType] = &[StringCollection];
const ANY_TEXT: &[PropertyType] = &[Text, StringCollection];
const TIME: &[PropertyType] = &[DateTime];
const COUNT: &[PropertyType] = &[Int64, Text];
const PEOPLE: &[PropertyType] = &[Text, StringCollection, Principal, PrincipalCollection];

/// Every label of the metadata with the property types it fits (`contract/external.md` §5).
const LABELS: &[(&str, &[PropertyType])] = &[
    ("title", TEXT),
    ("url", TEXT),
    ("createdBy", TEXT),
    ("lastModifiedBy", TEXT),
    ("authors", ANY_TEXT),
    ("createdDateTime", TIME),
    ("lastModifiedDateTime", TIME),
    ("fileName", TEXT),
    ("fileExtension", TEXT),
    ("containerName", TEXT),
    ("containerUrl", TEXT),
    ("iconUrl", TEXT),
    ("assignedToPeople", PEOPLE),
    ("closedBy", PEOPLE),
    ("closedDate", TIME),
    ("priority", ANY_TEXT),
    ("sprintName", ANY_TEXT),
    ("tags", ANY_TEXT),
    ("severity", ANY_TEXT),
    ("state", ANY_TEXT),
    ("dueDate", TIME),
    ("itemParentId", ANY_TEXT),
    ("itemPath", ANY_TEXT),
    ("itemType", ANY_TEXT),
    ("numberOfReactions", COUNT),
    ("parentUrl", ANY_TEXT),
    ("priorityNormalized", COUNT),
    ("reportedBy", PEOPLE),
    ("secondaryId", ANY_TEXT),
    ("personEmails", TEXTS),
    ("personAddresses", TEXTS),
    ("personAnniversaries", TEXTS),
    ("personName", TEXT),
    ("personNote", TEXT),
    ("personPhones", TEXTS),
    ("personCurrentPosition", TEXT),
    ("personWebAccounts", TEXTS),
    ("personWebSite", TEXT),
    ("personSkills", TEXTS),
    ("personProjects", TEXTS),
    ("personAccount", TEXT),
    ("personAwards", TEXTS),
    ("personCertifications", TEXTS),
    // The next five are `WITHOUT_EFFECT`; the documentation gives no types.
    ("personAssistants", PEOPLE),
    ("personColleagues", PEOPLE),
    ("personManager", PEOPLE),
    ("personAlternateContacts", PEOPLE),
    ("personEmergencyContacts", PEOPLE),
    ("personEducationalActivities", TEXTS),
    ("personInterests", TEXTS),
    ("personLanguages", TEXTS),
    ("personPublications", TEXTS),
    ("personPatents", TEXTS),
    ("personWorkPositions", TEXTS),
];

/// Labels that the documentation declares and does not support.
const WITHOUT_EFFECT: [&str; 5] = [
    "personAssistants",
    "personColleagues",
    "personManager",
    "personAlternateContacts",
    "personEmergencyContacts",
];

/// What the documentation calls two labels of the metadata.
const OTHER_SPELLINGS: [(&str, &str); 2] = [
    ("assignedTo", "assignedToPeople"),
    ("numReactions", "numberOfReactions"),
];

impl Label {
    /// The label's name as the metadata spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The label meant by a name: any case, blanks dropped, and the documentation's other spellings.
    pub fn parse(text: &str) -> Option<Self> {
        let meant = OTHER_SPELLINGS
            .iter()
            .find(|(other, _)| same_name(other, text))
            .map_or(text, |(_, name)| *name);
        LABELS
            .iter()
            .find(|(name, _)| same_name(name, meant))
            .map(|(name, _)| Self((*name).to_owned()))
    }

    /// The names of all labels, in the metadata's order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        LABELS.iter().map(|(name, _)| *name)
    }

    /// Is the label declared, and by its documentation without effect?
    pub fn is_without_effect(&self) -> bool {
        WITHOUT_EFFECT.contains(&self.as_str())
    }

    /// Does the label name a part of a person's profile?
    pub(super) fn is_of_people(&self) -> bool {
        self.0.starts_with("person")
    }

    /// The types of property that may carry the label.
    pub fn types(&self) -> &'static [PropertyType] {
        LABELS
            .iter()
            .find(|(name, _)| *name == self.0)
            .map_or(&[], |(_, types)| types)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_in_every_spelling() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(
                Label::parse(text).as_ref().map(Label::as_str),
                expect,
                "{text}"
            );
        };
        check("title", Some("title"));
        check("IconURL", Some("iconUrl"));
        check("Last Modified By", Some("lastModifiedBy"));
        check("assignedTo", Some("assignedToPeople"));
        check("AssignedToPeople", Some("assignedToPeople"));
        check("numReactions", Some("numberOfReactions"));
        check("personWorkPositions", Some("personWorkPositions"));
        check("unknownFutureValue", None);
        check("titles", None);
        check("", None);
    }

    #[test]
    fn every_label_is_listed_once_and_fits_a_type() {
        let names: std::collections::BTreeSet<&str> = Label::names().collect();
        assert_eq!(names.len(), LABELS.len());
        // The metadata numbers 0 to 57 without 9 to 11 and without unknownFutureValue.
        assert_eq!(LABELS.len(), 54);
        assert!(WITHOUT_EFFECT.iter().all(|name| names.contains(name)));
        for name in names {
            assert!(!Label::parse(name).unwrap().types().is_empty(), "{name}");
        }
    }
}
