//! What is written down about a request: never a body, never a secret.

use std::{borrow::Cow, net::SocketAddr, sync::Arc};

use graph::route::Route;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Bytes of a sign-in path that are kept.
const SIGN_IN_PATH_BYTES_MAX: usize = 64;

/// One answered request, or one tunnel that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts up from 1.
    pub number: u64,
    /// When the request came in, in milliseconds since 1970.
    pub at_ms: i64,
    /// The HTTP method; `CONNECT` for a refused tunnel, and `OTHER` for methods that are not the Graph's.
    pub method: Cow<'static, str>,
    /// The operation's template, for example `/external/connections/{connection}`; `{host}` for a refused tunnel.
    pub path: Cow<'static, str>,
    /// HTTP status.
    pub status: u16,
    /// The tenant that it was for: the one that its token or its sign-in names. None if it named none that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Uuid>,
    /// The client id of the app whose token came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<Arc<str>>,
    /// The id of the connection that it is about; for a refused tunnel the host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Box<str>>,
    /// Bytes of the request's body as sent, as far as it was read.
    pub bytes: u64,
    /// The error that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What `x-linkspan-advice` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Box<str>>,
    /// What the Graph would have said where we are content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph_would: Option<Cow<'static, str>>,
}

/// Whose part of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// One tenant's.
    Tenant(Uuid),
    /// One tenant's, and what was for none: refused tunnels, and requests that named no tenant.
    TenantAndNobody(Uuid),
}

impl Whose {
    /// Does it belong to this part?
    pub fn has(self, tenant: Option<Uuid>) -> bool {
        match self {
            Self::All => true,
            Self::Tenant(id) => tenant == Some(id),
            Self::TenantAndNobody(id) => tenant.is_none_or(|tenant| tenant == id),
        }
    }
}

/// The error that a client was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The error's code.
    pub code: Box<str>,
    /// The error's message.
    pub message: Box<str>,
}

/// How often an operation was answered with a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// As in [`Entry`].
    pub method: Cow<'static, str>,
    /// As in [`Entry`].
    pub path: Cow<'static, str>,
    /// HTTP status.
    pub status: u16,
    /// How often since the server started.
    pub count: u64,
}

/// A piece of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Ask for entries since this number to go on.
    pub next: u64,
    /// How many entries behind the number that was asked for are forgotten already, of all tenants.
    pub lost: u64,
    /// The entries, in their order.
    pub entries: Vec<Entry>,
    /// Tunnels that were opened since the server started; whose they were is not known.
    pub tunnels: u64,
    /// All requests since the server started.
    pub counts: Vec<Count>,
    /// How the server is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whereabouts: Option<Whereabouts>,
}

/// What a program needs in order to reach the server under the Graph's own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// `http://localhost:PORT`.
    pub http_url: String,
    /// `https://localhost:PORT`.
    pub https_url: String,
    /// Address and port of the same listener.
    pub https_address: SocketAddr,
    /// The CONNECT listener, `http://127.0.0.1:PORT`.
    pub proxy_url: String,
    /// The certificate of the CA that signed the HTTPS leaf, PEM.
    pub ca_pem: String,
}

/// What the router knows about the request that a response answers; it travels with the response.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// The template of the path.
    pub path: Cow<'static, str>,
    /// The caller's app.
    pub app: Option<Arc<str>>,
    /// The connection.
    pub about: Option<Box<str>>,
    /// The tenant, where it is another than the token's.
    pub tenant: Option<Uuid>,
}

impl Operation {
    /// An operation of the API.
    pub fn of(route: &Route, app: Option<&str>, connection: Option<&str>) -> Self {
        Self {
            path: Cow::Borrowed(route.path),
            app: app.map(Into::into),
            // Whoever asks may write anything there; no real id is cut.
            about: connection.map(|id| graph::generous::start(id).into()),
            tenant: None,
        }
    }
}

/// How many bytes of the body were read; it travels with the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BytesIn(pub u64);

/// What the Graph would have said to a request with which we are content; it travels with the response.
#[derive(Clone, Debug)]
pub(crate) struct Remark(pub Cow<'static, str>);

/// The template of a sign-in path: without the tenant, without the name of a user.
pub(crate) fn sign_in_path(path: &str) -> Cow<'static, str> {
    let path = path.trim_start_matches('/');
    let rest = path.split_once('/').map_or("", |(_, rest)| rest);
    let rest = rest.to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./-_".contains(&byte);
    if rest.starts_with("userrealm") {
        Cow::Borrowed("/{tenant}/userrealm/{user}")
    } else if rest.len() <= SIGN_IN_PATH_BYTES_MAX && rest.bytes().all(is_plain) {
        Cow::Owned(format!("/{{tenant}}/{rest}"))
    } else {
        Cow::Borrowed("/{tenant}/…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_paths_name_neither_tenants_nor_users() {
        let check = |path: &str, expect: &str| assert_eq!(sign_in_path(path), expect);
        check("/contoso/oauth2/v2.0/token", "/{tenant}/oauth2/v2.0/token");
        check("//T/OAuth2/v2.0/Token", "/{tenant}/oauth2/v2.0/token");
        check(
            "/common/UserRealm/alice@linkspan.test",
            "/{tenant}/userrealm/{user}",
        );
        check("/t/what?ever", "/{tenant}/…");
        check(&format!("/t/{}", "x".repeat(65)), "/{tenant}/…");
        check("", "/{tenant}/");
    }
}
