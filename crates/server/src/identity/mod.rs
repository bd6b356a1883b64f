//! Our own issuer: sign-in in the shape of the Microsoft identity platform, tokens, and the check of bearer tokens.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/>

mod assertion;
mod authorize;
mod bearer;
mod certificate;
mod chance;
mod claims;
mod codes;
mod credentials;
mod device_code;
mod device_page;
mod devices;
mod discovery;
mod forgery;
mod form;
mod grants;
mod issuer;
mod keys;
mod outstanding;
mod page;
mod passwords;
mod path;
mod redeemed;
mod redirect;
mod refresh;
mod refusal;
mod remembered;
mod scopes;
mod segment;
mod sign_in;
mod sign_out;
mod throttle;
mod user_grants;
mod user_info;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use self::{
    bearer::Unauthenticated,
    certificate::{Certificate, CertificateError},
    chance::{secret, unique},
    issuer::{AUDIENCES, Issuer, SignInOptions},
    keys::{Keys, KeysError, Rotation},
    redirect::{RedirectUriError, check_redirect_uri},
    sign_in::{Answer, SignIn},
};
pub(crate) use self::{
    bearer::tenant_of,
    form::decode,
    segment::{TenantSegment, Unnamed},
};
