//! `@odata.context`: the address in the metadata that describes an answer.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html>

/// What an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context<'a> {
    /// A list of connections; with `$select`, the selected names.
    Connections(&'a [String]),
    /// One connection.
    Connection,
    /// A connection's schema.
    Schema {
        /// The connection's id.
        connection: &'a str,
    },
    /// One operation.
    Operation {
        /// The connection's id.
        connection: &'a str,
    },
    /// One item.
    Item {
        /// The connection's id.
        connection: &'a str,
    },
    /// One external group.
    Group {
        /// The connection's id.
        connection: &'a str,
    },
    /// One member of an external group.
    Member {
        /// The connection's id.
        connection: &'a str,
        /// The group's id.
        group: &'a str,
    },
    /// The results of `addActivities`.
    ActivityResults,
    /// The responses of a search.
    SearchResponses,
    /// The signed-in user.
    Me,
}

/// The value of `@odata.context` below a base such as `https://graph.microsoft.com/v1.0`.
///
/// Connections use the entity set `connections`, what they contain the path below `external`:
/// that is what the real answers say (`contract/external.md` §17.1).
pub fn context(base: &str, what: Context<'_>) -> String {
    let base = base.trim_end_matches('/');
    let fragment = match what {
        Context::Connections([]) => "connections".to_owned(),
        Context::Connections(names) => format!("connections({})", names.join(",")),
        Context::Connection => "connections/$entity".to_owned(),
        Context::Schema { connection } => contained(connection, "schema"),
        Context::Operation { connection } => contained(connection, "operations"),
        Context::Item { connection } => contained(connection, "items"),
        Context::Group { connection } => contained(connection, "groups"),
        Context::Member { connection, group } => {
            contained(connection, &format!("groups('{}')/members", doubled(group)))
        }
        Context::ActivityResults => {
            "Collection(microsoft.graph.externalConnectors.externalActivityResult)".to_owned()
        }
        Context::SearchResponses => "Collection(microsoft.graph.searchResponse)".to_owned(),
        Context::Me => "users/$entity".to_owned(),
    };
    format!("{base}/$metadata#{fragment}")
}

fn contained(connection: &str, collection: &str) -> String {
    format!(
        "external/connections('{}')/{collection}/$entity",
        doubled(connection)
    )
}

/// A quote in a key is written twice.
fn doubled(id: &str) -> String {
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
        check(Context::Connections(&[]), "connections");
        check(Context::Connections(&selected), "connections(id,name)");
        check(Context::Connection, "connections/$entity");
        check(
            Context::Schema { connection },
            "external/connections('coursecatalog')/schema/$entity",
        );
        check(
            Context::Operation { connection },
            "external/connections('coursecatalog')/operations/$entity",
        );
        check(
            Context::Item { connection },
            "external/connections('coursecatalog')/items/$entity",
        );
        check(
            Context::Group { connection },
            "external/connections('coursecatalog')/groups/$entity",
        );
        check(
            Context::Member {
                connection,
                group: "o'g",
            },
            "external/connections('coursecatalog')/groups('o''g')/members/$entity",
        );
        check(
            Context::ActivityResults,
            "Collection(microsoft.graph.externalConnectors.externalActivityResult)",
        );
        check(
            Context::SearchResponses,
            "Collection(microsoft.graph.searchResponse)",
        );
        check(Context::Me, "users/$entity");
        assert_eq!(
            context("http://localhost:8080/beta/", Context::Me),
            "http://localhost:8080/beta/$metadata#users/$entity"
        );
    }
}
