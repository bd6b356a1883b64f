//! The tenant's time: a port, because tests and `dev` may move it. Tokens and TLS live on real time instead.

use graph::DateTime;

/// Tells the tenant what time it is.
pub trait Clock: Send + Sync {
    /// Now, in ticks of 100 ns since 1970-01-01T00:00:00Z.
    fn now(&self) -> DateTime;
}
