//! Programs of the Rust world that some tasks need, each of exactly one version, installed under `target/tools` where they are missing.

use std::{path::PathBuf, process::Command, time::Duration};

use crate::{command, place};

const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Builds of tools that run for seconds: quick to compile is worth more than quick to run.
const PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "false"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

/// A program by the name of its crate.
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
}

impl Tool {
    /// The program, installed first where it is missing.
    ///
    /// # Errors
    /// A sentence for the tally when it could not be installed.
    pub fn program(&self) -> Result<PathBuf, String> {
        self.installed().or_else(|| self.install()).ok_or_else(|| {
            format!("{self} is not installed and could not be (is there a network?)")
        })
    }

    /// The program of exactly our version: ours, or the machine's.
    fn installed(&self) -> Option<PathBuf> {
        let own = place::target().join("tools/bin").join(self.name);
        [own, PathBuf::from(self.name)].into_iter().find(|program| {
            let said = Command::new(program).arg("--version").output();
            said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).trim() == self.to_string())
        })
    }

    /// Installs the program; `None` when that fails.
    fn install(&self) -> Option<PathBuf> {
        let root = place::target().join("tools");
        let wanted = ["install", self.name, "--locked", "--version", self.version];
        let mut install = place::cargo(wanted);
        install.arg("--root").arg(root).envs(PROFILE);
        let title = format!("install {self} under target/tools (some minutes, once)");
        command::run(&title, &mut install, LIMIT, |_| {});
        self.installed()
    }
}

impl std::fmt::Display for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}
