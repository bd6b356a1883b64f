//! From a request to its answer: the API goes down the [corridor](crate::corridor), sign-in and probes have their own ways.
//!
//! axum only carries.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode, Version, header, request::Parts},
    response::Response,
};
use graph::{
    ErrorCode, PublicError,
    limits::BODY_BYTES_MAX,
    route::{Method, Voice},
};
use serde_json::{Value, json};
use tenant::Error;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    Settings, Tenants,
    body::{Incoming, Rooms},
    doctor,
    identity::SignIn,
    journal::{BytesIn, Journal, Operation, sign_in_path},
    layers::{Exchange, Scheme, gzip, origin, rescue},
    listen::{Misheard, Peer},
    respond::{self, Answer},
    said, upkeep,
    v1::Walks,
    weather::{Desk, Weather},
};

/// How much of a body that nobody wants is still read, and for how long, so that its sender gets to see the answer: many
/// read it only when they have sent all, and the usual one is not much larger than what is allowed.
const UNWANTED_BYTES_MAX: usize = 64 << 20;
const UNWANTED_PATIENCE: Duration = Duration::from_secs(10);

/// What the front page says.
const WELCOME: &str = "This is Linkspan, a self-hosted server for external connections, items and search that speaks \
the language of the Microsoft Graph connectors API. Point a Graph client at this address: the API is below /v1.0 and \
/beta, sign-in is below /{tenant}/oauth2/v2.0, /healthz says whether the server is up, and /readyz whether it takes requests.\n";

/// Everything that the server answers, behind one door; [`crate::listen::serve`] carries it.
pub fn router(tenants: Tenants, settings: Settings) -> Router {
    let front = Arc::new(Front {
        tenants,
        settings,
        walks: Walks::default(),
        rooms: Arc::default(),
    });
    Router::new().fallback(move |request: Request| {
        let front = Arc::clone(&front);
        async move { front.receive(request).await }
    })
}

/// Everything that answers.
pub(crate) struct Front {
    /// Who is served.
    pub tenants: Tenants,
    /// An address, a limit, time and chance.
    pub settings: Settings,
    /// The walks through collections that are under way.
    pub walks: Walks,
    /// What all bodies may take of the memory.
    pub rooms: Arc<Rooms>,
}

/// One request on its way through the front of house.
pub(crate) struct Visit<'r> {
    /// The ids, and how to answer.
    pub exchange: &'r Exchange,
    /// Method, target and headers.
    pub parts: &'r Parts,
    /// The body, not yet read.
    pub body: &'r mut Incoming,
}

impl Front {
    /// One exchange with a client.
    async fn receive(&self, request: Request) -> Response {
        let exchange = Exchange::begin(&self.settings, request.headers());
        let path = request.uri().path();
        let span = tracing::info_span!(
            "request",
            id = %exchange.request_id,
            method = %request.method(),
            path,
        );
        let method = (!is_our_own(path)).then(|| request.method().to_string());
        let authorization = text(request.headers(), &header::AUTHORIZATION);
        let tenant = self.tenants.named_by(authorization);
        let noted = method.as_deref().map(|method| (method, tenant));
        let scheme = request.extensions().get::<Scheme>().copied();
        let is_strict = self.settings.strict_transport && scheme == Some(Scheme::Https);
        let answering = self.answer(&exchange, request);
        let mut response = self
            .conclude(&exchange, noted, answering)
            .instrument(span)
            .await;
        respond::seal(&mut response, is_strict);
        response
    }

    /// Whatever happens in the answering, there is an answer: with its ids, and written down under its method and the
    /// tenant of its token, if they are given.
    pub(crate) async fn conclude(
        &self,
        exchange: &Exchange,
        noted: Option<(&str, Option<Uuid>)>,
        answering: impl Future<Output = Response>,
    ) -> Response {
        let mut response = match rescue(answering).await {
            Ok(response) => response,
            Err(panicked) => respond::panicked(exchange, &panicked),
        };
        respond::stamp(exchange, &mut response);
        if let (Some(journal), Some((method, tenant))) = (&self.settings.journal, noted) {
            journal.note((method, exchange.began_at), tenant, &response);
        }
        response
    }

