//! `/me` and `/users`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/user>

use axum::http::StatusCode;
use graph::odata::{Context, List, QueryOptions};
use serde_json::{Value, json};
use tenant::{Error, accounts::User, users};

use super::{
    directory::{self, Unset},
    page::{self, Chunk, Row, SIZE},
};
use crate::{ask::Ask, respond::Answer};

/// The members that the Graph answers without `$select`.
const USUAL: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];

/// Members that are lists.
const LISTS: Unset = &[
    "businessPhones",
    "assignedLicenses",
    "assignedPlans",
    "identities",
    "imAddresses",
    "otherMails",
    "proxyAddresses",
];

/// GET of the signed-in user: 200.
pub(super) async fn get_me(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let user = users::get_me(&ask.tenant, &ask.caller).await?;
    one(ask, &user)
}

/// GET: 200.
pub(super) async fn get_user(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let user = users::get_user(&ask.tenant, &ask.caller, ask.params.user()).await?;
    one(ask, &user)
}

fn one(ask: &Ask<'_>, user: &User) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, List::Users.shape(ask.beta))?;
    let mut members = to_json(user);
    directory::keep(&options, &USUAL, &mut members);
    let body = ask.in_context(Context::Entity(List::Users), members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// GET of the collection: 200.
pub(super) async fn list_users(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    let mut page = page::page(ask, List::Users, SIZE, |_| rows(ask)).await?;
    let shown = directory::shown(&page, &USUAL);
    page.show(shown);
    Ok(page.answer(ask, List::Users))
}

/// GET of their number: 200.
pub(super) async fn count_users(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, List::Users, |_| rows(ask)).await
}

async fn rows(ask: &Ask<'_>) -> Result<Chunk, Error> {
    let all = users::list_users(&ask.tenant, &ask.caller).await?;
    let row = |user: &User| Row {
        place: user.id.clone(),
        members: to_json(user),
    };
    Ok(Chunk::all(all.iter().map(row).collect()))
}

/// Every member that can be selected.
fn to_json(user: &User) -> Value {
    let kept = json!({
        "displayName": user.display_name,
        "mail": user.mail,
        "userPrincipalName": user.upn,
        "id": user.id,
        "userType": if user.guest { "Guest" } else { "Member" },
        "mailNickname": user.name,
        "accountEnabled": true,
    });
    directory::whole(List::Users, &kept, LISTS)
}
