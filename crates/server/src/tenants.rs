//! The tenants that are served: opened on first use, closed when idle, and closed for a moment while their files change.

mod slots;
mod source;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    http::{HeaderMap, header},
    response::Response,
};
use graph::route::Voice;
use tenant::{Caller, Error, Failure, FailureKind, Tenant, accounts::Accounts};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

pub(crate) use self::slots::Lease;
use self::slots::Slots;
pub use self::source::{Keeper, NotMade, Resident, Snapshot, Source};
use crate::{
    Now,
    identity::{Answer, Issuer, SignIn, TenantSegment, Unauthenticated, Unnamed, tenant_of},
    layers::Exchange,
    respond,
    router::text,
};

/// How long the store and the index may take to show that they live; probes give up soon after.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// How many tenants are open, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Never more than this many beside the home tenant; before one more is opened, the one that was used longest ago, and
    /// has no request under way, is closed.
    pub open_max: usize,
    /// One that was not used for this long is closed.
    pub idle: Duration,
    /// How long requests that are under way may hold up one that wants room, or a tenant alone.
    pub patience: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            // One that has been written to has about 7 MB and 9 threads.
            open_max: 32,
            idle: Duration::from_secs(60),
            patience: Duration::from_secs(20),
        }
    }
}

/// The tenants that are served.
#[derive(Clone)]
pub struct Tenants(Arc<Registry>);

struct Registry {
    source: Arc<dyn Source>,
    keeper: Option<Arc<dyn Keeper>>,
    slots: Slots,
}

/// Why there is no caller.
pub(crate) enum NoCaller {
    /// There is no token, or none that counts.
    Unauthenticated(Unauthenticated),
    /// The token's tenant cannot be opened.
    Failed(Error),
}

impl NoCaller {
    /// What a request without a caller hears.
    pub fn answer(self, exchange: &Exchange) -> Response {
        match self {
            Self::Unauthenticated(missing) => respond::unauthenticated(exchange, &missing),
            Self::Failed(error) => respond::error(exchange, error, Voice::Gateway),
        }
    }
}

/// What a segment means.
enum Meant {
    Tenant(Uuid),
    /// A tenant of this name, if there is one.
    Name(String),
}

/// Why a segment could not be followed to a tenant.
pub(crate) enum Lost {
    Unnamed(Unnamed),
    Failed(Error),
}

impl Tenants {
    /// The tenants of a source. With a keeper, what is below `/_linkspan/tenants`, `/_linkspan/reset` and
    /// `/_linkspan/snapshots` is served too.
    pub fn new(source: Arc<dyn Source>, keeper: Option<Arc<dyn Keeper>>, bounds: Bounds) -> Self {
        let slots = Slots::new(Arc::clone(&source), bounds);
        Self(Arc::new(Registry {
            source,
            keeper,
            slots,
        }))
    }

    /// One tenant and its issuer, for every segment. Its background loops are the caller's.
    pub fn one(tenant: Arc<Tenant>, issuer: Arc<Issuer>) -> Self {
        Self::new(Arc::new(One { tenant, issuer }), None, Bounds::default())
    }

    /// Closes tenants that are idle, until `stop` becomes true. `now` is real time.
    pub async fn sweep(self, now: Now, stop: watch::Receiver<bool>) {
        self.0.slots.sweep(now, stop).await;
    }

    /// Closes all tenants, once their requests are answered.
    pub async fn close(&self) {
        self.0.slots.close().await;
    }

    /// The accounts of the home tenant.
    ///
    /// # Errors
    /// The tenant cannot be opened.
    pub async fn home_accounts(&self) -> Result<Arc<Accounts>, Error> {
        let home = self.0.slots.lease(self.home()).await?;
        Ok(home.tenant.visibility.accounts())
    }

    /// Who asks, and in which tenant, by the header `Authorization`, when the request came in. The tenant stays open as long as the lease is held; whoever holds one must not ask for another.
    ///
    /// The token's `tid` only says whose issuer looks at the token: that issuer compares it with its own.
    pub(crate) async fn caller(
        &self,
        exchange: &Exchange,
        headers: &HeaderMap,
    ) -> Result<(Lease, Caller), NoCaller> {
        let authorization = text(headers, &header::AUTHORIZATION);
        let id = self.of_token(authorization);
        let lease = self.0.slots.lease(id).await.map_err(NoCaller::Failed)?;
        let now = exchange.began_at_seconds();
        let caller = lease.issuer.caller(authorization, now);
        let caller = caller.map_err(NoCaller::Unauthenticated)?;
        Ok((lease, caller))
    }

    /// The tenant that a token names; the home tenant, whose issuer then refuses it, if there is none.
    fn of_token(&self, authorization: Option<&str>) -> Uuid {
        self.named_by(authorization).unwrap_or(self.home())
    }

    /// The tenant that a token names, if there is one; the token need not be good.
    pub(crate) fn named_by(&self, authorization: Option<&str>) -> Option<Uuid> {
        tenant_of(authorization).filter(|id| self.0.source.has(*id))
    }

