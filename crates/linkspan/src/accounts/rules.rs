//! What an account must be like, by whichever way it comes in: a command, or a seed file.

use anyhow::{Context, ensure};
use graph::Scope;

/// A name for people and programs: letters, digits, and `-._` between them.
pub fn name(name: &str) -> anyhow::Result<&str> {
    let is_fine = !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    ensure!(
        is_fine,
        "'{name}' cannot be a name: it must be 1 to 64 letters, digits, '-', '.' or '_'"
    );
    Ok(name)
}

/// What a user signs in with.
pub fn upn(upn: &str) -> anyhow::Result<&str> {
    ensure!(
        upn.contains('@') && !upn.contains(char::is_whitespace),
        "'{upn}' must be like alice@linkspan.test"
    );
    Ok(upn)
}

/// A permission that there is.
pub fn permission(word: &str) -> anyhow::Result<Scope> {
    Scope::parse(word).with_context(|| {
        let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("'{word}' is no permission; there are: {}", known.join(", "))
    })
}

/// May the group of that id hold this member?
pub fn membership(group: &str, member: &str) -> anyhow::Result<()> {
    ensure!(member != group, "a group cannot be its own member");
    Ok(())
}
