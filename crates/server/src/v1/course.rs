//! `/external/connections?$orderby=name&$skiptoken=…`: in which order the rows of a collection come, and from where on.
//!
//! Documentation: <https://learn.microsoft.com/graph/paging>

use std::{cmp::Ordering, sync::Arc};

use graph::{
    ErrorCode, PublicError,
    odata::{Order, QueryOptions},
};
use uuid::Uuid;

use super::{
    page::Row,
    token::{self, Mark},
    walks::{LENGTH_MAX, Places, Walker, Walks},
};
use crate::{ask::Ask, seal::Seal};

/// Who asks for the page, and what the server knows of the pages before.
pub(super) struct Reader<'a> {
    pub seal: &'a Seal,
    pub walks: &'a Walks,
    pub walker: Walker,
    /// In seconds since 1970.
    pub now: u64,
}

/// In which order the rows come, and from where on.
pub(super) enum Course {
    /// They stand where they stand for life, and come behind this one.
    Fixed(Option<Row>),
    /// They may change their places: the first page, which takes down the order of them all.
    New(Vec<Row>),
    /// The same, from so far on.
    Remembered {
        walk: Uuid,
        places: Arc<Places>,
        passed: usize,
    },
}

impl<'a> Reader<'a> {
    pub fn of(ask: &'a Ask<'_>) -> Self {
        Self {
            seal: ask.issuer.page_seal(),
            walks: &ask.front.walks,
            walker: Walker {
                tenant: ask.tenant.id,
                app: ask.caller.app.clone(),
                user: ask.caller.user.clone(),
            },
            now: ask.exchange.began_at_seconds(),
        }
    }

    /// A path is the tenant's.
    fn place(&self, path: &str) -> String {
        format!("{}/{path}", self.walker.tenant)
    }

    /// The token of the page behind this end. A walk that begins is remembered under a new id.
    pub fn token(&self, page: End<'_>, path: &str, new_id: impl FnOnce() -> Uuid) -> String {
        let End {
            course,
            order,
            last,
        } = page;
        let mark = match course {
            Course::Fixed(_) => Mark::Behind(last),
            Course::New(mut rows) => {
                rows.sort_by(|a, b| by_keys(order, a, b));
                let places = rows.into_iter().map(|row| row.place);
                let places: Places = places.zip(0..).collect();
                let passed = passed(&places, &last);
                let walker = self.walker.clone();
                let walk = new_id();
                self.walks.keep(walk, walker, places, self.now);
                Mark::Remembered { walk, passed }
            }
            Course::Remembered { walk, places, .. } => Mark::Remembered {
                walk,
                passed: passed(&places, &last),
            },
        };
        token::write(&mark, self.seal, &self.place(path), order)
    }
}

/// Where a page ends that is not the last one.
pub(super) struct End<'o> {
    pub course: Course,
    pub order: &'o Order,
    pub last: Row,
}

impl Course {
    /// The course that the query asks for.
    ///
    /// # Errors
    /// 400 for a token that we did not make, or a walk that we do not remember.
    pub fn open(
        reader: &Reader<'_>,
        path: &str,
        options: &QueryOptions,
    ) -> Result<Self, PublicError> {
        let order = &options.order;
        let Some(token) = &options.skiptoken else {
            return Ok(if order.is_fixed() {
                Self::Fixed(None)
            } else {
                Self::New(Vec::new())
            });
        };
        match token::read(token, reader.seal, &reader.place(path), order)? {
            Mark::Behind(row) => Ok(Self::Fixed(Some(row))),
            Mark::Remembered { walk, passed } => {
                match reader.walks.find(walk, &reader.walker, reader.now) {
                    Some(places) => Ok(Self::Remembered {
                        walk,
                        places,
                        passed,
                    }),
                    None => Err(forgotten(order)),
                }
            }
        }
    }

    /// Is there something to remember that is too much?
    ///
    /// # Errors
    /// 400 that says what to ask instead.
    pub fn check_length(&self, order: &Order) -> Result<(), PublicError> {
        match self {
            Self::New(rows) if rows.len() > LENGTH_MAX => Err(too_long(order)),
            _ => Ok(()),
        }
    }

    /// May this row be on the page?
    pub fn takes(&mut self, order: &Order, row: &Row) -> bool {
        match self {
            Self::Fixed(None) => true,
            Self::Fixed(Some(after)) => by_keys(order, row, after).is_gt(),
            Self::New(rows) => {
                rows.push(Row {
                    place: row.place.clone(),
                    members: order.keys(&row.members).into(),
                });
                true
            }
            // What was not there at the first page has no place.
            Self::Remembered { places, passed, .. } => places
                .get(&row.place)
                .is_some_and(|position| position >= passed),
        }
    }

    /// How two rows follow each other.
    pub fn compare(&self, order: &Order, a: &Row, b: &Row) -> Ordering {
        match self {
            Self::Remembered { places, .. } => places.get(&a.place).cmp(&places.get(&b.place)),
            Self::Fixed(_) | Self::New(_) => by_keys(order, a, b),
        }
    }
}

fn by_keys(order: &Order, a: &Row, b: &Row) -> Ordering {
    let by_keys = order.compare(&a.members, &b.members);
    by_keys.then_with(|| a.place.cmp(&b.place))
}

/// How many of a walk's rows there are up to this one.
fn passed(places: &Places, last: &Row) -> usize {
    places.get(&last.place).map_or(0, |position| position + 1)
}

fn forgotten(order: &Order) -> PublicError {
    token::refused(&format!(
        "The order of the pages before is no longer remembered: sorted by {order}, a page can be continued for an hour, by the same caller, and not beyond a restart. Start over without $skiptoken, or sort by id."
    ))
}

fn too_long(order: &Order) -> PublicError {
    let mut error = PublicError::new(
        ErrorCode::BadRequest,
        format!(
            "More than {LENGTH_MAX} members cannot be sorted by {order}: narrow them with $filter, or sort by id."
        ),
    );
    error.target = Some("$orderby".to_owned());
    error
}
