//! The tenants that are served, each with the issuer that signs its people in.

use std::sync::Arc;

use tenant::{Caller, Tenant};

use crate::identity::{Issuer, Unauthenticated};

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

    /// Who answers on sign-in paths; every tenant segment means the tenant that is served.
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }
}
