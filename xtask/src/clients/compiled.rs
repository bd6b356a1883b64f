//! The clients in languages that are compiled first.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{INSTALLS_WITHIN, Run, Way, source};
use crate::{command, place};

/// The two ways every one of these clients is driven.
const WAYS: [Way; 2] = [Way::Address("/v1.0"), Way::Proxy];

/// The driver of the SDK for Go, compiled, or why there is none.
pub fn go() -> Result<PathBuf, String> {
    let at = place::target().join("clients/go");
    let driver = at.join("drive");
    // In the driver's directory, this asks for the version that its `go.mod` names.
    if !command::works(go_command(&at).args(["list", "-m"])) {
        return Err("needs `go` 1.25 or newer on the path".to_owned());
    }
    let mut build = go_command(&at);
    build.args(["build", "-p", "2", "-o"]).arg(&driver).arg(".");
    // Go itself knows what has to be compiled again; after the first time that is next to nothing.
    if command::run(
        "go: compile the client",
        &mut build,
        INSTALLS_WITHIN,
        |_| {},
    ) {
        Ok(driver)
    } else {
        Err("the client could not be compiled (is there a network?)".to_owned())
    }
}

pub fn go_runs(driver: &Path) -> Vec<Run> {
    let titles = [
        "go: msgraph-sdk-go on /v1.0",
        "go: msgraph-sdk-go on its default URLs, through the proxy",
    ];
    let runs = titles.into_iter().zip(WAYS).map(|(title, way)| Run {
        title,
        program: driver.to_owned(),
        arguments: Vec::new(),
        way,
    });
    runs.collect()
}

/// A `go` that keeps everything it fetches and compiles in `at`.
fn go_command(at: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(source("go"))
        .env("GOPATH", at.join("path"))
        .env("GOMODCACHE", at.join("path/pkg/mod"))
        .env("GOCACHE", at.join("cache"))
        // Modules that can be written to can be removed with the target directory.
        .env("GOFLAGS", "-modcacherw")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off");
    go
}