    /// Could a request be answered now? The home tenant's index must be the memory of its store, and the store's writer must
    /// answer.
    pub(crate) async fn are_ready(&self) -> bool {
        let signs = async {
            let Ok(home) = self.0.slots.lease(self.home()).await else {
                return false;
            };
            let stamp = home.tenant.index.stamp().await;
            let is_prepared = stamp.is_ok_and(|stamp| stamp == Some(home.tenant.store.identity()));
            // A purge of no items goes the way of every write, and changes nothing.
            is_prepared && home.tenant.store.purge(0).await.is_ok()
        };
        timeout(SIGN_OF_LIFE, signs).await.unwrap_or(false)
    }

    /// Answers a sign-in path, and says for which tenant; `None` if the path is none. `now` is in seconds since 1970, by the real clock.
    pub(crate) async fn sign_in(
        &self,
        request: &SignIn<'_>,
        now: u64,
    ) -> Result<Option<(Option<Uuid>, Answer)>, Error> {
        let Some(segment) = TenantSegment::of_path(request.path) else {
            return Ok(None);
        };
        let id = match segment {
            TenantSegment::OfToken => Ok(self.of_token(request.authorization)),
            segment => self.meant(segment).await,
        };
        let id = match (id, segment) {
            (Ok(id), _) => id,
            (Err(Lost::Failed(error)), _) => return Err(error),
            (Err(Lost::Unnamed(unnamed)), segment) => {
                let answer = unnamed.answer(&segment.to_string(), request, now);
                return Ok(Some((None, answer)));
            }
        };
        let lease = self.0.slots.lease(id).await?;
        let answer = lease.issuer.answer(request, now);
        Ok(answer.map(|answer| (Some(id), answer)))
    }

    /// The tenant that a segment means: the home tenant for no tenant in particular and for the domains of its users, else
    /// what the source says, which may make it.
    pub(crate) async fn meant(&self, segment: TenantSegment<'_>) -> Result<Uuid, Lost> {
        let name = match self.read(segment).await? {
            Meant::Tenant(id) => return Ok(id),
            Meant::Name(name) => name,
        };
        let named = self.0.source.named(&name).await;
        named.map_err(|not_made| match not_made {
            NotMade::Never => Lost::Unnamed(Unnamed::Never(self.home())),
            NotMade::Full { most } => Lost::Unnamed(Unnamed::Full(most)),
            NotMade::Failed(error) => Lost::Failed(error),
        })
    }

    /// The same for those who only look: none is made.
    pub(crate) async fn known(&self, segment: TenantSegment<'_>) -> Result<Uuid, Lost> {
        let name = match self.read(segment).await? {
            Meant::Tenant(id) => return Ok(id),
            Meant::Name(name) => name,
        };
        let known = self.0.source.known(&name);
        known.ok_or_else(|| Lost::Unnamed(Unnamed::Unheard(self.names())))
    }

    async fn read(&self, segment: TenantSegment<'_>) -> Result<Meant, Lost> {
        Ok(match segment {
            TenantSegment::Any | TenantSegment::OfToken => Meant::Tenant(self.home()),
            TenantSegment::Id(id) if self.0.source.has(id) => Meant::Tenant(id),
            TenantSegment::Id(id) => Meant::Name(id.to_string()),
            TenantSegment::Name(_) if !segment.is_plain() => {
                return Err(Lost::Unnamed(Unnamed::Malformed));
            }
            TenantSegment::Name(name) => {
                let accounts = self.home_accounts().await.map_err(Lost::Failed)?;
                if domains(&accounts).any(|domain| domain.eq_ignore_ascii_case(name)) {
                    Meant::Tenant(self.home())
                } else {
                    Meant::Name(name.to_ascii_lowercase())
                }
            }
        })
    }

    /// What the tenants are called, each by one name.
    fn names(&self) -> Vec<String> {
        let all = self.keeper().map(|keeper| keeper.tenants());
        let all = all.into_iter().flatten();
        all.map(|(id, names)| names.into_iter().next().unwrap_or(id.to_string()))
            .collect()
    }

    pub(crate) fn home(&self) -> Uuid {
        self.0.source.home()
    }

    pub(crate) fn keeper(&self) -> Option<&Arc<dyn Keeper>> {
        self.0.keeper.as_ref()
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.0.slots
    }
}

/// The domains of the users that belong to the tenant.
fn domains(accounts: &Accounts) -> impl Iterator<Item = &str> {
    let members = accounts.users.iter().filter(|user| !user.guest);
    members.filter_map(|user| user.upn.rsplit_once('@').map(|(_, domain)| domain))
}

/// Something broke that may be whole again.
pub(crate) fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Failed(Failure {
        kind: FailureKind::Unavailable,
        source: source.into(),
    })
}

/// The source of one tenant that is open already.
struct One {
    tenant: Arc<Tenant>,
    issuer: Arc<Issuer>,
}

#[async_trait]
impl Source for One {
    fn home(&self) -> Uuid {
        self.tenant.id
    }

    fn has(&self, id: Uuid) -> bool {
        id == self.tenant.id
    }

    fn known(&self, _: &str) -> Option<Uuid> {
        Some(self.tenant.id)
    }

    async fn named(&self, _: &str) -> Result<Uuid, NotMade> {
        Ok(self.tenant.id)
    }

    async fn open(&self, _: Uuid) -> Result<Resident, Error> {
        Ok(Resident {
            tenant: Arc::clone(&self.tenant),
            issuer: Arc::clone(&self.issuer),
            dial: None,
            stop: watch::Sender::new(false),
            loops: Vec::new(),
        })
    }
}
