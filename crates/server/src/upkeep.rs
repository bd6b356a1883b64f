//! `/_linkspan/tenants`, `/_linkspan/reset` and `/_linkspan/snapshots`: the tenants themselves, for an app that may write
//! everything. The home tenant's app may do it to every tenant and with every snapshot, another tenant's only to its own and
//! with its own.

use std::sync::Arc;

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};
use graph::{
    ErrorCode, PublicError, Scope,
    route::{Method, Voice},
};
use serde_json::json;
use tenant::Error;
use uuid::Uuid;

use crate::{
    body::Incoming,
    identity::TenantSegment,
    journal::Whose,
    layers::Exchange,
    respond::{self, Answer},
    said,
    tenants::{Keeper, Lease, Lost, Tenants},
};

/// The longest name of a snapshot, in letters.
const NAME_MAX: usize = 64;

/// What is asked at one of these paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish<'p> {
    Tenants,
    Reset,
    Snapshots,
    Save,
    Restore(&'p str),
    Forget(&'p str),
}

/// What a body or a query may say.
#[derive(Default)]
struct Said {
    tenant: Option<String>,
    name: Option<String>,
    empty: bool,
    all: bool,
}

/// Is the path one of these?
pub(crate) fn is_at(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.next() == Some("_linkspan")
        && matches!(segments.next(), Some("tenants" | "reset" | "snapshots"))
}

/// Answers one of these paths.
pub(crate) async fn answer(
    (tenants, keeper): (&Tenants, &Arc<dyn Keeper>),
    exchange: &Exchange,
    parts: &Parts,
    body: &mut Incoming,
) -> Response {
    let admin = match admin(tenants, exchange, parts).await {
        Ok(lease) => lease.tenant.id,
        Err(response) => return response,
    };
    let wish = match Wish::read(parts.method.as_str(), parts.uri.path()) {
        Ok(wish) => wish,
        Err([]) => {
            let unknown = PublicError::not_found("Path");
            return respond::error(exchange, unknown.into(), Voice::Gateway);
        }
        Err(methods) => return respond::method_not_allowed(exchange, methods),
    };
    let done = async {
        let said = wish.said(parts, body).await?;
        let work = Work {
            tenants,
            keeper,
            admin,
        };
        work.carry_out(wish, said).await
    };
    match done.await {
        Ok(answer) => respond::answer(exchange, answer),
        Err(error) => respond::error(exchange, error, Voice::Gateway),
    }
}

/// The tenant of an app that may write everything there, by its own token, kept open; else what to answer.
pub(crate) async fn admin(
    tenants: &Tenants,
    exchange: &Exchange,
    parts: &Parts,
) -> Result<Lease, Response> {
    let (lease, caller) = tenants
        .caller(exchange, &parts.headers)
        .await
        .map_err(|none| none.answer(exchange))?;
    match caller.require(&[], &[Scope::ExternalConnectionReadWriteAll]) {
        Ok(()) => Ok(lease),
        Err(refusal) => Err(respond::error(exchange, refusal.into(), Voice::Gateway)),
    }
}

/// Refuses what is another tenant's business than that of whom this is.
pub(crate) fn home_only(tenants: &Tenants, own: Uuid) -> Result<(), PublicError> {
    if own == tenants.home() {
        return Ok(());
    }
    Err(not_home())
}

fn not_home() -> PublicError {
    PublicError::new(
        ErrorCode::AccessDenied,
        "Insufficient privileges to complete the operation.",
    )
    .with_help(
        "Authorization",
        "The token is for one tenant among several, and this concerns others. Ask for a token at 'common', which is the seeded tenant.",
    )
}

/// The tenant that an admin names, else his own. Where it is only looked at, or not his to make, none is made.
async fn concerned(
    tenants: &Tenants,
    own: Uuid,
    named: Option<&str>,
    makes: bool,
) -> Result<Uuid, Error> {
    let Some(name) = named else { return Ok(own) };
    let segment = TenantSegment::parse(name);
    let is_home = own == tenants.home();
    let meant = if makes && is_home {
        tenants.meant(segment).await
    } else {
        tenants.known(segment).await
    };
    match meant {
        Ok(id) if is_home || id == own => Ok(id),
        Err(Lost::Failed(error)) => Err(error),
        Err(Lost::Unnamed(unnamed)) if is_home => {
            let rule = format!("there is no such tenant. {}", unnamed.rule());
            Err(said::refused("tenant", &name.into(), rule.trim_end_matches('.')).into())
        }
        // Whether there is another one is another one's business too.
        Ok(_) | Err(Lost::Unnamed(_)) => Err(not_home().into()),
    }
}

/// The part of the journal that an admin asks for: `*` is all of it.
pub(crate) async fn whose(
    tenants: &Tenants,
    own: Uuid,
    named: Option<&str>,
) -> Result<Whose, Error> {
    if named == Some("*") {
        home_only(tenants, own)?;
        return Ok(Whose::All);
    }
    let id = concerned(tenants, own, named, false).await?;
    Ok(match own == tenants.home() {
        true => Whose::TenantAndNobody(id),
        false => Whose::Tenant(id),
    })
}

impl<'p> Wish<'p> {
    /// What a method and a path mean; else the methods that the path takes, none if it is unknown.
    fn read(method: &str, path: &'p str) -> Result<Self, &'static [Method]> {
        let segments: Vec<_> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .skip(1)
            .collect();
        match (segments.as_slice(), method) {
            (["tenants"], "GET") => Ok(Self::Tenants),
            (["tenants"], _) => Err(&[Method::Get]),
            (["reset"], "POST") => Ok(Self::Reset),
            (["snapshots"], "GET") => Ok(Self::Snapshots),
            (["snapshots"], "POST") => Ok(Self::Save),
            (["snapshots"], _) => Err(&[Method::Get, Method::Post]),
            (["snapshots", name], "DELETE") => Ok(Self::Forget(name)),
            (["snapshots", _], _) => Err(&[Method::Delete]),
            (["snapshots", name, "restore"], "POST") => Ok(Self::Restore(name)),
            (["reset"] | ["snapshots", _, "restore"], _) => Err(&[Method::Post]),
            _ => Err(&[]),
        }
    }

    /// Reads what is said about it.
    async fn said(self, parts: &Parts, body: &mut Incoming) -> Result<Said, PublicError> {
        let (asked, told): (&[&str], &[&str]) = match self {
            Self::Tenants | Self::Snapshots => (&["tenant"], &[]),
            Self::Reset => (&[], &["tenant", "empty", "all"]),
            Self::Save => (&[], &["name", "tenant"]),
            Self::Restore(_) => (&[], &["tenant"]),
            Self::Forget(_) => (&[], &[]),
        };
        let mut fields = said::query(parts.uri.query(), asked)?;
        if told.is_empty() {
            said::nothing(body, &parts.headers).await?;
            return Ok(Said {
                tenant: fields.remove("tenant"),
                ..Said::default()
            });
        }
        let object = said::object(body, &parts.headers, true).await?;
        let members = said::members("the body", &object, told)?;
        let text = |name| said::text(members, name).map(|text| text.map(str::to_owned));
        Ok(Said {
            tenant: text("tenant")?,
            name: text("name")?,
            empty: said::flag(members, "empty")?,
            all: said::flag(members, "all")?,
        })
    }
}

/// What it takes to do what was asked.
struct Work<'w> {
    tenants: &'w Tenants,
    keeper: &'w Arc<dyn Keeper>,
    /// Whose admin asks.
    admin: Uuid,
}

impl Work<'_> {
    async fn carry_out(&self, wish: Wish<'_>, said: Said) -> Result<Answer, Error> {
        let keeper = Arc::clone(self.keeper);
        match wish {
            Wish::Tenants => self.list(&said).await,
            Wish::Reset if said.all => self.reset_all(&said).await,
            Wish::Reset => {
                let id = self.concerned(&said, true).await?;
                self.reset(id, said.empty).await?;
                Ok(about(id))
            }
            Wish::Snapshots => {
                let whose = match said.tenant {
                    Some(_) => Some(self.concerned(&said, false).await?),
                    None => self.own_only(),
                };
                let value = keeper.snapshots(whose).await?;
                Ok(Answer::json(StatusCode::OK, json!({ "value": value })))
            }
            Wish::Save => {
                let name = checked(said.name.as_deref().unwrap_or_default())?.to_owned();
                let id = self.concerned(&said, false).await?;
                let work = async move { keeper.save(id, &name).await };
                let saved = self.tenants.slots().alone(id, work).await?;
                Ok(Answer::json(StatusCode::CREATED, json!(saved)))
            }
            Wish::Restore(name) => {
                let name = checked(name)?.to_owned();
                let id = self.concerned(&said, true).await?;
                let whose = self.own_only();
                let work = async move { keeper.restore(id, &name, whose).await };
                self.tenants.slots().alone(id, work).await?;
                Ok(about(id))
            }
            Wish::Forget(name) => {
                keeper.forget(checked(name)?, self.own_only()).await?;
                Ok(Answer::bare(StatusCode::NO_CONTENT))
            }
        }
    }

    async fn concerned(&self, said: &Said, makes: bool) -> Result<Uuid, Error> {
        concerned(self.tenants, self.admin, said.tenant.as_deref(), makes).await
    }

    /// The only tenant whose snapshots may be used, unless all may.
    fn own_only(&self) -> Option<Uuid> {
        (self.admin != self.tenants.home()).then_some(self.admin)
    }

    fn home_only(&self) -> Result<(), PublicError> {
        home_only(self.tenants, self.admin)
    }

    async fn list(&self, said: &Said) -> Result<Answer, Error> {
        self.home_only()?;
        let only = match said.tenant {
            Some(_) => Some(self.concerned(said, false).await?),
            None => None,
        };
        let mut value = Vec::new();
        let all = self.keeper.tenants().into_iter();
        for (id, names) in all.filter(|(id, _)| only.is_none_or(|only| only == *id)) {
            let open = self.tenants.slots().lease_if_open(id);
            let mut items = None;
            if let Some(open) = &open {
                let mut count = 0;
                for connection in open.tenant.visibility.connections() {
                    count += open.tenant.store.count_items(connection.key).await?;
                }
                items = Some(count);
            }
            value.push(json!({
                "id": id, "names": names, "isHome": id == self.tenants.home(),
                "isOpen": open.is_some(), "items": items,
            }));
        }
        Ok(Answer::json(StatusCode::OK, json!({ "value": value })))
    }

    async fn reset(&self, id: Uuid, empty: bool) -> Result<(), Error> {
        let accounts = if empty {
            let lease = self.tenants.slots().lease(id).await?;
            Some(lease.tenant.visibility.accounts())
        } else {
            None
        };
        let keeper = Arc::clone(self.keeper);
        let work = async move { keeper.reset(id, accounts).await };
        self.tenants.slots().alone(id, work).await
    }

    /// The seeded tenant back to the seed, and no others.
    async fn reset_all(&self, said: &Said) -> Result<Answer, Error> {
        self.home_only()?;
        for (member, is_there) in [("tenant", said.tenant.is_some()), ("empty", said.empty)] {
            if is_there {
                let help =
                    format!("`{member}` has no meaning beside `all`: leave one of them out.");
                return Err(PublicError::invalid(member, help).into());
            }
        }
        let home = self.tenants.home();
        let mut removed = 0;
        for (id, _) in self.keeper.tenants() {
            if id != home {
                let keeper = Arc::clone(self.keeper);
                let work = async move { keeper.remove(id).await };
                self.tenants.slots().alone(id, work).await?;
                removed += 1;
            }
        }
        self.reset(home, false).await?;
        let told = json!({ "tenant": home, "removed": removed });
        Ok(Answer::json(StatusCode::OK, told))
    }
}

