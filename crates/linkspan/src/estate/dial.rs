//! How far a tenant's clock was moved, kept in the tenant's directory: what is due there is in the tenant's time.

use std::{fs, io, path::Path, sync::Arc};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use server::weather::Dial;
use tenant::clock::{Clock, MovableClock};

use super::shelf;

/// The file; a clock that goes with real time has none.
pub const CLOCK: &str = "clock.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// In ticks of 100 ns; fewer than none: behind real time.
    ahead_ticks: i64,
}

/// The clock of the tenant in that directory, as it was moved last.
///
/// # Errors
/// The file cannot be read; the error says which, and what to do.
pub fn open(directory: &Path, real: Arc<dyn Clock>) -> anyhow::Result<(Arc<MovableClock>, Dial)> {
    let file = directory.join(CLOCK);
    let clock = Arc::new(MovableClock::over(real));
    clock.put_ahead(read(&file).with_context(|| {
        format!(
            "{} must say how far the tenant's clock was moved, as {{\"ahead_ticks\":0}} in steps of 100 ns; remove it to go on in real time",
            file.display()
        )
    })?);
    let dial = Dial::new(
        Arc::clone(&clock),
        Box::new(move |ahead| write(&file, ahead)),
    );
    Ok((clock, dial))
}

fn read(file: &Path) -> anyhow::Result<i64> {
    match fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice::<Kept>(&text)?.ahead_ticks),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn write(file: &Path, ahead_ticks: i64) -> io::Result<()> {
    let text = serde_json::to_string(&Kept { ahead_ticks })?;
    shelf::replace(file, &format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn what_is_broken_is_named_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(CLOCK);
        let told = || {
            let opened = open(directory.path(), Arc::new(SystemClock));
            opened.err().map(|error| format!("{error:#}"))
        };
        assert_eq!(told(), None);
        write(&file, -7).unwrap();
        assert_eq!((told(), read(&file).unwrap()), (None, -7));
        for broken in [
            "",
            "7",
            "{\"ahead_ticks\":\"7\"}",
            "{\"ahead_ticks\":7,\"more\":1}",
        ] {
            fs::write(&file, broken).unwrap();
            let told = told().unwrap();
            assert!(told.contains(&file.display().to_string()), "{told}");
            assert!(told.contains("remove it"), "{told}");
        }
    }
}
