//! The CONNECT listener: for clients that offer no setting for another host, only one for a proxy.

mod head;
mod listen;

pub use listen::{Proxy, serve};
