//! Where things are, and what kind of machine this is.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The root of the checkout that this program was built from.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The directory cargo builds into, which this program itself lies in: it follows `CARGO_TARGET_DIR`.
pub fn target() -> PathBuf {
    let own = env::current_exe().ok();
    let target = own.as_deref().and_then(Path::parent).and_then(Path::parent);
    target.map_or_else(|| root().join("target"), Path::to_owned)
}

/// A program built in the profile whose directory is `profile`: `debug` or `release`.
pub fn built(profile: &str, name: &str) -> PathBuf {
    target()
        .join(profile)
        .join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// Is this a continuous-integration machine? There, what cannot run is a failure, not a skip.
#[expect(
    clippy::disallowed_methods,
    reason = "`CI` is the convention by which such machines say what they are"
)]
pub fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// The cargo that started us, at the root of the checkout.
pub fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    command
}