fn about(id: Uuid) -> Answer {
    Answer::json(StatusCode::OK, json!({ "tenant": id }))
}

/// A name that is safe as the name of a directory.
fn checked(name: &str) -> Result<&str, PublicError> {
    let mut bytes = name.bytes();
    let is_fine = name.len() <= NAME_MAX
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if is_fine {
        return Ok(name);
    }
    let shown: String = name.chars().take(NAME_MAX).collect();
    let help = format!(
        "'{shown}' cannot be the name of a snapshot: it must be 1 to {NAME_MAX} letters, digits, '-', '.' and '_', the first a letter or digit."
    );
    Err(PublicError::invalid("name", help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_out_of_no_directory() {
        for bad in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            ".hidden",
            "-f",
            "a b",
            "ü",
            "a\\b",
            &"a".repeat(65),
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
        for fine in ["a", "v1.2", "before_7-x"] {
            assert!(checked(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn every_path_has_its_methods() {
        assert_eq!(Wish::read("POST", "/_linkspan/reset"), Ok(Wish::Reset));
        assert_eq!(
            Wish::read("POST", "/_linkspan/snapshots/a/restore"),
            Ok(Wish::Restore("a"))
        );
        assert_eq!(
            Wish::read("GET", "/_linkspan/reset"),
            Err(&[Method::Post][..])
        );
        assert_eq!(Wish::read("GET", "/_linkspan/tenants/x"), Err(&[][..]));
        assert!(is_at("//_linkspan/snapshots/a") && !is_at("/_linkspan/journal"));
    }
}
