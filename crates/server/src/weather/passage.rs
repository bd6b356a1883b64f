//! The way of a request through the weather: measured and struck before its door, or its answer lost behind it.

use axum::response::Response;
use graph::{
    ConnectionDraft, PublicError,
    route::{Door, Serving},
};
use serde_json::Value;
use tenant::access;

use super::{
    Weather,
    fault::{Fault, Kind, LATENCY_MAX, creates},
    faults::Falling,
    forecast::Work,
    meter::{Bucket, Measured},
    rule::request_name,
    strike::{struck, too_many},
};
use crate::{ask::Ask, layers::Exchange, respond};

/// A request that goes on to its door.
#[derive(Default)]
pub(crate) struct Passage<'w> {
    weather: Option<&'w Weather>,
    /// What befalls its answer.
    after: Option<Fault>,
    /// The connection that it creates, if that has to be known.
    creates: Option<String>,
}

impl<'w> Passage<'w> {
    /// Looks at a request on its way in. Where there is no weather, or it is fair, that costs nothing.
    ///
    /// # Errors
    /// The answer, if the request does not get to its door.
    pub async fn enter(
        weather: Option<&'w Weather>,
        exchange: &Exchange,
        ask: &mut Ask<'_>,
    ) -> Result<Self, Response> {
        // Whoever may not is told so, whatever the weather.
        let comes_through =
            ask.route.serving == Serving::Served && ask.caller.may(ask.route.door).is_ok();
        let Some(weather) = weather.filter(|_| comes_through) else {
            return Ok(Self::default());
        };
        if weather.measures() || weather.faults.any() || ask.headers.contains_key("prefer") {
            return weather.receive(exchange, ask).await;
        }
        Ok(Self {
            weather: Some(weather),
            ..Self::default()
        })
    }

    /// Looks at the answer on its way out.
    pub fn leave(self, exchange: &Exchange, ask: &Ask<'_>, response: Response) -> Response {
        let Some(weather) = self.weather else {
            return response;
        };
        let went_well = response.status().is_success();
        if went_well {
            weather.note(ask);
        }
        let Some(fault) = self.after else {
            return response;
        };
        if fault.kind == Kind::CreatedAnyway {
            // The issue is that of a creation that succeeds; any other answer is what it is.
            if !went_well {
                return response;
            }
            weather
                .faults
                .remember(self.creates.as_deref().unwrap_or_default());
        }
        weather.saw_fault(fault.kind, 1);
        struck(exchange, &fault)
    }
}

