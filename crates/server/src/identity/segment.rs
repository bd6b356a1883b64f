//! The first segment of a sign-in path: whose sign-in it is.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints>

use std::fmt;

use uuid::Uuid;

use super::{
    path::{Path, Place},
    refusal::{Refusal, quote},
    sign_in::{Answer, SignIn},
};

/// The longest name of a domain, in letters.
const NAME_MAX: usize = 253;

/// What no tenant can be called, because paths that begin so are the API's.
const OF_THE_API: [&str; 2] = ["v1.0", "beta"];

/// How many names an error shows.
const NAMES_SHOWN: usize = 10;

/// Whose sign-in a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TenantSegment<'a> {
    /// No tenant's in particular.
    Any,
    /// That of the tenant whose token comes along.
    OfToken,
    /// That of the tenant of this id.
    Id(Uuid),
    /// That of the tenant of this name.
    Name(&'a str),
}

impl<'a> TenantSegment<'a> {
    /// The segment of a sign-in path; `None` if the path is none.
    pub fn of_path(path: &'a str) -> Option<Self> {
        let place = Path::of(path)?.place;
        let segment = path.split('/').find(|segment| !segment.is_empty())?;
        match place {
            Place::UserInfo => Some(Self::OfToken),
            Place::DevicePage if segment.eq_ignore_ascii_case("devicelogin") => Some(Self::Any),
            _ => Some(Self::parse(segment)),
        }
    }

    /// A tenant's id or name as clients write it.
    pub fn parse(segment: &'a str) -> Self {
        let any = ["common", "organizations", "consumers"];
        if any.iter().any(|word| word.eq_ignore_ascii_case(segment)) {
            return Self::Any;
        }
        // Without the hyphens it is a name that happens to look like a number.
        let id = Uuid::try_parse(segment).ok();
        match id.filter(|id| id.hyphenated().to_string().eq_ignore_ascii_case(segment)) {
            Some(id) => Self::Id(id),
            None => Self::Name(segment),
        }
    }

    /// Can a tenant be called so?
    pub fn is_plain(self) -> bool {
        let Self::Name(name) = self else { return true };
        let mut bytes = name.bytes();
        name.len() <= NAME_MAX
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !OF_THE_API
                .iter()
                .any(|taken| taken.eq_ignore_ascii_case(name))
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    }
}

/// As it was sent.
impl fmt::Display for TenantSegment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any | Self::OfToken => f.write_str("common"),
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Why a segment means no tenant.
#[derive(Debug)]
pub(crate) enum Unnamed {
    /// Nothing can be called so.
    Malformed,
    /// Tenants are not made here; this is the one that there is.
    Never(Uuid),
    /// As many tenants as may be were made already.
    Full(usize),
    /// There is none, and none is made by who only looks; these are there.
    Unheard(Vec<String>),
}

impl Unnamed {
    /// The error that SDKs know, with what to do about it.
    pub fn answer(&self, segment: &str, request: &SignIn<'_>, now: u64) -> Answer {
        let (code, rule) = match self {
            Self::Malformed => (900_023, self.rule()),
            Self::Never(_) | Self::Full(_) | Self::Unheard(_) => (90002, self.rule()),
        };
        let text = format!("Tenant {} not found. {rule}", quote(segment));
        Refusal::new(400, "invalid_request", code, text).answer(request.client_request_id, now)
    }

    /// Which segments mean a tenant.
    pub fn rule(&self) -> String {
        match self {
            Self::Malformed => format!(
                "It must be a GUID, or a name of 1 to {NAME_MAX} letters, digits, '-', '.' and '_' that begins with a letter or digit and is neither 'v1.0' nor 'beta'."
            ),
            Self::Never(home) => format!(
                "This server has one tenant. Say 'common', its id '{home}', or the domain of its users."
            ),
            Self::Unheard(names) => {
                let shown = &names[..names.len().min(NAMES_SHOWN)];
                let more = match names.len() - shown.len() {
                    0 => String::new(),
                    more => format!(" and {more} others"),
                };
                format!(
                    "Nobody has heard of it; known are {}{more}. Sign in to it once, or reset it, to make it.",
                    shown.join(", ")
                )
            }
            Self::Full(most) => format!(
                "It would be made now, but there are {most} tenants already, which is the limit. Remove all but the seeded one with `linkspan reset --all`, or start the server with a higher --tenants-max."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_no_tenant_in_particular_an_id_or_a_name() {
        let id = Uuid::from_u128(0xfa15_d692_e9c7_4460_a743_29f2_9522_2290);
        let (upper, simple) = (id.to_string().to_uppercase(), id.simple().to_string());
        for (path, expected) in [
            ("/common/oauth2/v2.0/token", TenantSegment::Any),
            ("//Organizations/oauth2/token", TenantSegment::Any),
            ("/consumers/discovery/keys", TenantSegment::Any),
            ("/devicelogin", TenantSegment::Any),
            ("/oidc/userinfo", TenantSegment::OfToken),
            ("/contoso.com/openid/userinfo", TenantSegment::OfToken),
            (
                "/contoso.com/devicelogin",
                TenantSegment::Name("contoso.com"),
            ),
            (&format!("/{upper}/oauth2/token"), TenantSegment::Id(id)),
            (
                &format!("/{simple}/oauth2/token"),
                TenantSegment::Name(&simple),
            ),
            (
                "/fa15d692-e9c7-4460-a743-29f29522229/oauth2/v2.0/token",
                TenantSegment::Name("fa15d692-e9c7-4460-a743-29f29522229"),
            ),
        ] {
            assert_eq!(TenantSegment::of_path(path), Some(expected), "{path}");
        }
        assert_eq!(TenantSegment::of_path("/contoso.com/nothing"), None);
    }

    #[test]
    fn those_who_look_hear_what_there_is() {
        let names = |count: usize| (0..count).map(|number| format!("t{number}")).collect();
        let told = |count| Unnamed::Unheard(names(count)).rule();
        assert!(told(2).contains("known are t0, t1. "), "{}", told(2));
        assert!(told(12).contains("t9 and 2 others. "), "{}", told(12));
    }

    #[test]
    fn names_are_plain() {
        let long = "a".repeat(254);
        for bad in [
            "",
            ".",
            "..",
            "_linkspan",
            "-a",
            "V1.0",
            "beta",
            "a%20b",
            "..%2f",
            "a~b",
            "ü",
            &long,
        ] {
            assert!(!TenantSegment::parse(bad).is_plain(), "{bad}");
        }
        for fine in ["contoso.onmicrosoft.com", "test-7_b", "common"] {
            assert!(TenantSegment::parse(fine).is_plain(), "{fine}");
        }
    }
}
