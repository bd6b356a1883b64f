//! Sign-in paths, taken apart.

use super::scopes::Endpoint;

/// A sign-in path, taken apart.
pub(super) struct Path {
    /// The tenant segment as sent. [`TenantSegment`](super::segment::TenantSegment) says what it means.
    pub tenant: String,
    pub place: Place,
}

/// What lies at a path.
pub(super) enum Place {
    Document(Document),
    Token(Endpoint),
    DeviceCode(Endpoint),
    DevicePage,
    Authorize(Endpoint),
    Logout,
    UserInfo,
}

/// What SDKs read before they ask for a token.
pub(super) enum Document {
    OpenidConfiguration(Endpoint),
    Keys,
    Instance,
    UserRealm(String),
}

impl Path {
    pub fn of(path: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let tenant = segments.next()?;
        let rest: Vec<String> = segments
            .map(|segment| {
                percent_encoding::percent_decode_str(segment)
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .collect();
        let lower: Vec<String> = rest.iter().map(|part| part.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let place = match (tenant.to_ascii_lowercase().as_str(), lower.as_slice()) {
            ("v1.0" | "beta", _) => return None,
            ("devicelogin", []) => Place::DevicePage,
            ("oidc", ["userinfo"]) => Place::UserInfo,
            (_, below) => Self::below_tenant(below, rest.get(1))?,
        };
        Some(Self {
            tenant: tenant.to_owned(),
            place,
        })
    }

    fn below_tenant(below: &[&str], second: Option<&String>) -> Option<Place> {
        Some(match below {
            ["oauth2", "v2.0", "token"] => Place::Token(Endpoint::V2),
            ["oauth2", "token"] => Place::Token(Endpoint::V1),
            ["oauth2", "v2.0", "devicecode"] => Place::DeviceCode(Endpoint::V2),
            ["oauth2", "devicecode"] => Place::DeviceCode(Endpoint::V1),
            ["devicelogin"] | ["oauth2", "deviceauth"] | ["oauth2", "v2.0", "deviceauth"] => {
                Place::DevicePage
            }
            ["oauth2", "v2.0", "authorize"] => Place::Authorize(Endpoint::V2),
            ["oauth2", "authorize"] => Place::Authorize(Endpoint::V1),
            ["oauth2", "v2.0", "logout"] | ["oauth2", "logout"] => Place::Logout,
            ["oidc", "userinfo"] | ["openid", "userinfo"] => Place::UserInfo,
            ["v2.0", ".well-known", "openid-configuration"] => {
                Place::Document(Document::OpenidConfiguration(Endpoint::V2))
            }
            [".well-known", "openid-configuration"] => {
                Place::Document(Document::OpenidConfiguration(Endpoint::V1))
            }
            ["discovery", "v2.0", "keys"] | ["discovery", "keys"] => {
                Place::Document(Document::Keys)
            }
            ["discovery", "instance"] => Place::Document(Document::Instance),
            ["userrealm", _] => Place::Document(Document::UserRealm(second?.clone())),
            _ => return None,
        })
    }
}
