//! The real clients: installed under `target/clients`, driven by the programs in `conformance/clients`.

mod compiled;

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
    /// The interpreter, with the driver as its first argument, or the driver itself.
    program: PathBuf,
    arguments: Vec<String>,
    way: Way,
}

/// How a client is brought to the server.
#[derive(Clone, Copy)]
enum Way {
    /// It is told the server's HTTPS address; this path comes after it in `--base-url`.
    Address(&'static str),
    /// It asks Microsoft's hosts, and `HTTPS_PROXY` leads it to the CONNECT listener.
    Proxy,
    /// The same, but the driver itself sets the client's environment and is told `--proxy`.
    OwnProxy,
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
        let authority = server.text("ca_file")?;
        let app = |member| server.of("apps", "connector", member);
        let user = |name, member| server.of("users", name, member);
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        self.way.add_to(&mut command, server)?;
        command.args(["--ca", authority, "--tenant", server.text("tenant_id")?]);
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
        // Node reads its extra authorities before the program starts.
        command.env("NODE_EXTRA_CA_CERTS", authority);
        command.current_dir(place::root());
        Ok(command)
    }
}

impl Way {
    /// The addresses in the driver's arguments and environment.
    fn add_to(self, command: &mut Command, server: &Server) -> Result<(), String> {
        // A proxy of this machine would not find our loopback, and `*` would go past our own.
        command
            .env("NO_PROXY", "localhost,127.0.0.1")
            .env("no_proxy", "localhost,127.0.0.1");
        match self {
            Self::Address(path) => {
                let https = server.text("https_url")?.trim_end_matches('/');
                command
                    .arg("--base-url")
                    .arg(format!("{https}{path}"))
                    .args(["--authority", https]);
            }
            Self::Proxy => {
                let proxy = server.text("proxy_url")?;
                command
                    .env("HTTPS_PROXY", proxy)
                    .env("https_proxy", proxy)
                    .arg("--default-urls");
            }
            Self::OwnProxy => {
                command.args(["--proxy", server.text("proxy_url")?]);
            }
        }
        Ok(())
    }
}

/// Which clients are driven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// Those that are installed in a minute or two.
    Quick,
    /// Those of Go and Java too, whose SDKs take minutes to compile or hundreds of megabytes on the disk.
    All,
}

/// Installs what is missing and lists the drives that this machine can do; the others are told to `tally`.
pub fn prepare(clients: Clients, tally: &mut Tally) -> Vec<Run> {
    let mut runs = Vec::new();
    match python() {
        Ok(program) => runs.extend(python_runs(&program)),
        Err(why) => tally.not_run("python: msgraph-sdk, msgraph-beta-sdk", 4, &why),
    }
    match node() {
        Ok(modules) => runs.extend(node_runs(&modules)),
        Err(why) => tally.not_run("node: microsoft-graph-client, msgraph-sdk", 3, &why),
    }
    match m365() {
        Ok(modules) => runs.push(m365_run(&modules)),
        Err(why) => tally.not_run("node: CLI for Microsoft 365", 1, &why),
    }
    if clients == Clients::Quick {
        println!("==> clients: the SDKs for Go and Java join in with `--all-clients`");
        return runs;
    }
    match compiled::go() {
        Ok(driver) => runs.extend(compiled::go_runs(&driver)),
        Err(why) => tally.not_run("go: msgraph-sdk-go", 2, &why),
    }
    match compiled::java() {
        Ok(class_path) => runs.extend(compiled::java_runs(&class_path)),
        Err(why) => tally.not_run("java: microsoft-graph", 2, &why),
    }
    runs
}

fn python_runs(program: &Path) -> Vec<Run> {
    let runs = [
        ("python: msgraph-sdk on /v1.0", Way::Address("/v1.0"), ""),
        (
            "python: msgraph-beta-sdk on /beta",
            Way::Address("/beta"),
            "--beta",
        ),
        (
            "python: msgraph-sdk on its default URLs, through the proxy",
            Way::Proxy,
            "",
        ),
        (
            "python: msgraph-beta-sdk on its default URLs, through the proxy",
            Way::Proxy,
            "--beta",
        ),
    ];
    let runs = runs.map(|(title, way, beta)| Run {
        title,
        program: program.to_owned(),
        arguments: [driver("python_sdk.py"), words(beta)].concat(),
        way,
    });
    runs.into()
}

fn node_runs(modules: &Path) -> Vec<Run> {
    let runs = [
        ("node: microsoft-graph-client", "--client graph"),
        ("node: msgraph-sdk", "--client kiota"),
        (
            "node: msgraph-sdk, compressed bodies",
            "--client kiota --gzip",
        ),
    ];
    let runs = runs.map(|(title, client)| Run {
        title,
        program: PathBuf::from("node"),
        arguments: [
            driver("javascript.mjs"),
            vec!["--modules".to_owned(), modules.display().to_string()],
            words(client),
        ]
        .concat(),
        way: Way::Address(""),
    });
    runs.into()
}

fn m365_run(modules: &Path) -> Run {
    let program = modules.join("node_modules/.bin/m365");
    Run {
        title: "node: CLI for Microsoft 365, through the proxy",
        program: PathBuf::from("python3"),
        arguments: [
            driver("m365.py"),
            vec!["--m365".to_owned(), program.display().to_string()],
        ]
        .concat(),
        way: Way::OwnProxy,
    }
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
    packages(
        "node: install the clients",
        "clients/node",
        &source("package.json"),
    )
}

/// The same with the CLI for Microsoft 365, apart so that neither's packages decide about the other's. Its driver is
/// plain Python.
fn m365() -> Result<PathBuf, String> {
    let mut python = Command::new("python3");
    python.args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
    if !command::works(&mut python) {
        return Err("needs `python3` 3.10 or newer on the path".to_owned());
    }
    packages(
        "node: install the CLI for Microsoft 365",
        "clients/m365",
        &source("m365.json"),
    )
}

/// Installs the packages that `wanted` lists into `directory` of the target directory.
fn packages(title: &str, directory: &str, wanted: &Path) -> Result<PathBuf, String> {
    let at = place::target().join(directory);
    if !command::works(Command::new("node").args([
        "-e",
        "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)",
    ])) {
        return Err("needs `node` 20 or newer on the path".to_owned());
    }
    if is_installed(&at, wanted) {
        return Ok(at);
    }
    if !command::works(Command::new("npm").arg("--version")) {
        return Err("needs `npm` on the path".to_owned());
    }
    let copied = fs::create_dir_all(&at).and_then(|()| fs::copy(wanted, at.join("package.json")));
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
    let done = command::run(title, &mut install, INSTALLS_WITHIN, |_| {});
    finish(done, &at, wanted).map(|()| at)
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

/// A driver as an interpreter's first argument.
fn driver(name: &str) -> Vec<String> {
    vec![source(name).display().to_string()]
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
