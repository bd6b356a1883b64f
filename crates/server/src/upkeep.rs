//! `/_linkspan/tenants`, `/_linkspan/reset` and `/_linkspan/snapshots`: the tenants themselves, for an app that may write
//! everything. The home tenant's app may do it to every tenant, another tenant's only to its own.

use std::sync::Arc;

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};
use graph::{
    ErrorCode, PublicError, Scope,
    route::{Method, Voice},
};
use serde::Deserialize;
use serde_json::json;
use tenant::Error;
use uuid::Uuid;

use crate::{
    body::Incoming,
    identity::TenantSegment,
    layers::Exchange,
    respond::{self, Answer},
    tenants::{Keeper, Lost, Tenants},
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

/// What a body may say.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Said {
    tenant: Option<String>,
    name: Option<String>,
    empty: bool,
    all: bool,
}

/// Whose token it is that may do this.
struct Admin {
    tenant: Uuid,
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
        Ok(tenant) => Admin { tenant },
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
        let said = match parts.method.as_str() {
            "POST" => said(body, parts).await?,
            _ => Said::default(),
        };
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

/// The tenant of an app that may write everything there, by its own token; else what to answer.
pub(crate) async fn admin(
    tenants: &Tenants,
    exchange: &Exchange,
    parts: &Parts,
) -> Result<Uuid, Response> {
    let (lease, caller) = tenants
        .caller(exchange, &parts.headers)
        .await
        .map_err(|none| none.answer(exchange))?;
    match caller.require(&[], &[Scope::ExternalConnectionReadWriteAll]) {
        Ok(()) => Ok(lease.tenant.id),
        Err(refusal) => Err(respond::error(exchange, refusal.into(), Voice::Gateway)),
    }
}

/// What is another tenant's business.
pub(crate) fn not_home() -> PublicError {
    PublicError::new(
        ErrorCode::AccessDenied,
        "Insufficient privileges to complete the operation.",
    )
    .with_help(
        "Authorization",
        "The token is for one tenant among several, and this concerns others. Ask for a token at 'common', which is the seeded tenant.",
    )
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
}

async fn said(body: &mut Incoming, parts: &Parts) -> Result<Said, PublicError> {
    let bytes = body.read(&parts.headers).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Said::default());
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let help = format!(
            "{error}. The body is a JSON object of `tenant` and `name` (texts), `empty` and `all` (true or false)."
        );
        PublicError::invalid("body", help)
    })
}

/// What it takes to do what was asked.
struct Work<'w> {
    tenants: &'w Tenants,
    keeper: &'w Arc<dyn Keeper>,
    admin: Admin,
}

impl Work<'_> {
    async fn carry_out(&self, wish: Wish<'_>, said: Said) -> Result<Answer, Error> {
        let is_reset = wish == Wish::Reset;
        refuse_extra("empty", said.empty && (!is_reset || said.all))?;
        refuse_extra("all", said.all && !is_reset)?;
        refuse_extra("name", said.name.is_some() && wish != Wish::Save)?;
        let keeper = Arc::clone(self.keeper);
        match wish {
            Wish::Tenants => self.list().await,
            Wish::Reset if said.all => self.reset_all(&said).await,
            Wish::Reset => {
                let id = self.concerned(&said).await?;
                self.reset(id, said.empty).await?;
                Ok(about(id))
            }
            Wish::Snapshots => {
                let value = keeper.snapshots().await?;
                Ok(Answer::json(StatusCode::OK, json!({ "value": value })))
            }
            Wish::Save => {
                let name = checked(said.name.as_deref().unwrap_or_default())?.to_owned();
                let id = self.concerned(&said).await?;
                let work = async move { keeper.save(id, &name).await };
                let saved = self.tenants.slots().alone(id, work).await?;
                Ok(Answer::json(StatusCode::CREATED, json!(saved)))
            }
            Wish::Restore(name) => {
                let name = checked(name)?.to_owned();
                let id = self.concerned(&said).await?;
                let work = async move { keeper.restore(id, &name).await };
                self.tenants.slots().alone(id, work).await?;
                Ok(about(id))
            }
            Wish::Forget(name) => {
                self.home_only()?;
                keeper.forget(checked(name)?).await?;
                Ok(Answer::bare(StatusCode::NO_CONTENT))
            }
        }
    }

    /// The tenant that was named, else the token's own.
    async fn concerned(&self, said: &Said) -> Result<Uuid, Error> {
        let Some(name) = &said.tenant else {
            return Ok(self.admin.tenant);
        };
        // Whoever may do it to its own tenant only makes no others.
        let segment = TenantSegment::parse(name);
        if segment == TenantSegment::Id(self.admin.tenant) {
            return Ok(self.admin.tenant);
        }
        self.home_only()?;
        let meant = self.tenants.meant(segment).await;
        meant.map_err(|lost| match lost {
            Lost::Failed(error) => error,
            Lost::Unnamed(unnamed) => PublicError::invalid(
                "tenant",
                format!("There is no tenant '{name}'. {}", unnamed.rule()),
            )
            .into(),
        })
    }

    fn home_only(&self) -> Result<(), PublicError> {
        if self.admin.tenant == self.tenants.home() {
            return Ok(());
        }
        Err(not_home())
    }

    async fn list(&self) -> Result<Answer, Error> {
        self.home_only()?;
        let mut value = Vec::new();
        for (id, names) in self.keeper.tenants() {
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
        refuse_extra("tenant", said.tenant.is_some())?;
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

fn refuse_extra(member: &str, is_there: bool) -> Result<(), PublicError> {
    if !is_there {
        return Ok(());
    }
    let help = format!(
        "`{member}` has no meaning here: `empty` belongs to the reset of one tenant, `all` to a reset without `tenant`, `name` to a new snapshot."
    );
    Err(PublicError::invalid(member, help))
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
