//! `/external/connections/{connection}/items`: the collections that can be read, each with its path and its context.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/indexing-api-overview>

use super::{
    context::{contained, doubled},
    shape::Shape,
    shapes,
};

/// A collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List<'a> {
    /// `/external/connections`.
    Connections,
    /// `/external/connections/{connection}/operations`.
    Operations {
        /// The connection's id.
        connection: &'a str,
    },
    /// `/external/connections/{connection}/items`.
    Items {
        /// The connection's id.
        connection: &'a str,
    },
    /// `/external/connections/{connection}/items/{item}/activities`.
    Activities {
        /// The connection's id.
        connection: &'a str,
        /// The item's id.
        item: &'a str,
    },
    /// `/external/connections/{connection}/groups`.
    Groups {
        /// The connection's id.
        connection: &'a str,
    },
    /// `/external/connections/{connection}/groups/{group}/members`.
    Members {
        /// The connection's id.
        connection: &'a str,
        /// The group's id.
        group: &'a str,
    },
    /// `/users`.
    Users,
    /// `/groups`.
    DirectoryGroups,
}

impl List<'_> {
    /// What the query options may name on `/beta`, or on `/v1.0`.
    pub const fn shape(self, beta: bool) -> &'static Shape {
        match self {
            Self::Connections if beta => &shapes::CONNECTIONS,
            Self::Connections => &shapes::CONNECTIONS_OF_V1,
            Self::Operations { .. } => &shapes::OPERATIONS,
            Self::Items { .. } => &shapes::ITEMS,
            Self::Activities { .. } => &shapes::ACTIVITIES,
            Self::Groups { .. } => &shapes::GROUPS,
            Self::Members { .. } => &shapes::MEMBERS,
            Self::Users => &shapes::USERS,
            Self::DirectoryGroups => &shapes::DIRECTORY_GROUPS,
        }
    }

    /// The path below the version, its ids percent-encoded.
    pub fn path(self) -> String {
        let below = |connection: &str, rest: String| {
            format!("external/connections/{}/{rest}", encoded(connection))
        };
        match self {
            Self::Connections => "external/connections".to_owned(),
            Self::Operations { connection } => below(connection, "operations".to_owned()),
            Self::Items { connection } => below(connection, "items".to_owned()),
            Self::Activities { connection, item } => {
                below(connection, format!("items/{}/activities", encoded(item)))
            }
            Self::Groups { connection } => below(connection, "groups".to_owned()),
            Self::Members { connection, group } => {
                below(connection, format!("groups/{}/members", encoded(group)))
            }
            Self::Users => "users".to_owned(),
            Self::DirectoryGroups => "groups".to_owned(),
        }
    }

    /// The path of one of its members below the version, percent-encoded.
    pub fn member_path(self, id: &str) -> String {
        format!("{}/{}", self.path(), encoded(id))
    }

    /// The type of its members, as `@odata.type` names it.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Connections => "#microsoft.graph.externalConnectors.externalConnection",
            Self::Operations { .. } => "#microsoft.graph.externalConnectors.connectionOperation",
            Self::Items { .. } => "#microsoft.graph.externalConnectors.externalItem",
            Self::Activities { .. } => "#microsoft.graph.externalConnectors.externalActivity",
            Self::Groups { .. } => "#microsoft.graph.externalConnectors.externalGroup",
            Self::Members { .. } => "#microsoft.graph.externalConnectors.identity",
            Self::Users => "#microsoft.graph.user",
            Self::DirectoryGroups => "#microsoft.graph.group",
        }
    }

    /// The collection as `@odata.context` names it.
    pub(super) fn fragment(self) -> String {
        match self {
            Self::Connections => "connections".to_owned(),
            Self::Operations { connection } => contained(connection, "operations"),
            Self::Items { connection } => contained(connection, "items"),
            Self::Activities { connection, item } => contained(
                connection,
                &format!("items('{}')/activities", doubled(item)),
            ),
            Self::Groups { connection } => contained(connection, "groups"),
            Self::Members { connection, group } => {
                contained(connection, &format!("groups('{}')/members", doubled(group)))
            }
            Self::Users => "users".to_owned(),
            Self::DirectoryGroups => "groups".to_owned(),
        }
    }
}

/// Everything but letters, digits and `-._~` is escaped.
fn encoded(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::path;

    #[test]
    fn a_path_leads_back_to_its_ids() {
        let list = List::Activities {
            connection: "tickets",
            item: "a b('ä')+%2F",
        };
        let read = path(&list.path()).unwrap();
        let member = List::Groups {
            connection: "tickets",
        };
        assert_eq!(
            member.member_path("a="),
            "external/connections/tickets/groups/a%3D"
        );
        let names: Vec<&str> = read.iter().map(|segment| segment.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "external",
                "connections",
                "tickets",
                "items",
                "a b('ä')+%2F",
                "activities"
            ]
        );
        assert_eq!(
            list.fragment(),
            "external/connections('tickets')/items('a b(''ä'')+%2F')/activities"
        );
    }
}
