//! The clients in languages that are compiled first.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{INSTALLS_WITHIN, Run, Way, source};
use crate::{command, place};

const NOT_COMPILED: &str = "the client could not be compiled (is there a network?)";

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
        Err(NOT_COMPILED.to_owned())
    }
}

pub fn go_runs(driver: &Path) -> Vec<Run> {
    let titles = [
        "go: msgraph-sdk-go on /v1.0",
        "go: msgraph-sdk-go on its default URLs, through the proxy",
    ];
    runs(titles, driver, &[])
}

/// The class path of the driver of the SDK for Java, or why there is none.
pub fn java() -> Result<String, String> {
    let at = place::target().join("clients/java");
    if !command::works(Command::new("javac").args(["--release", "17", "--version"])) {
        return Err("needs a JDK 17 or newer, with `java` and `javac`, on the path".to_owned());
    }
    if !command::works(Command::new("mvn").arg("--version")) {
        return Err("needs `mvn` on the path".to_owned());
    }
    let mut build = Command::new("mvn");
    build
        .current_dir(source("java"))
        .args(["--batch-mode", "--no-transfer-progress", "--quiet"])
        .arg(format!("-Dmaven.repo.local={}/repository", at.display()))
        .arg(format!("-Dat={}", at.display()))
        .arg("compile");
    // Maven fetches and compiles only what has changed.
    if command::run(
        "java: compile the client",
        &mut build,
        INSTALLS_WITHIN,
        |_| {},
    ) {
        Ok(format!("{0}/build/classes:{0}/build/lib/*", at.display()))
    } else {
        Err(NOT_COMPILED.to_owned())
    }
}

pub fn java_runs(class_path: &str) -> Vec<Run> {
    let titles = [
        "java: microsoft-graph on /v1.0",
        "java: microsoft-graph on its default URLs, through the proxy",
    ];
    runs(
        titles,
        Path::new("java"),
        &["-cp", class_path, "drive.Drive"],
    )
}

/// The two ways every one of these clients is driven.
fn runs(titles: [&'static str; 2], program: &Path, arguments: &[&str]) -> Vec<Run> {
    let ways = titles.into_iter().zip([Way::Address("/v1.0"), Way::Proxy]);
    let runs = ways.map(|(title, way)| Run {
        title,
        program: program.to_owned(),
        arguments: arguments.iter().map(|&one| one.to_owned()).collect(),
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
