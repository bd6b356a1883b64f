//! Our own issuer: sign-in in the shape of the Microsoft identity platform, tokens, and the check of bearer tokens.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/>

mod bearer;
mod chance;
mod claims;
mod credentials;
mod discovery;
mod form;
mod grants;
mod issuer;
mod keys;
mod refresh;
mod refusal;
mod remembered;
mod scopes;
mod sign_in;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use self::{
    bearer::Unauthenticated,
    issuer::{AUDIENCES, Issuer},
    keys::{Keys, KeysError},
    sign_in::{Answer, SignIn},
};