    async fn answer(&self, exchange: &Exchange, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let mut body = Incoming::new(body, self.settings.body_bytes_max, &self.rooms);
        let mut response = self
            .direct(Visit {
                exchange,
                parts: &parts,
                body: &mut body,
            })
            .await;
        let bytes_in = BytesIn(body.bytes_in());
        response.extensions_mut().insert(bytes_in);
        body.leave();
        // An HTTP/1 connection is closed under a client that is still sending, and it may lose the answer that way. One
        // that waits for a go-ahead is not sending.
        let sending =
            parts.version < Version::HTTP_2 && !parts.headers.contains_key(header::EXPECT);
        if sending && !response.status().is_success() {
            body.drain(UNWANTED_BYTES_MAX, UNWANTED_PATIENCE).await;
        }
        response
    }

    /// The API's versions go one way, everything else the other.
    async fn direct(&self, visit: Visit<'_>) -> Response {
        let path = visit.parts.uri.path().trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        if let Some(Misheard(refusal)) = visit.parts.extensions.get() {
            return respond::error(visit.exchange, refusal.clone().into(), Voice::Gateway);
        }
        if visit.parts.method == "CONNECT" {
            return respond::no_tunnel(visit.exchange, self.settings.proxy);
        }
        let version = ["v1.0", "beta"]
            .into_iter()
            .find(|version| version.eq_ignore_ascii_case(first));
        if version.is_none() {
            visit.body.limit(BODY_BYTES_MAX);
        }
        match (version, path) {
            (Some(version), _) => {
                let asked = &visit.parts.headers;
                gzip(asked, self.api(visit, version, rest).await).await
            }
            (None, "healthz") => plain(&visit, "up\n"),
            (None, "readyz") => self.ready(visit).await,
            (None, "") => plain(&visit, WELCOME),
            (None, "_linkspan/journal") if let Some(journal) = &self.settings.journal => {
                self.journal(visit, journal).await
            }
            (None, _) if let Some((desk, weather)) = self.desk(path) => {
                self.weather(visit, desk, weather).await
            }
            (None, _) if let Some(connection) = doctor::connection_at(path) => {
                self.doctor(visit, connection).await
            }
            (None, _) => match self.tenants.keeper() {
                Some(keeper) if upkeep::is_at(path) => {
                    let all = (&self.tenants, keeper);
                    upkeep::answer(all, visit.exchange, visit.parts, visit.body).await
                }
                _ => self.sign_in(visit, first).await,
            },
        }
    }

    /// For probes: would a request be answered, and should new ones be sent here?
    async fn ready(&self, visit: Visit<'_>) -> Response {
        let draining = self.settings.draining.as_ref();
        let (status, text) = if draining.is_some_and(|draining| *draining.borrow()) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else if self.tenants.are_ready().await {
            (StatusCode::OK, "ready\n")
        } else {
            let text = "the store or the index does not answer\n";
            (StatusCode::SERVICE_UNAVAILABLE, text)
        };
        let mut response = plain(&visit, text);
        if response.status().is_success() {
            *response.status_mut() = status;
        }
        response
    }

    /// Sign-in knows its own paths; what it does not know belongs to nobody.
    async fn sign_in(&self, visit: Visit<'_>, first: &str) -> Response {
        let Visit {
            exchange,
            parts,
            body,
        } = visit;
        let answered = async {
            let base = origin(&self.settings, parts)?;
            let body = body.beginning(SignIn::BODY_BYTES_MAX).await?;
            let request = SignIn {
                method: parts.method.as_str(),
                path: parts.uri.path(),
                query: parts.uri.query(),
                base: &base,
                authorization: text(&parts.headers, &header::AUTHORIZATION),
                cookie: text(&parts.headers, &header::COOKIE),
                client_request_id: Some(&exchange.client_request_id),
                from: parts.extensions.get().map(|Peer(address)| *address),
                body: &body,
            };
            let now = exchange.began_at_seconds();
            let answer = self.tenants.sign_in(&request, now).await?;
            answer.ok_or_else(|| Error::from(unknown_version(first)))
        };
        match answered.await {
            Ok((tenant, answer)) => {
                let mut response = respond::signed_in(answer);
                response.extensions_mut().insert(Operation {
                    path: sign_in_path(parts.uri.path()),
                    app: None,
                    about: None,
                    tenant,
                });
                response
            }
            Err(error) => respond::error(exchange, error, Voice::Gateway),
        }
    }

