//! What the front of house is told at construction: an address, a limit, time and chance.

use std::{fmt, net::SocketAddr, sync::Arc};

use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{journal::Journal, weather::Weather};

/// A source of identifiers: request ids, operation ids and the ids of connections that came without one.
pub type Ids = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// Real time, for tokens and for the `date` of an error.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The settings of a [`router`](crate::router).
#[derive(Clone)]
pub struct Settings {
    /// Scheme and authority that `@odata.context`, `@odata.nextLink` and `Location` say, for example `https://search.example`;
    /// when unset, the scheme and host that the client used.
    pub public_url: Option<String>,
    /// Do answers over TLS say that this host is never to be asked without it? That is for a host with a name of its own, and
    /// would shut a developer out of everything else on `localhost`.
    pub strict_transport: bool,
    /// Where CONNECT tunnels begin, if there are any, for clients that ask for one elsewhere.
    pub proxy: Option<SocketAddr>,
    /// Largest body of an item or of a batch in bytes, as sent and again when inflated. Others are limited to
    /// [`BODY_BYTES_MAX`](graph::limits::BODY_BYTES_MAX) besides.
    pub body_bytes_max: usize,
    /// Where identifiers come from; a test may count instead.
    pub ids: Ids,
    /// What time it is; a test may stop it.
    pub now: Now,
    /// Where requests are written down, if anywhere; it is then shown at `/_linkspan/journal` to an app that may write
    /// everything.
    pub journal: Option<Arc<Journal>>,
    /// The weather, if it can be made: then there are `/_linkspan/clock`, `/_linkspan/faults` and `/_linkspan/weather`, for an
    /// app that may write everything.
    pub weather: Option<Arc<Weather>>,
    /// True once the word to stop was said; `/readyz` then says so, and new clients are sent elsewhere.
    pub draining: Option<watch::Receiver<bool>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            strict_transport: false,
            proxy: None,
            body_bytes_max: graph::limits::ITEM_BODY_BYTES_MAX,
            ids: Arc::new(random_id),
            now: Arc::new(real_time),
            journal: None,
            weather: None,
            draining: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("public_url", &self.public_url)
            .field("body_bytes_max", &self.body_bytes_max)
            .finish_non_exhaustive()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the default of a parameter: tokens and clients live on real time"
)]
fn real_time() -> Timestamp {
    Timestamp::now()
}

/// Where request ids come from unless a test counts them.
#[expect(clippy::disallowed_methods, reason = "the default of a parameter")]
fn random_id() -> Uuid {
    Uuid::new_v4()
}
