//! `/external/connections?$orderby=name`: the walks through collections that are sorted by what may change.
//!
//! Behind the last row of a page begins the next one, as long as rows keep their places. Sorted by a name, a row that is renamed between two pages would be
//! shown twice or never. So the order is remembered as it was when the first page was asked for; what the rows are, and who may see them, is asked anew for
//! every page.
//!
//! Documentation: <https://learn.microsoft.com/graph/paging>

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

/// How long a walk is remembered after its last page, in seconds.
const LIFE: u64 = 60 * 60;

/// Rows of one walk, at most.
pub(crate) const LENGTH_MAX: usize = 100_000;

/// Walks of one caller, at most.
const OF_CALLER_MAX: usize = 16;

/// Rows of all walks of one tenant, at most.
const OF_TENANT_MAX: usize = 400_000;

/// Rows of all walks, at most: about 100 MB.
const ALL_MAX: usize = 1_000_000;

/// What a walk counts at least, so that short ones are not without number.
const WEIGHT_MIN: usize = 500;

/// The places of rows, each with its number in the order of the walk.
pub(crate) type Places = HashMap<String, usize>;

/// Whose walk it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walker {
    /// The tenant.
    pub tenant: Uuid,
    /// The app.
    pub app: String,
    /// The user, if there is one.
    pub user: Option<String>,
}

/// The walks that are under way. Those begun or continued longest ago are forgotten first.
#[derive(Default)]
pub(crate) struct Walks(Mutex<Vec<Walk>>);

struct Walk {
    id: Uuid,
    walker: Walker,
    used_at: u64,
    places: Arc<Places>,
}

impl Walk {
    fn weight(&self) -> usize {
        self.places.len().max(WEIGHT_MIN)
    }
}

impl Walks {
    /// Remembers a walk; others are forgotten for it if need be.
    pub fn keep(&self, id: Uuid, walker: Walker, places: Places, now: u64) {
        let mut walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut walks, now);
        let tenant = walker.tenant;
        walks.push(Walk {
            id,
            walker: walker.clone(),
            used_at: now,
            places: Arc::new(places),
        });
        let one = |_: &Walk| 1;
        forget_beyond(&mut walks, OF_CALLER_MAX, one, |walk| walk.walker == walker);
        forget_beyond(&mut walks, OF_TENANT_MAX, Walk::weight, |walk| {
            walk.walker.tenant == tenant
        });
        forget_beyond(&mut walks, ALL_MAX, Walk::weight, |_| true);
    }

    /// The order of a walk, if it is the walker's and still remembered.
    pub fn find(&self, id: Uuid, walker: &Walker, now: u64) -> Option<Arc<Places>> {
        let mut walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut walks, now);
        let at = walks
            .iter()
            .position(|walk| walk.id == id && walk.walker == *walker)?;
        // Those used last stand last.
        let mut walk = walks.remove(at);
        walk.used_at = now;
        let places = Arc::clone(&walk.places);
        walks.push(walk);
        Some(places)
    }
}

fn forget_old(walks: &mut Vec<Walk>, now: u64) {
    walks.retain(|walk| now <= walk.used_at.saturating_add(LIFE));
}

/// Forgets the oldest of those concerned until the others weigh no more than allowed.
fn forget_beyond(
    walks: &mut Vec<Walk>,
    most: usize,
    weight: impl Fn(&Walk) -> usize,
    concerns: impl Fn(&Walk) -> bool,
) {
    let concerned = walks.iter().filter(|walk| concerns(walk));
    let mut whole: usize = concerned.map(&weight).sum();
    walks.retain(|walk| {
        let is_too_much = whole > most && concerns(walk);
        if is_too_much {
            whole -= weight(walk);
        }
        !is_too_much
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walker(tenant: u128, app: &str) -> Walker {
        Walker {
            tenant: Uuid::from_u128(tenant),
            app: app.to_owned(),
            user: None,
        }
    }

    fn places(count: usize) -> Places {
        (0..count).map(|at| (at.to_string(), at)).collect()
    }

    #[test]
    fn a_walk_is_found_by_its_walker_while_it_is_remembered() {
        let walks = Walks::default();
        let (id, mine) = (Uuid::from_u128(1), walker(1, "a"));
        walks.keep(id, mine.clone(), places(3), 0);
        assert_eq!(walks.find(id, &mine, LIFE).unwrap().len(), 3);
        assert!(walks.find(id, &mine, 2 * LIFE).is_some());
        let of_a_user = Walker {
            user: Some("u".to_owned()),
            ..mine.clone()
        };
        for other in [walker(1, "b"), walker(2, "a"), of_a_user] {
            assert!(walks.find(id, &other, 2 * LIFE).is_none());
        }
        assert!(walks.find(id, &mine, 3 * LIFE + 1).is_none());
    }

    #[test]
    fn the_oldest_go_first_and_only_for_their_own_kind() {
        let walks = Walks::default();
        let ids: Vec<Uuid> = (0..100).map(Uuid::from_u128).collect();
        let (mine, other) = (walker(1, "a"), walker(2, "a"));
        let found = |id: usize, who: &Walker| walks.find(ids[id], who, 0).is_some();
        walks.keep(ids[99], other.clone(), places(1), 0);
        for id in &ids[..OF_CALLER_MAX] {
            walks.keep(*id, mine.clone(), places(1), 0);
        }
        // The first one is used again, so the second one is the oldest now.
        assert!(found(0, &mine));
        walks.keep(ids[90], mine.clone(), places(1), 0);
        assert!(found(0, &mine) && !found(1, &mine) && found(2, &mine));
        assert!(found(99, &other));
        // Four of the largest fill a tenant.
        for (at, id) in ids[60..65].iter().enumerate() {
            walks.keep(*id, walker(3, &at.to_string()), places(LENGTH_MAX), 0);
        }
        assert!(!found(60, &walker(3, "0")) && found(64, &walker(3, "4")));
        assert!(found(99, &other));
        let weight = || {
            let walks = walks.0.lock().unwrap();
            walks.iter().map(Walk::weight).sum::<usize>()
        };
        for at in 0..8 {
            let id = ids[70 + usize::try_from(at).unwrap()];
            walks.keep(id, walker(100 + at, "a"), places(LENGTH_MAX), 0);
        }
        assert!(weight() <= ALL_MAX, "{}", weight());
        assert!(!found(62, &walker(3, "2")));
    }
}