    /// The journal: what the apps of a tenant did. The home tenant's shows what was for no tenant too, and its admin may ask
    /// for another's.
    async fn journal(&self, visit: Visit<'_>, journal: &Journal) -> Response {
        let Visit {
            exchange,
            parts,
            body,
        } = visit;
        if parts.method != "GET" {
            return respond::method_not_allowed(exchange, &[Method::Get]);
        }
        let own = match upkeep::admin(&self.tenants, exchange, parts).await {
            Ok(lease) => lease.tenant.id,
            Err(response) => return response,
        };
        let read = async {
            let fields = said::query(parts.uri.query(), &["since", "tenant"])?;
            said::nothing(body, &parts.headers).await?;
            let since = fields.get("since").map_or("0", String::as_str);
            let since = since.parse().map_err(|_| {
                let rule = "it must be the number `next` of the page before";
                said::refused("since", &since.into(), rule)
            })?;
            let tenant = fields.get("tenant").map(String::as_str);
            let whose = upkeep::whose(&self.tenants, own, tenant).await?;
            Ok::<_, Error>(journal.page(since, whose))
        };
        match read.await {
            Ok(page) => respond::answer(exchange, Answer::json(StatusCode::OK, json!(page))),
            Err(error) => respond::error(exchange, error, Voice::Gateway),
        }
    }

    /// The page of the weather at a path, where there is weather.
    fn desk(&self, path: &str) -> Option<(Desk, &Weather)> {
        Desk::at(path).zip(self.settings.weather.as_deref())
    }

    /// The weather falls on all apps; the clock is each tenant's own.
    async fn weather(&self, visit: Visit<'_>, desk: Desk, weather: &Weather) -> Response {
        let Visit {
            exchange,
            parts,
            body,
        } = visit;
        let allowed = desk.methods();
        let Some(method) = Method::parse(parts.method.as_str()).filter(|it| allowed.contains(it))
        else {
            return respond::method_not_allowed(exchange, allowed);
        };
        let lease = match upkeep::admin(&self.tenants, exchange, parts).await {
            Ok(lease) => lease,
            Err(response) => return response,
        };
        let answered = async {
            if !desk.is_of_tenant() {
                upkeep::home_only(&self.tenants, lease.tenant.id)?;
            }
            said::query(parts.uri.query(), &[])?;
            let said = match method {
                Method::Post => said::object(body, &parts.headers, false).await?,
                _ => {
                    said::nothing(body, &parts.headers).await?;
                    Value::Null
                }
            };
            desk.answer(weather, &lease, (method, &said)).await
        };
        match answered.await {
            Ok(answer) => respond::answer(exchange, answer),
            Err(error) => respond::error(exchange, error, Voice::Gateway),
        }
    }
}

/// Is it about this server instead of the Graph? Whoever watches the journal would otherwise see himself.
fn is_our_own(path: &str) -> bool {
    path.trim_start_matches('/').starts_with("_linkspan/")
}

fn plain(visit: &Visit<'_>, text: &'static str) -> Response {
    match visit.parts.method.as_str() {
        "GET" | "HEAD" => respond::plain(text),
        _ => respond::method_not_allowed(visit.exchange, &[Method::Get]),
    }
}

/// A header's value, if it is text.
pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn unknown_version(first: &str) -> PublicError {
    let message = format!("Invalid version: {}", graph::generous::start(first));
    let mut refusal = PublicError::new(ErrorCode::BadRequest, message);
    refusal.status = 404;
    refusal.with_help("path", "Paths of the API begin with `/v1.0` or `/beta`.")
}
