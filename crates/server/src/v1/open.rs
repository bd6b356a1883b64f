//! `/{version}/…`: from a row of the table to the function behind it.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/overview>

use graph::{
    ErrorCode, PublicError,
    route::{Door, Serving},
};
use tenant::Error;

use super::{connections, groups, items, operations, schema, search, users};
use crate::{ask::Ask, batch, respond::Answer};

/// Opens the door that the row names.
///
/// # Errors
/// What the door answers; 501 or 404 for an operation that is known and not served.
pub(crate) async fn open(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let answer = enter(ask).await?;
    Ok(match ask.route.door {
        Door::CreateConnection
        | Door::CreateConnectionRef
        | Door::UpdateConnection
        | Door::PutItem
        | Door::UpdateItem
        | Door::CreateGroup
        | Door::UpdateGroup
        | Door::AddMember => answer.returning(ask.exchange.prefers.returned),
        _ => answer,
    })
}

async fn enter(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    match ask.route.door {
        Door::ListConnections => connections::list_connections(ask).await,
        Door::CountConnections => connections::count_connections(ask).await,
        Door::CreateConnection | Door::CreateConnectionRef => {
            connections::create_connection(ask).await
        }
        Door::GetConnection => connections::get_connection(ask).await,
        Door::UpdateConnection => connections::update_connection(ask).await,
        Door::DeleteConnection => connections::delete_connection(ask).await,
        Door::GetSchema => schema::get_schema(ask).await,
        Door::RegisterSchema | Door::RegisterSchemaPost => schema::register_schema(ask).await,
        Door::GetOperation => operations::get_operation(ask).await,
        Door::GetItem => items::get_item(ask).await,
        Door::PutItem => items::put_item(ask).await,
        Door::UpdateItem => items::update_item(ask).await,
        Door::DeleteItem => items::delete_item(ask).await,
        Door::AddActivities => items::add_activities(ask).await,
        Door::CreateGroup => groups::create_group(ask).await,
        Door::GetGroup => groups::get_group(ask).await,
        Door::UpdateGroup => groups::update_group(ask).await,
        Door::DeleteGroup => groups::delete_group(ask).await,
        Door::AddMember => groups::add_member(ask).await,
        Door::RemoveMember => groups::remove_member(ask).await,
        Door::Query => search::query(ask).await,
        Door::GetMe => users::get_me(ask).await,
        Door::Batch => batch::batch(ask).await,
        Door::Refused => Err(not_served(ask.route.serving).into()),
    }
}

/// Why a row has no door.
fn not_served(serving: Serving) -> PublicError {
    match serving {
        Serving::Refused(reason) => PublicError::new(ErrorCode::NotSupported, reason),
        // The live service answers such an operation as if it did not exist, without a word.
        Serving::Absent | Serving::Served => PublicError::new(ErrorCode::UnknownError, ""),
    }
}
