//! File descriptors: each connection takes one, and many systems give a process so few that a thousand idle clients
//! would keep everybody else out.

/// More than all listeners together can use, with room for the store and the index.
#[cfg(unix)]
const WANTED: u64 = 16_384;

/// Raises this process's own limit as far as the system lets it, at most to what can be used. Where that fails,
/// fewer connections fit; nothing else changes.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        let allowed = limit.maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
        if limit.current.is_some_and(|current| current < allowed) {
            limit.current = Some(allowed);
            if let Err(error) = setrlimit(Resource::Nofile, limit) {
                tracing::debug!(%error, "the limit of file descriptors stays as it is");
            }
        }
    }
}
