//! `linkspan keys …`

use std::time::UNIX_EPOCH;

use clap::{Args, Subcommand};
use server::identity::Keys;

use super::open::Place;
use crate::{say, wire};

/// `linkspan keys`
#[derive(Args, Clone)]
pub struct KeysCommand {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    change: Change,
}

#[derive(Subcommand, Clone)]
enum Change {
    /// Make a new key that signs tokens from the next start on. What the old ones signed counts until it expires.
    Rotate,
}

/// Carries a command out.
pub fn keys(command: &KeysCommand) -> anyhow::Result<()> {
    let Change::Rotate = command.change;
    let (data, _lock) = command.place.lock(false)?;
    let now = wire::now().duration_since(UNIX_EPOCH)?.as_secs();
    let rotation = Keys::rotate(&data.join("keys"), now)?;
    Ok(say::line(format_args!(
        "key {} signs from now on, instead of {}; {} retired keys still count, {} were removed because nothing they signed can be valid any more",
        rotation.now, rotation.before, rotation.kept, rotation.removed
    ))?)
}
