//! Connections of the category `people`: what their schema and their items must be like.
//!
//! Documentation: <https://learn.microsoft.com/graph/peopleconnectors>

use super::ExternalConnection;
use crate::{
    acl::{AccessType, Acl, AclType},
    error::PublicError,
    generous::refused,
    schema::Schema,
};

/// The label of the property by which a profile finds its person.
const ACCOUNT: &str = "personAccount";

impl ExternalConnection {
    /// Does the connection carry the profiles of people?
    pub fn is_of_people(&self) -> bool {
        self.members
            .get("contentCategory")
            .is_some_and(|category| category == "people")
    }

    /// May the connection have this schema? One of people needs to say whose profile an item is.
    ///
    /// # Errors
    /// 400 naming the label.
    pub fn admit_schema(&self, schema: &Schema) -> Result<(), PublicError> {
        let mut labels = schema
            .properties
            .iter()
            .flat_map(|property| &property.labels);
        if !self.is_of_people() || labels.any(|label| label.as_str() == ACCOUNT) {
            return Ok(());
        }
        Err(refused(
            "properties",
            format!(
                "The connection '{}' has the contentCategory people, and no property of the schema has the label {ACCOUNT}; give it to the one that says whose profile an item is.",
                self.id
            ),
        ))
    }

    /// May an item of the connection have this ACL? Profiles are for everyone.
    ///
    /// # Errors
    /// 400 naming the entry.
    pub fn admit_acl(&self, acl: &[Acl]) -> Result<(), PublicError> {
        let is_for_everyone =
            |entry: &Acl| entry.kind == AclType::Everyone && entry.access == AccessType::Grant;
        if !self.is_of_people() {
            return Ok(());
        }
        match acl.iter().position(|entry| !is_for_everyone(entry)) {
            None => Ok(()),
            Some(at) => Err(refused(
                format_args!("acl[{at}]"),
                format!(
                    "The connection '{}' has the contentCategory people, whose items are for everyone; send an acl whose only entry has the type everyone and the accessType grant.",
                    self.id
                ),
            )),
        }
    }
}
