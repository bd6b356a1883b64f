//! The tenants that are served, each with the issuer that signs its people in.

use std::{sync::Arc, time::Duration};

use tenant::{Caller, Tenant};
use tokio::time::timeout;

use crate::identity::{Issuer, Unauthenticated};

/// How long the store and the index may take to show that they live; probes give up soon after.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// The tenants that are served: for now one.
#[derive(Clone)]
pub struct Tenants {
    tenant: Arc<Tenant>,
    issuer: Arc<Issuer>,
}

impl Tenants {
    /// One tenant and its issuer.
    pub fn one(tenant: Arc<Tenant>, issuer: Arc<Issuer>) -> Self {
        Self { tenant, issuer }
    }

    /// Who asks, and in which tenant, by the header `Authorization`. `now` is in seconds since 1970, by the real clock.
    ///
    /// The issuer compares the token's `tid`, so a token of another tenant finds nothing here.
    ///
    /// # Errors
    /// There is no token, or none that counts.
    pub(crate) fn caller(
        &self,
        authorization: Option<&str>,
        now: u64,
    ) -> Result<(Arc<Tenant>, Caller), Unauthenticated> {
        let caller = self.issuer.caller(authorization, now)?;
        Ok((Arc::clone(&self.tenant), caller))
    }

    /// Could a request be answered now? The index must be the memory of this store, and the store's writer must answer.
    pub(crate) async fn are_ready(&self) -> bool {
        let signs = async {
            let stamp = self.tenant.index.stamp().await;
            let is_prepared = stamp.is_ok_and(|stamp| stamp == Some(self.tenant.store.identity()));
            // A purge of no items goes the way of every write, and changes nothing.
            is_prepared && self.tenant.store.purge(0).await.is_ok()
        };
        timeout(SIGN_OF_LIFE, signs).await.unwrap_or(false)
    }

    /// Who answers on sign-in paths; every tenant segment means the tenant that is served.
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }
}
