//! Ends a search whose answer is no longer wanted.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tenant::search::plan::Plan;

/// How many documents may be looked at between two looks at the clock.
pub const STRIDE: u32 = 1024;

/// Looks at a plan's deadline and cancel flag, and remembers that the search is over.
///
/// Once it is over, scorers pretend to have no more documents; whoever runs the search must ask [`Watch::is_over`]
/// before it believes what it collected.
#[derive(Clone)]
pub struct Watch(Arc<Watched>);

struct Watched {
    plan: Plan,
    over: AtomicBool,
}

impl Watch {
    /// Begins to watch.
    pub fn new(plan: Plan) -> Self {
        Self(Arc::new(Watched {
            plan,
            over: AtomicBool::new(false),
        }))
    }

    /// The watched plan.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// Is the answer no longer wanted? Stays true once it was.
    pub fn is_over(&self) -> bool {
        if self.0.over.load(Ordering::Relaxed) {
            return true;
        }
        let over = self.0.plan.is_over();
        if over {
            self.0.over.store(true, Ordering::Relaxed);
        }
        over
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watch")
    }
}

/// Counts documents and looks at the watch every [`STRIDE`].
pub struct Ticks {
    watch: Watch,
    left: u32,
}

impl Ticks {
    /// Begins to count.
    pub fn new(watch: &Watch) -> Self {
        Self {
            watch: watch.clone(),
            left: STRIDE,
        }
    }

    /// Counts one document; is the search over?
    #[inline]
    pub fn tick(&mut self) -> bool {
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        // A search that is over looks again at every document, so that its loops end at the next one.
        let over = self.watch.is_over();
        self.left = if over { 1 } else { STRIDE };
        over
    }
}
