//! `/logout`: the end of a session in the browser. None is kept here, so that what is left is to send the browser back.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request>

use super::{issuer::Visit, page::Page, redirect, refusal::quote, sign_in::Answer};

/// Answers GET and POST: back to the app, if the address is one of its own, or with a page.
pub(super) fn answer(visit: &Visit<'_>) -> Answer {
    let form = match visit.fields() {
        Ok(form) => form,
        Err(refusal) => return Page::problem(refusal.status, &refusal.text).answer(),
    };
    let Some(uri) = form.get("post_logout_redirect_uri") else {
        let body = "<p role=\"status\">Nobody is signed in in this browser. Tokens that apps hold count until they expire. You can close this page.</p>";
        return Page::new(200, "Signed out", body.to_owned()).answer();
    };
    let accounts = visit.issuer.visibility.accounts();
    let is_known = match form.get("client_id") {
        Some(id) => accounts
            .app(id)
            .is_some_and(|app| redirect::is_allowed(app, uri)),
        None => {
            redirect::is_loopback(uri)
                || accounts
                    .apps
                    .iter()
                    .any(|app| redirect::is_allowed(app, uri))
        }
    };
    if !is_known {
        let text = format!(
            "AADSTS50011: You are signed out, but the address {} is not registered for an app, and is no http address of this machine. Register it with `linkspan app add-redirect`.",
            quote(uri)
        );
        return Page::problem(400, &text).answer();
    }
    let state: Vec<_> = form
        .get("state")
        .map(|state| ("state", state.to_owned()))
        .into_iter()
        .collect();
    Answer::redirect(redirect::with(uri, '?', &state))
}
