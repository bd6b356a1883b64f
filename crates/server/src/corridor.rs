//! The one corridor of the API: token, row, permission, door. An entry of a batch walks it like any other request.
//!
//! The paths are OData's (`connections('id')`, doubled slashes, segments in any case), so they are read by our own small
//! parser into a row of `graph::route`.

use std::{borrow::Cow, sync::Arc};

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use graph::{
    ErrorCode, PublicError,
    generous::shown,
    limits::BODY_BYTES_MAX,
    odata,
    route::{self, Door, Found, Method, Params, Route, Segment, Serving, Voice},
};
use tenant::{Caller, Error, Tenant};

use crate::{
    ask::Ask,
    body::Incoming,
    identity::Issuer,
    journal::Operation,
    layers::{Exchange, origin},
    respond,
    router::{Front, Visit},
    tenants::NoCaller,
    v1,
    weather::Passage,
};

/// Who asks, and below which address: the same for a batch and for all its entries.
#[derive(Clone)]
pub(crate) struct Asker {
    /// The tenant that the token names.
    pub tenant: Arc<Tenant>,
    /// The tenant's issuer.
    pub issuer: Arc<Issuer>,
    /// Who asks.
    pub caller: Caller,
    /// Was `/beta` asked?
    pub beta: bool,
    /// Where this version begins, for example `https://localhost:7743/v1.0`.
    pub base: String,
}

/// One request, wherever it came from.
pub(crate) struct Errand<'r> {
    /// The ids, and how to answer.
    pub exchange: &'r Exchange,
    /// The method, as sent.
    pub method: &'r str,
    /// The path below the version.
    pub path: &'r str,
    /// The raw query string.
    pub query: &'r str,
    /// The headers.
    pub headers: &'r HeaderMap,
    /// The body, not yet read.
    pub body: &'r mut Incoming,
    /// Did it come in an envelope?
    pub in_batch: bool,
}

impl Front {
    /// Who asks and what for: the way into the corridor for a request of its own.
    pub(crate) async fn api(&self, visit: Visit<'_>, version: &str, path: &str) -> Response {
        let Visit {
            exchange,
            parts,
            body,
        } = visit;
        let origin = match origin(&self.settings, parts) {
            Ok(origin) => origin,
            Err(refusal) => return respond::error(exchange, refusal.into(), Voice::Gateway),
        };
        let beta = version == "beta";
        let method = parts.method.as_str();
        let (lease, caller) = match self.tenants.caller(exchange, &parts.headers).await {
            Ok(found) => found,
            Err(none) => {
                let is_refused = matches!(none, NoCaller::Unauthenticated(_));
                let mut response = none.answer(exchange);
                if is_refused && let Row::Known(route, params) = row(method, beta, path, false) {
                    let operation = Operation::of(route, None, params.get("connection"));
                    response.extensions_mut().insert(operation);
                }
                return response;
            }
        };
        let asker = Asker {
            tenant: Arc::clone(&lease.tenant),
            issuer: Arc::clone(&lease.issuer),
            caller,
            beta,
            base: format!("{origin}/{version}"),
        };
        let errand = Errand {
            exchange,
            method,
            path,
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
            in_batch: false,
        };
        self.walk(asker, errand).await
    }

    /// Row, then permission, then door: every request and every entry of a batch passes here once, with its caller known
    /// and its body unread.
    pub(crate) async fn walk(&self, asker: Asker, errand: Errand<'_>) -> Response {
        let exchange = match odata::Metadata::of_query(errand.query) {
            Ok(None) => Cow::Borrowed(errand.exchange),
            Ok(Some(metadata)) => Cow::Owned(Exchange {
                metadata,
                ..errand.exchange.clone()
            }),
            Err(refusal) => {
                return respond::error(errand.exchange, refusal.into(), Voice::Gateway);
            }
        };
        let (exchange, method) = (&*exchange, errand.method);
        let (route, params) = match row(method, asker.beta, errand.path, errand.in_batch) {
            Row::Known(route, params) => (route, params),
            Row::MethodNotAllowed(methods) => {
                return respond::method_not_allowed(exchange, &methods);
            }
            Row::Refused(refusal) => {
                return respond::error(exchange, refusal.into(), Voice::Gateway);
            }
        };
        if !matches!(route.door, Door::PutItem | Door::UpdateItem | Door::Batch) {
            errand.body.limit(BODY_BYTES_MAX);
        }
        let mut ask = Ask {
            front: self,
            exchange,
            tenant: asker.tenant,
            issuer: asker.issuer,
            caller: asker.caller,
            route,
            params,
            beta: asker.beta,
            base: asker.base,
            query: errand.query,
            headers: errand.headers,
            body: errand.body,
        };
        let weather = self.settings.weather.as_deref();
        let mut response = match Passage::enter(weather, exchange, &mut ask).await {
            Ok(passage) => {
                let response = match enter(&mut ask).await {
                    Ok(answer) => respond::answer(exchange, answer),
                    Err(error) => respond::error(exchange, error, route.voice),
                };
                passage.leave(exchange, &ask, response)
            }
            Err(struck) => struck,
        };
        let connection = ask.params.get("connection");
        let operation = Operation::of(route, Some(&ask.caller.app), connection);
        response.extensions_mut().insert(operation);
        response
    }
}

