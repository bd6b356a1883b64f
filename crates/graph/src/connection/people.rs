//! Connections of the category `people`: what their schema and their items must be like.
//!
//! Documentation: <https://learn.microsoft.com/graph/peopleconnectors>

use super::ExternalConnection;
use crate::{
    acl::{AccessType, Acl, AclType},
    error::PublicError,
    generous::refused,
    item::ExternalItem,
    limits::PERSON_CONTACTS_MAX,
    schema::Schema,
    value::Value,
};

/// The labels of which a profile has few values.
const FEW: [&str; 2] = ["personEmails", "personAddresses"];

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

    /// May the connection hold this item? Profiles are for everyone, and have few addresses.
    ///
    /// # Errors
    /// 400 naming the entry of the ACL, or the property.
    pub fn admit_item(&self, item: &ExternalItem, schema: &Schema) -> Result<(), PublicError> {
        if !self.is_of_people() {
            return Ok(());
        }
        self.admit_acl(&item.acl)?;
        FEW.iter().try_for_each(|label| few(label, item, schema))
    }

    /// May the connection become one of people while it holds so many items? Those were put under other rules.
    ///
    /// # Errors
    /// 400 naming the category.
    pub fn admit_category(&self, items: u64) -> Result<(), PublicError> {
        if items == 0 {
            return Ok(());
        }
        Err(refused(
            "contentCategory",
            format!(
                "contentCategory is \"people\", and the connection '{}' holds {items} items that were put under other rules; delete them first, or make a new connection for people.",
                self.id
            ),
        ))
    }

    fn admit_acl(&self, acl: &[Acl]) -> Result<(), PublicError> {
        let is_for_everyone =
            |entry: &Acl| entry.kind == AclType::Everyone && entry.access == AccessType::Grant;
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

/// At most three values of the property with this label.
fn few(label: &str, item: &ExternalItem, schema: &Schema) -> Result<(), PublicError> {
    let Some(property) = schema.labelled(label) else {
        return Ok(());
    };
    let count = match item.property(&property.name) {
        Some(Value::Strings(values)) => values.len(),
        _ => 0,
    };
    if count <= PERSON_CONTACTS_MAX {
        return Ok(());
    }
    let name = &property.name;
    Err(refused(
        format_args!("properties.{name}"),
        format!(
            "Property `{name}` has the label {label} and {count} values; a profile has at most {PERSON_CONTACTS_MAX} of them: send the most important ones."
        ),
    ))
}
