//! `/external/connections/{id}/schema`: which schema may follow which.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/externalconnectors-externalconnection-patch-schema>

use super::{Property, Schema};
use crate::{error::PublicError, generous::refused};

impl Schema {
    /// May this schema follow `former`? (`contract/external.md` §6)
    ///
    /// # Errors
    /// 400 naming the property and the change that is not allowed.
    pub fn replaces(&self, former: &Self) -> Result<(), PublicError> {
        former.properties.iter().try_for_each(|old| {
            match self.property(&old.name) {
                Some(new) => follows(old, new),
                None => Err(refused(
                    format!("properties.{}", old.name),
                    format!(
                        "Property `{}` is registered but missing from the new schema; a property cannot be \
                         deleted: send the whole schema, or delete the connection and create it again.",
                        old.name
                    ),
                )),
            }
        })
    }
}

fn follows(old: &Property, new: &Property) -> Result<(), PublicError> {
    let name = &old.name;
    let changed =
        |part: &str, help: String| Err(refused(format!("properties.{name}.{part}"), help));
    if old.name != new.name {
        return changed(
            "name",
            format!(
                "Property `{name}` is registered in this spelling and cannot become `{}`; \
                 names are compared without case.",
                new.name
            ),
        );
    }
    if old.kind != new.kind {
        return changed(
            "type",
            format!(
                "Property `{name}` is registered as {}; its type cannot become {}: \
                 add a property under another name.",
                old.kind, new.kind
            ),
        );
    }
    if old.is_refinable != new.is_refinable {
        return changed(
            "isRefinable",
            format!(
                "Property `{name}` is registered with isRefinable {}, which cannot be changed; \
                 add a property under another name.",
                old.is_refinable
            ),
        );
    }
    if old.is_retrievable && !new.is_retrievable {
        return changed(
            "isRetrievable",
            format!("Property `{name}` is registered as retrievable, which cannot be taken back."),
        );
    }
    Ok(())
}
