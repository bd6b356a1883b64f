//! `/oidc/userinfo`: who has signed in.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/userinfo>

use serde_json::json;

use super::{issuer::Visit, refusal::Refusal, sign_in::Answer};

/// Answers GET and POST with a user's bearer token.
pub(super) fn answer(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    if !matches!(visit.request.method, "GET" | "HEAD" | "POST") {
        return Err(Refusal::method("GET, POST", visit.request.method));
    }
    let refuse = |text: String| {
        let mut refusal = Refusal::new(401, "invalid_token", 50014, text);
        refusal.header = Some(("www-authenticate", "Bearer error=\"invalid_token\""));
        refusal
    };
    let caller = visit
        .issuer
        .caller(visit.request.authorization, visit.now)
        .map_err(|missing| refuse(missing.message))?;
    let accounts = visit.issuer.visibility.accounts();
    let user = caller
        .user
        .and_then(|id| accounts.user(&id))
        .ok_or_else(|| {
            refuse(
                "The access token is an app's own: nobody has signed in. Send a user's token."
                    .to_owned(),
            )
        })?;
    let (given, family) = user
        .display_name
        .split_once(' ')
        .unwrap_or((&user.display_name, ""));
    Ok(Answer::json(
        200,
        &json!({
            "sub": user.id,
            "name": user.display_name,
            "given_name": given,
            "family_name": family,
            "preferred_username": user.upn,
            "email": user.mail,
        }),
    )
    .not_stored())
}