/// Permission is asked before the body is read: the door asks again, but nobody should have to send 30 MB to hear no.
async fn enter(ask: &mut Ask<'_>) -> Result<respond::Answer, Error> {
    if ask.route.serving == Serving::Served {
        ask.caller.may(ask.route.door)?;
        unmatched(ask)?;
        present(ask)?;
    }
    let answer = v1::open(ask).await?;
    // What was read is there, and that is all the client wanted to know.
    if ask.route.method == Method::Get && ask.only_if_absent() {
        return Ok(respond::Answer::bare(StatusCode::NOT_MODIFIED));
    }
    Ok(answer)
}

/// What must not be there can be neither changed nor deleted; a registration may make the first schema, and a PUT looks for itself.
fn present(ask: &Ask<'_>) -> Result<(), PublicError> {
    let changes = matches!(ask.route.method, Method::Patch | Method::Delete);
    if changes && ask.route.door != Door::RegisterSchema && ask.only_if_absent() {
        return Err(PublicError::present());
    }
    Ok(())
}

/// Nothing here has an ETag, so only `*` can match.
fn unmatched(ask: &Ask<'_>) -> Result<(), PublicError> {
    let wanted = ask.headers.get_all(header::IF_MATCH);
    let texts: Vec<&str> = wanted
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let tags = || texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    if ask.route.method == Method::Get || tags().all(str::is_empty) || tags().any(|tag| tag == "*")
    {
        return Ok(());
    }
    let message = format!(
        "No resource here has the ETag {}.",
        shown(&texts.join(", "))
    );
    Err(
        PublicError::new(ErrorCode::ResourceModified, message).with_help(
            "If-Match",
            "No ETags are issued: leave the header out, or send `If-Match: *`.",
        ),
    )
}

/// What a method and a path below the version mean.
enum Row {
    Known(&'static Route, Params),
    MethodNotAllowed(Vec<Method>),
    Refused(PublicError),
}

/// A batch speaks of methods where a request of its own would hear of an unknown segment.
fn row(method: &str, beta: bool, rest: &str, in_batch: bool) -> Row {
    let owned = match odata::path(rest) {
        Ok(owned) => owned,
        Err(refusal) => return Row::Refused(refusal),
    };
    match owned.as_slice() {
        [] => return Row::Refused(not_described("service document")),
        [only] if only.name.eq_ignore_ascii_case("$metadata") => {
            return Row::Refused(not_described("metadata document"));
        }
        _ => {}
    }
    let segments = odata::segments(&owned);
    // HEAD, OPTIONS and the like are methods of no row; the path decides between 400 and 405.
    let asked = Method::parse(method);
    match route::find(asked.unwrap_or(Method::Get), beta, &segments) {
        Found::Route(route, params) if asked.is_some() => Row::Known(route, params),
        Found::Unknown(_) if in_batch && is_of_beta(asked, &segments) => Row::Refused(only_beta()),
        Found::Unknown(segment) => Row::Refused(unknown_segment(segment)),
        Found::Route(..) | Found::MethodNotAllowed(_) => {
            let methods = [
                Method::Get,
                Method::Post,
                Method::Put,
                Method::Patch,
                Method::Delete,
            ];
            let known =
                |method: &Method| matches!(route::find(*method, beta, &segments), Found::Route(..));
            Row::MethodNotAllowed(methods.into_iter().filter(known).collect())
        }
    }
}

/// Does the path lead somewhere under `/beta`?
fn is_of_beta(method: Option<Method>, segments: &[Segment<'_>]) -> bool {
    let found = route::find(method.unwrap_or(Method::Get), true, segments);
    !matches!(found, Found::Unknown(_))
}

/// What the documented example of a batch says.
fn only_beta() -> PublicError {
    PublicError::new(
        ErrorCode::RequestBadRequest,
        "Specified HTTP method is not allowed for the request target.",
    )
    .with_help(
        "url",
        "Only `/beta` knows this path; send the batch to `/beta/$batch`.",
    )
}

fn unknown_segment(segment: &str) -> PublicError {
    PublicError::new(
        ErrorCode::BadRequest,
        format!(
            "Resource not found for the segment '{}'.",
            graph::generous::start(segment)
        ),
    )
}

fn not_described(document: &str) -> PublicError {
    PublicError::new(
        ErrorCode::NotSupported,
        format!("The {document} is not served in this release; see the operations' own pages."),
    )
}
