//! The real clients: installed under `target/clients`, driven by the programs in `conformance/clients`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    command,
    dev::Server,
    place,
    tally::{self, Counts, Tally},
};

const INSTALLS_WITHIN: Duration = Duration::from_secs(15 * 60);
const DRIVES_WITHIN: Duration = Duration::from_secs(5 * 60);

/// One drive of one client.
pub struct Run {
    title: &'static str,
    /// The interpreter and the driver.
    program: PathBuf,
    driver: PathBuf,
    /// What comes after the HTTPS address in `--base-url`.
    path: &'static str,
    arguments: Vec<String>,
}

impl Run {
    /// Drives the client against `server` as the app `connector`, searching as alice and as bob.
    pub fn drive(&self, server: &Server, tally: &mut Tally) {
        let mut drive = match self.command(server) {
            Ok(drive) => drive,
            Err(why) => return tally.one(&format!("{}: {why}", self.title), false),
        };
        let mut counts = Counts::default();
        let ended_well = command::run(self.title, &mut drive, DRIVES_WITHIN, |line| {
            counts = tally::summary(line).unwrap_or(counts);
        });
        tally.part(self.title, counts, ended_well);
    }

    fn command(&self, server: &Server) -> Result<Command, String> {
        let https = server.text("https_url")?.trim_end_matches('/');
        let authority = server.text("ca_file")?;
        let app = |member| server.of("apps", "connector", member);
        let user = |name, member| server.of("users", name, member);
        let mut command = Command::new(&self.program);
        command.arg(&self.driver).args(&self.arguments);
        command
            .arg("--base-url")
            .arg(format!("{https}{}", self.path));
        command.args([
            "--authority",
            https,
            "--ca",
            authority,
            "--tenant",
            server.text("tenant_id")?,
        ]);
        command.args([
            "--client-id",
            app("client_id")?,
            "--client-secret",
            app("client_secret")?,
        ]);
        command.args([
            "--user",
            user("alice", "upn")?,
            "--password",
            user("alice", "password")?,
        ]);
        command.args(["--grant-user", user("alice", "id")?]);
        command.args([
            "--other-user",
            user("bob", "upn")?,
            "--other-password",
            user("bob", "password")?,
        ]);
        command.args(["--other-id", user("bob", "id")?]);
        // Node reads its extra authorities before the program starts. A proxy would not find our loopback.
        command.env("NODE_EXTRA_CA_CERTS", authority);
        command
            .env("NO_PROXY", "localhost,127.0.0.1")
            .env("no_proxy", "localhost,127.0.0.1");
        command.current_dir(place::root());
        Ok(command)
    }
}

/// Installs what is missing and lists the drives that this machine can do; the others are told to `tally`.
pub fn prepare(tally: &mut Tally) -> Vec<Run> {
    let mut runs = Vec::new();
    match python() {
        Ok(program) => runs.extend(
            [
                ("python: msgraph-sdk on /v1.0", "/v1.0", ""),
                ("python: msgraph-beta-sdk on /beta", "/beta", "--beta"),
            ]
            .map(|(title, path, beta)| Run {
                title,
                program: program.clone(),
                driver: source("python_sdk.py"),
                path,
                arguments: words(beta),
            }),
        ),
        Err(why) => tally.not_run("python: msgraph-sdk, msgraph-beta-sdk", 2, &why),
    }
    match node() {
        Ok(modules) => runs.extend(
            [
                ("node: microsoft-graph-client", "--client graph"),
                ("node: msgraph-sdk", "--client kiota"),
                (
                    "node: msgraph-sdk, compressed bodies",
                    "--client kiota --gzip",
                ),
            ]
            .map(|(title, client)| Run {
                title,
                program: PathBuf::from("node"),
                driver: source("javascript.mjs"),
                path: "",
                arguments: [
                    words("--modules"),
                    vec![modules.display().to_string()],
                    words(client),
                ]
                .concat(),
            }),
        ),
        Err(why) => tally.not_run("node: microsoft-graph-client, msgraph-sdk", 3, &why),
    }
    runs
}

/// The interpreter of a virtual environment with the Python clients, or why there is none.
fn python() -> Result<PathBuf, String> {
    let wanted = source("requirements.txt");
    let at = place::target().join("clients/python");
    let program = at.join("bin/python");
    if is_installed(&at, &wanted) && command::works(Command::new(&program).arg("--version")) {
        return Ok(program);
    }
    if !command::works(Command::new("python3").args([
        "-c",
        "import ensurepip, sys; sys.exit(sys.version_info < (3, 10))",
    ])) {
        return Err("needs `python3` 3.10 or newer with its `venv` module on the path".to_owned());
    }
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv", "--clear"]).arg(&at);
    let mut install = Command::new(&program);
    // Compiling the generated models ahead of time takes longer than all drives together.
    install.args([
        "-m",
        "pip",
        "install",
        "--no-compile",
        "--progress-bar",
        "off",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    install.arg(&wanted);
    let done = command::run(
        "python: make a virtual environment",
        &mut environment,
        INSTALLS_WITHIN,
        |_| {},
    ) && command::run(
        "python: install the clients",
        &mut install,
        INSTALLS_WITHIN,
        |_| {},
    );
    finish(done, &at, &wanted).map(|()| program)
}

/// The directory that holds `node_modules` with the JavaScript clients, or why there is none.
fn node() -> Result<PathBuf, String> {
    let wanted = source("package.json");
    let at = place::target().join("clients/node");
    if !command::works(Command::new("node").args([
        "-e",
        "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)",
    ])) {
        return Err("needs `node` 20 or newer on the path".to_owned());
    }
    if is_installed(&at, &wanted) {
        return Ok(at);
    }
    if !command::works(Command::new("npm").arg("--version")) {
        return Err("needs `npm` on the path".to_owned());
    }
    let copied = fs::create_dir_all(&at).and_then(|()| fs::copy(&wanted, at.join("package.json")));
    copied.map_err(|error| format!("cannot write to {}: {error}", at.display()))?;
    let mut install = Command::new("npm");
    install.args([
        "install",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--ignore-scripts",
        "--loglevel",
        "http",
    ]);
    install.current_dir(&at);
    let done = command::run(
        "node: install the clients",
        &mut install,
        INSTALLS_WITHIN,
        |_| {},
    );
    finish(done, &at, &wanted).map(|()| at)
}

/// Was exactly what `wanted` lists installed, to the end?
fn is_installed(at: &Path, wanted: &Path) -> bool {
    let (Ok(marked), Ok(wanted)) = (fs::read(mark(at)), fs::read(wanted)) else {
        return false;
    };
    marked == wanted
}

/// Remembers a whole installation by a copy of its list.
fn finish(done: bool, at: &Path, wanted: &Path) -> Result<(), String> {
    if !done {
        return Err("the clients could not be installed (is there a network?)".to_owned());
    }
    let marked = fs::copy(wanted, mark(at)).map(|_| ());
    marked.map_err(|error| format!("cannot write to {}: {error}", at.display()))
}

fn mark(at: &Path) -> PathBuf {
    at.join("installed")
}

fn source(name: &str) -> PathBuf {
    place::root().join("conformance/clients").join(name)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
