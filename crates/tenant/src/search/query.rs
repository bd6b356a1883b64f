//! The door to `POST /search/query`: which connections, which items, in which order, and what is told of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use graph::{
    ConnectionId, ConnectionKey, ConnectionState, PublicError,
    route::Door,
    search::{self, ContentSource, SearchHitsContainer, SearchRequest, SearchResponse},
};

use super::{
    bind::Binder,
    highlight::Highlight,
    hit::Teller,
    plan::{Cancel, Criteria, Hits, Plan},
    second_lock::{self, Moments},
};
use crate::{Caller, Error, Tenant, kept::KeptConnection, profile::Span, visibility::Folded};

/// A search that takes longer than this is ended.
const DEADLINE: Duration = Duration::from_secs(10);

/// Answers each request with the items that the user may see, one response per request.
///
/// # Errors
/// 403 without a user or without permission; 400 for a query that says nothing; 501 for what is not served yet.
pub async fn query(
    tenant: Arc<Tenant>,
    caller: &Caller,
    requests: Vec<SearchRequest>,
    cancel: Cancel,
) -> Result<Vec<SearchResponse>, Error> {
    caller.may(Door::Query)?;
    let user = caller
        .user
        .as_deref()
        .ok_or_else(search::application_refused)?;
    // Where indexing takes its time, nobody waits for it.
    if tenant.profile.index_latency == Span::ZERO {
        tenant.progress.caught_up(&caller.app).await;
    }
    let mut responses = Vec::with_capacity(requests.len());
    for request in &requests {
        let search = Search {
            tenant: &tenant,
            request,
            parsed: parse(&request.query_string)?,
            cancel: &cancel,
            deadline: Instant::now() + DEADLINE,
        };
        responses.push(search.answer(user).await?);
    }
    Ok(responses)
}

/// The parsed query; one that says nothing (only operators or punctuation) is as good as an empty one.
fn parse(text: &str) -> Result<kql::Expr, PublicError> {
    kql::parse(text)
        .expr
        .ok_or_else(search::query_string_required)
}

/// One request on its way to an answer.
struct Search<'a> {
    tenant: &'a Tenant,
    request: &'a SearchRequest,
    parsed: kql::Expr,
    cancel: &'a Cancel,
    deadline: Instant,
}

impl Search<'_> {
    async fn answer(&self, user: &str) -> Result<SearchResponse, Error> {
        let mut moments = Moments::new(self.tenant, user);
        loop {
            let folded = moments.begin().await?;
            let response = self.run(&folded).await?;
            if moments.was_one(&folded) {
                return Ok(response);
            }
        }
    }

    /// One run on one picture.
    async fn run(&self, folded: &Folded) -> Result<SearchResponse, Error> {
        // Guests see nothing through search, not even what is for everyone (`contract/search.md` §13.2).
        let scope = if folded.audience.guest {
            Vec::new()
        } else {
            self.scope()
        };
        let binder = Binder {
            scope: &scope,
            now: self.tenant.clock.now(),
        };
        let hits = self.find(folded, &scope, binder.bind(&self.parsed)).await?;
        let ordinals: Vec<_> = hits.hits.iter().map(|hit| hit.ordinal).collect();
        let items = second_lock::page(self.tenant, folded, &ordinals).await?;
        let highlight = Highlight::of(&binder, &self.parsed);
        let seen_to = u64::from(self.request.from) + hits.hits.len() as u64;
        let terms = kql::free_terms(&self.parsed, &|name| binder.is_property(name));
        let teller = Teller {
            tenant: self.tenant.id,
            scope: &scope,
            fields: &self.request.fields,
            highlight: &highlight,
        };
        let ranked = items.iter().zip(self.request.from + 1..);
        Ok(SearchResponse {
            search_terms: terms,
            hits_containers: vec![SearchHitsContainer {
                hits: ranked
                    .filter_map(|(item, rank)| teller.hit(item, rank))
                    .collect(),
                total: hits.total,
                more_results_available: seen_to < hits.total && !hits.hits.is_empty(),
            }],
        })
    }

    /// The connections that the request names and that can be searched; an unknown one contributes nothing.
    fn scope(&self) -> Vec<Arc<KeptConnection>> {
        let picture = &self.tenant.visibility;
        let mut scope: Vec<Arc<KeptConnection>> = Vec::new();
        for source in &self.request.content_sources {
            match source {
                ContentSource::All => scope.extend(picture.connections()),
                ContentSource::Connection(id) => {
                    scope.extend(picture.connection(&ConnectionId::kept(id.as_str())));
                }
            }
        }
        scope.sort_by_key(|kept| kept.key);
        scope.dedup_by_key(|kept| kept.key);
        scope.retain(|kept| {
            let state = kept.connection.state;
            kept.released_at.is_none()
                && matches!(
                    state,
                    ConnectionState::Ready | ConnectionState::LimitExceeded
                )
        });
        scope
    }

    async fn find(
        &self,
        folded: &Folded,
        scope: &[Arc<KeptConnection>],
        criteria: Criteria,
    ) -> Result<Hits, Error> {
        let keys: Vec<ConnectionKey> = scope.iter().map(|kept| kept.key).collect();
        let lens = self.tenant.visibility.lens(folded, &keys);
        if lens.is_blind() || criteria == Criteria::None {
            return Ok(Hits::default());
        }
        let plan = Plan {
            criteria,
            lens,
            from: self.request.from,
            size: self.request.size,
            deadline: self.deadline,
            cancel: self.cancel.clone(),
        };
        Ok(self.tenant.index.search(plan).await?)
    }
}
