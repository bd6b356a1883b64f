//! The second lock: a page's items are read from the truth and judged again, against one moment of the live picture.

use std::{collections::HashMap, time::Duration};

use tracing::warn;

use crate::{
    Error, Tenant,
    kept::{KeptItem, Ordinal},
    visibility::{Folded, Held},
};

/// How often a row that is just being published is read again before it is left out.
const READS: usize = 4;
/// Runs before a search holds back changes of membership.
const FREE_RUNS: usize = 2;

/// The runs of a request that must see one membership picture: if the epoch moves during a run, there is another; the last one holds the picture still.
pub(crate) struct Moments<'a> {
    tenant: &'a Tenant,
    user: &'a str,
    runs: usize,
    held: Option<Held>,
}

impl<'a> Moments<'a> {
    pub(crate) fn new(tenant: &'a Tenant, user: &'a str) -> Self {
        Self {
            tenant,
            user,
            runs: 0,
            held: None,
        }
    }

    /// Begins a run: whom the user counts as, now.
    pub(crate) async fn begin(&mut self) -> Result<Folded, Error> {
        if self.runs == FREE_RUNS {
            self.held = Some(self.tenant.visibility.hold().await);
        }
        self.runs += 1;
        let memberships = self.tenant.membership.of(self.user).await?;
        Ok(self.tenant.visibility.fold(self.user, &memberships))
    }

    /// Did the run that began with this fold see one picture from its first step to its last?
    pub(crate) fn was_one(&self, folded: &Folded) -> bool {
        self.held.is_some() || self.tenant.visibility.epoch() == folded.epoch
    }
}

/// The items of a page of hits that the audience may see, in the order of the numbers. The index has admitted them all, so one that is held back is worth a
/// warning.
pub(crate) async fn page(
    tenant: &Tenant,
    folded: &Folded,
    ordinals: &[Ordinal],
) -> Result<Vec<KeptItem>, Error> {
    let mut judged = judge(tenant, folded, ordinals).await?;
    let mut admitted = Vec::with_capacity(ordinals.len());
    for ordinal in ordinals {
        match judged.remove(ordinal) {
            Some(Judged::Admitted(item)) => admitted.push(*item),
            Some(Judged::HeldBack) => {
                warn!(ordinal = ordinal.0, "the second lock held an item back");
            }
            None => {}
        }
    }
    Ok(admitted)
}

/// What became of a row.
enum Judged {
    Admitted(Box<KeptItem>),
    HeldBack,
}

/// Judges the rows of these numbers; those that are gone have no answer.
///
/// A row counts only while it is the one the live picture shows: a row that is committed but not published yet belongs to a later moment than the fold.
async fn judge(
    tenant: &Tenant,
    folded: &Folded,
    ordinals: &[Ordinal],
) -> Result<HashMap<Ordinal, Judged>, Error> {
    let mut judged = HashMap::with_capacity(ordinals.len());
    let mut open = ordinals.to_vec();
    for _ in 0..READS {
        let rows = tenant.store.items(&open).await?;
        open.clear();
        for row in rows {
            if tenant.visibility.live(row.ordinal) != (row.text, row.acl) {
                open.push(row.ordinal);
            } else if folded.audience.judge(row.at, &row.item.acl).may_see() {
                judged.insert(row.ordinal, Judged::Admitted(Box::new(row)));
            } else {
                judged.insert(row.ordinal, Judged::HeldBack);
            }
        }
        if open.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(judged)
}

/// One item, if the user may see it. That a user asks for one that is not for him is nothing to warn of.
pub(crate) async fn item(
    tenant: &Tenant,
    user: &str,
    ordinal: Ordinal,
) -> Result<Option<KeptItem>, Error> {
    let mut moments = Moments::new(tenant, user);
    loop {
        let folded = moments.begin().await?;
        let found = judge(tenant, &folded, &[ordinal]).await?.remove(&ordinal);
        if moments.was_one(&folded) {
            return Ok(match found {
                Some(Judged::Admitted(item)) => Some(*item),
                Some(Judged::HeldBack) | None => None,
            });
        }
    }
}
