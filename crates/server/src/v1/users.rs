//! `/me`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/user-get>

use axum::http::StatusCode;
use graph::odata::{Context, List, QueryOptions};
use serde_json::{Value, json};
use tenant::{Error, accounts::User, users};

use crate::{ask::Ask, respond::Answer};

/// GET: 200 with the signed-in user.
pub(super) async fn get_me(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, List::Users.shape())?;
    let user = users::get_me(&ask.tenant, &ask.caller).await?;
    let mut body = ask.in_context(Context::Entity(List::Users), to_json(&user));
    options.keep_selected(&mut body);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// The members that the Graph answers without `$select`; what these accounts do not keep is null there too.
fn to_json(user: &User) -> Value {
    json!({
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": null,
        "jobTitle": null,
        "mail": user.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": null,
        "userPrincipalName": user.upn,
        "id": user.id,
    })
}
