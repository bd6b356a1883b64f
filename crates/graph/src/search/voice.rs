//! `POST /search/query`: errors as the search service writes them.
//!
//! Documentation: <https://learn.microsoft.com/graph/errors>

use crate::error::{ErrorCode, PublicError, PublicErrorDetail};

/// The code of every level of `details` but the last.
const WRAPPER: &str = "System.AggregateException";

/// The code of the last level, which holds the plain text.
const LEAF: &str =
    "Microsoft.SubstrateSearch.Api.ErrorReporting.ResourceBasedExceptions.BadRequestException";

/// The outermost wrapper of nearly every message.
pub(super) const SEARCH_REQUEST: &str = "SearchRequest Invalid";

/// The wrapper of what concerns one request.
pub(super) const ENTITY_REQUEST: &str = "EntityRequest Invalid";

/// The wrapper of what concerns the query text.
pub(super) const QUERY: &str = "searchRequest -> query is invalid";

/// 400 `BadRequest` about one request: `SearchRequest Invalid (EntityRequest Invalid (leaf))`.
pub fn invalid(leaf: &str) -> PublicError {
    wrapped(&[SEARCH_REQUEST, ENTITY_REQUEST], leaf)
}

/// 400 `BadRequest` for a query that says nothing, in the recorded words.
pub fn query_string_required() -> PublicError {
    wrapped(
        &[SEARCH_REQUEST, ENTITY_REQUEST, QUERY],
        "queryString required",
    )
}

/// 400 `BadRequest` with the leaf inside the wrappers, outermost first, and a level of `details`
/// for every wrapper.
///
/// No `target` is set: on the wire it is the empty text, as recorded.
pub fn wrapped(wrappers: &[&str], leaf: &str) -> PublicError {
    let mut message = leaf.to_owned();
    let mut details = vec![detail(LEAF, leaf, Vec::new())];
    for (at, wrapper) in wrappers.iter().enumerate().rev() {
        message = format!("{wrapper} ({message})");
        // The outermost wrapper is the error itself.
        if at > 0 {
            details = vec![detail(WRAPPER, &message, details)];
        }
    }
    let mut error = PublicError::new(ErrorCode::BadRequest, message);
    error.details = details;
    error
}

fn detail(code: &str, message: &str, details: Vec<PublicErrorDetail>) -> PublicErrorDetail {
    PublicErrorDetail {
        code: code.to_owned(),
        message: message.to_owned(),
        target: None,
        details,
    }
}

/// 501 `notSupported`: the member is understood, and this release does not serve what it asks for.
pub fn not_supported(member: &str, sentence: &str) -> PublicError {
    let code = ErrorCode::NotSupported;
    let mut error = PublicError::new(code, sentence);
    error.target = Some(member.to_owned());
    let mut leaf = detail(code.as_str(), sentence, Vec::new());
    leaf.target = Some(member.to_owned());
    error.details.push(leaf);
    error
}

/// 403 `Forbidden` for a user's token without the permission to search external items.
///
/// `granted`: the names of the permissions that the token has.
pub fn forbidden(granted: &[&str]) -> PublicError {
    PublicError::new(
        ErrorCode::Forbidden,
        format!(
            "Access to ExternalItem in Graph API requires the following permissions: \
             ExternalItem.Read.All. However, the application only has the following permissions \
             granted: {}",
            granted.join(", ")
        ),
    )
    .with_help(
        "Authorization",
        "Grant the app the delegated permission ExternalItem.Read.All (`linkspan app set-scopes`), and ask for a new token with scope=https://graph.microsoft.com/.default.",
    )
}

/// 403 `Forbidden` for an application's token, whatever its roles: results depend on who asks.
pub fn application_refused() -> PublicError {
    PublicError::new(
        ErrorCode::Forbidden,
        "Access to ExternalItem in Graph API requires a user's token with the delegated permission \
         ExternalItem.Read.All. Application permissions are not supported: results depend on what \
         the signed-in user may see.",
    )
    .with_help(
        "Authorization",
        "Sign a user in and search with that token: with a device code, an authorization code, a password or on behalf of the user.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_nest_in_the_message_and_in_the_details() {
        let error = wrapped(
            &[SEARCH_REQUEST, ENTITY_REQUEST, QUERY],
            "queryString required",
        );
        let inner = "searchRequest -> query is invalid (queryString required)";
        let middle = format!("EntityRequest Invalid ({inner})");
        assert_eq!(error.message, format!("SearchRequest Invalid ({middle})"));
        assert_eq!((error.status, error.code), (400, ErrorCode::BadRequest));
        let leaf = detail(LEAF, "queryString required", Vec::new());
        let second = detail(WRAPPER, inner, vec![leaf]);
        assert_eq!(error.details, [detail(WRAPPER, &middle, vec![second])]);
    }

    #[test]
    fn one_request_is_two_wrappers() {
        let error = invalid("No.");
        assert_eq!(
            error.message,
            "SearchRequest Invalid (EntityRequest Invalid (No.))"
        );
        let leaf = detail(LEAF, "No.", Vec::new());
        let outer = detail(WRAPPER, "EntityRequest Invalid (No.)", vec![leaf]);
        assert_eq!(error.details, [outer]);
        assert_eq!(wrapped(&[SEARCH_REQUEST], "No.").details.len(), 1);
    }

    #[test]
    fn permissions_are_named() {
        let error = forbidden(&["User.Read", "Files.Read.All"]);
        assert_eq!((error.status, error.code), (403, ErrorCode::Forbidden));
        assert_eq!(
            error.message,
            "Access to ExternalItem in Graph API requires the following permissions: \
             ExternalItem.Read.All. However, the application only has the following permissions \
             granted: User.Read, Files.Read.All"
        );
        let error = application_refused();
        assert_eq!((error.status, error.code), (403, ErrorCode::Forbidden));
        assert!(error.message.contains("a user's token"));
    }

    #[test]
    fn what_is_not_served_is_named() {
        let error = not_supported("collapseProperties", "collapseProperties is not served.");
        assert_eq!((error.status, error.code), (501, ErrorCode::NotSupported));
        assert_eq!(error.target.as_deref(), Some("collapseProperties"));
        assert_eq!(error.details[0].message, error.message);
    }
}
