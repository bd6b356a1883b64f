//! `/{version}/…`: from a row of the table to the function behind it.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/overview>

use graph::{
    ErrorCode, PublicError,
    route::{Door, Serving},
};
use tenant::Error;

use super::{
    activities, connections, directory_groups, groups, items, members, operations, quota, schema,
    search, users,
};
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
        Door::ListOperations => operations::list_operations(ask).await,
        Door::CountOperations => operations::count_operations(ask).await,
        Door::GetQuota => quota::get_quota(ask).await,
        Door::GetOperation => operations::get_operation(ask).await,
        Door::ListItems => items::list_items(ask).await,
        Door::CountItems => items::count_items(ask).await,
        Door::GetItem => items::get_item(ask).await,
        Door::PutItem => items::put_item(ask).await,
        Door::UpdateItem => items::update_item(ask).await,
        Door::DeleteItem => items::delete_item(ask).await,
        Door::ListActivities => activities::list_activities(ask).await,
        Door::CountActivities => activities::count_activities(ask).await,
        Door::GetActivity => activities::get_activity(ask).await,
        Door::GetPerformedBy => activities::get_performed_by(ask).await,
        Door::AddActivities => activities::add_activities(ask).await,
        Door::ListGroups => groups::list_groups(ask).await,
        Door::CountGroups => groups::count_groups(ask).await,
        Door::CreateGroup => groups::create_group(ask).await,
        Door::GetGroup => groups::get_group(ask).await,
        Door::UpdateGroup => groups::update_group(ask).await,
        Door::DeleteGroup => groups::delete_group(ask).await,
        Door::ListMembers => members::list_members(ask).await,
        Door::CountMembers => members::count_members(ask).await,
        Door::GetMember => members::get_member(ask).await,
        Door::AddMember => members::add_member(ask).await,
        Door::RemoveMember => members::remove_member(ask).await,
        Door::Query => search::query(ask).await,
        Door::GetMe => users::get_me(ask).await,
        Door::ListUsers => users::list_users(ask).await,
        Door::CountUsers => users::count_users(ask).await,
        Door::GetUser => users::get_user(ask).await,
        Door::ListDirectoryGroups => directory_groups::list_directory_groups(ask).await,
        Door::CountDirectoryGroups => directory_groups::count_directory_groups(ask).await,
        Door::GetDirectoryGroup => directory_groups::get_directory_group(ask).await,
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