impl Weather {
    async fn receive<'w>(
        &'w self,
        exchange: &Exchange,
        ask: &mut Ask<'_>,
    ) -> Result<Passage<'w>, Response> {
        let refused =
            |refusal: PublicError| respond::error(exchange, refusal.into(), ask.route.voice);
        // What is not taken at all uses up no fault.
        self.measured(ask).await.map_err(refused)?;
        let Falling {
            latency,
            pauses,
            fault,
        } = self
            .faults
            .falling(ask.headers, ask.route, &ask.params)
            .map_err(refused)?;
        if pauses > 0 {
            self.saw_fault(Kind::Latency, pauses);
            tokio::time::sleep(latency.min(LATENCY_MAX)).await;
        }
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.after) {
            self.saw_fault(fault.kind, 1);
            if let (Kind::TooManyRequests, Some(wait)) = (fault.kind, fault.retry_after) {
                let (bucket, who, _) = self.bucket(ask);
                self.meter.tell(bucket, who, wait, ask.tenant.clock.now());
            }
            return Err(struck(exchange, fault));
        }
        let voice = ask.route.voice;
        let creates = self
            .created_anyway(ask, fault.as_ref())
            .await
            .map_err(|refusal| respond::error(exchange, refusal.into(), voice))?;
        Ok(Passage {
            weather: Some(self),
            after: fault,
            creates,
        })
    }

    /// Is there room for the request, and was it not told to wait?
    async fn measured(&self, ask: &Ask<'_>) -> Result<(), PublicError> {
        let (bucket, who, mut rate) = self.bucket(ask);
        // A request that finds no connection of its own takes nothing from whoever has it, and hears nothing of it.
        if rate.is_some() {
            let id = ask.params.connection();
            let found = access::finds(&ask.tenant, &ask.caller, ask.route.door, id).await;
            rate = rate.filter(|_| found);
        }
        let now = ask.tenant.clock.now();
        let measured = self.meter.measure(bucket, who, rate, now);
        let rate = rate.unwrap_or_default();
        let (seconds, help) = match measured {
            Measured::Passes => return Ok(()),
            Measured::Throttled(seconds) => (
                seconds,
                format!(
                    "More than {rate} requests in a second came for this; try again in {seconds} s."
                ),
            ),
            Measured::TooEarly(seconds) => (
                seconds,
                format!(
                    "This came back too early: it was told to wait, and {seconds} s of that are still to come. Honor `Retry-After`."
                ),
            ),
        };
        self.saw_throttled(matches!(measured, Measured::TooEarly(_)));
        Err(too_many(help).after(seconds))
    }

    /// What the request is measured with: writes of items by their connection, requests about external groups by their
    /// tenant. Then who comes back if it comes again, and how many may come in a second, if there is a limit.
    fn bucket(&self, ask: &Ask<'_>) -> (Bucket, String, Option<u32>) {
        let connection = || Some(ask.params.connection().to_ascii_lowercase());
        let (connection, rate) = match ask.route.door {
            Door::PutItem | Door::UpdateItem | Door::DeleteItem => {
                (connection(), self.profile.items_per_second)
            }
            _ if ask.route.path.contains("/groups") => {
                (None, self.profile.group_requests_per_second)
            }
            _ => (None, None),
        };
        let bucket = Bucket {
            tenant: ask.tenant.id,
            connection,
        };
        let app = &ask.caller.app;
        let who = match ask.params.get("item") {
            Some(item) if bucket.connection.is_some() => format!("{app} {item}"),
            _ => format!("{app} {}", request_name(ask.route, &ask.params)),
        };
        (bucket, who, rate)
    }

    /// Counts what was done.
    fn note(&self, ask: &Ask<'_>) {
        let work = match ask.route.door {
            Door::PutItem | Door::UpdateItem | Door::DeleteItem => Work {
                items: 1,
                registrations: 0,
            },
            Door::RegisterSchema | Door::RegisterSchemaPost => Work {
                items: 0,
                registrations: 1,
            },
            _ => return,
        };
        let connection = ask.params.connection().to_ascii_lowercase();
        let tenant = ask.tenant.id;
        let is_home = tenant == ask.front.tenants.home();
        let name = if is_home {
            connection
        } else {
            format!("{connection} of tenant {tenant}")
        };
        self.saw_work(&name, work);
    }

    /// Lets a creation in whose card is broken, as the known issue does: the connection is made without its search
    /// settings. So is one that comes again after it, to hear that the name is taken. Says which connection is created.
    async fn created_anyway(
        &self,
        ask: &mut Ask<'_>,
        fault: Option<&Fault>,
    ) -> Result<Option<String>, PublicError> {
        let falls = fault.is_some_and(|fault| fault.kind == Kind::CreatedAnyway);
        if !creates(ask.route.door) || !(falls || self.faults.any()) {
            return Ok(None);
        }
        let mut said = ask.json("an externalConnection").await?;
        let id = said["id"].as_str().unwrap_or_default().to_owned();
        if (falls || self.faults.created(&id)) && ConnectionDraft::read(&said).is_err() {
            let mut bare = said.clone();
            if let Value::Object(members) = &mut bare {
                members.shift_remove("searchSettings");
            }
            // Whatever else is wrong is refused as ever.
            if ConnectionDraft::read(&bare).is_ok() {
                said = bare;
            }
        }
        ask.body.put_back(said);
        Ok(Some(id))
    }
}
