//! `@odata.context`: the address in the metadata that describes an answer.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html>

use super::List;

/// What an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context<'a> {
    /// A collection; with `$select`, the selected names.
    List(List<'a>, &'a [String]),
    /// One member of a collection.
    Entity(List<'a>),
    /// A connection's schema.
    Schema {
        /// The connection's id.
        connection: &'a str,
    },
    /// How much a connection may still take.
    Quota {
        /// The connection's id.
        connection: &'a str,
    },
    /// The results of `addActivities`.
    ActivityResults,
    /// The responses of a search.
    SearchResponses,
    /// Who did what an activity tells of.
    PerformedBy {
        /// The connection's id.
        connection: &'a str,
        /// The item's id.
        item: &'a str,
        /// The activity's id.
        activity: &'a str,
    },
}

/// The value of `@odata.context` below a base such as `https://graph.microsoft.com/v1.0`.
///
/// Connections use the entity set `connections`, what they contain the path below `external`:
/// that is what the real answers say (`contract/external.md` §17.1).
pub fn context(base: &str, what: Context<'_>) -> String {
    let base = base.trim_end_matches('/');
    let fragment = match what {
        Context::List(list, []) => list.fragment(),
        Context::List(list, names) => format!("{}({})", list.fragment(), names.join(",")),
        Context::Entity(list) => format!("{}/$entity", list.fragment()),
        Context::Schema { connection } => format!("{}/$entity", contained(connection, "schema")),
        Context::Quota { connection } => format!("{}/$entity", contained(connection, "quota")),
        Context::PerformedBy {
            connection,
            item,
            activity,
        } => {
            let activities = List::Activities { connection, item }.fragment();
            format!("{activities}('{}')/performedBy/$entity", doubled(activity))
        }
        Context::ActivityResults => {
            "Collection(microsoft.graph.externalConnectors.externalActivityResult)".to_owned()
        }
        Context::SearchResponses => "Collection(microsoft.graph.searchResponse)".to_owned(),
    };
    format!("{base}/$metadata#{fragment}")
}

/// What a connection contains.
pub(super) fn contained(connection: &str, what: &str) -> String {
    format!("external/connections('{}')/{what}", doubled(connection))
}

/// A quote in a key is written twice.
pub(super) fn doubled(id: &str) -> String {
    id.replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_those_of_the_contract() {
        let base = "https://graph.microsoft.com/v1.0";
        let check = |what: Context<'_>, expect: &str| {
            assert_eq!(context(base, what), format!("{base}/$metadata#{expect}"));
        };
        let connection = "coursecatalog";
        let selected = ["id".to_owned(), "name".to_owned()];
        check(Context::List(List::Connections, &[]), "connections");
        check(
            Context::List(List::Connections, &selected),
            "connections(id,name)",
        );
        check(Context::Entity(List::Connections), "connections/$entity");
        check(
            Context::Schema { connection },
            "external/connections('coursecatalog')/schema/$entity",
        );
        check(
            Context::Entity(List::Operations { connection }),
            "external/connections('coursecatalog')/operations/$entity",
        );
        check(
            Context::List(List::Items { connection }, &selected),
            "external/connections('coursecatalog')/items(id,name)",
        );
        check(
            Context::Entity(List::Groups { connection }),
            "external/connections('coursecatalog')/groups/$entity",
        );
        let group = "o'g";
        check(
            Context::Entity(List::Members { connection, group }),
            "external/connections('coursecatalog')/groups('o''g')/members/$entity",
        );
        check(
            Context::PerformedBy {
                connection,
                item: "T-1",
                activity: "1",
            },
            "external/connections('coursecatalog')/items('T-1')/activities('1')/performedBy/$entity",
        );
        check(
            Context::Quota { connection },
            "external/connections('coursecatalog')/quota/$entity",
        );
        check(
            Context::ActivityResults,
            "Collection(microsoft.graph.externalConnectors.externalActivityResult)",
        );
        check(
            Context::SearchResponses,
            "Collection(microsoft.graph.searchResponse)",
        );
        check(Context::Entity(List::Users), "users/$entity");
        assert_eq!(
            context("http://localhost:8080/beta/", Context::Entity(List::Users)),
            "http://localhost:8080/beta/$metadata#users/$entity"
        );
    }
}
