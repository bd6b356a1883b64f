//! The files of `conformance/`: transcripts, fixtures and expected failures.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// The folders of the corpus: one per noun, the protocol that they share, and what each client makes of it all.
pub const FOLDERS: [&str; 10] = [
    "connections",
    "schema",
    "items",
    "groups",
    "operations",
    "search",
    "identity",
    "protocol",
    "batch",
    CLIENTS,
];

/// The folder whose requests are those of one client each.
const CLIENTS: &str = "clients";

/// Where a transcript's claim comes from, until it has been confirmed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A page of Microsoft's documentation or metadata.
    Docs,
    /// Recorded traffic, or what a real client needs.
    Observed,
    /// No source says anything, or sources contradict each other; we decided.
    Decision,
}

/// Where the requests of a client's transcript come from.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub enum Sent {
    /// This client, with its version, sent them and was recorded.
    Ran(String),
    /// They follow from the client's sources or from what others recorded.
    Read,
}

impl TryFrom<String> for Sent {
    type Error = String;

    fn try_from(said: String) -> Result<Self, String> {
        let has_version = |client: &str| client.contains(|letter: char| letter.is_ascii_digit());
        match said.strip_prefix("ran ") {
            Some(client) if has_version(client) => Ok(Self::Ran(client.to_owned())),
            None if said == "read, not run" => Ok(Self::Read),
            _ => Err(format!(
                "sent: {said} is neither `ran CLIENT VERSION` nor `read, not run`"
            )),
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ran(client) => write!(to, "ran {client}"),
            Self::Read => to.write_str("read, not run"),
        }
    }
}

/// One conversation with the server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// One sentence: what holds.
    pub says: String,
    /// The page that it is about.
    docs: String,
    /// Where the claim comes from.
    from: Option<Source>,
    /// The date of a run on the real Graph that bore it out.
    confirmed: Option<String>,
    /// Where the requests come from, in the folder of clients.
    pub sent: Option<Sent>,
    /// What must be there first, by the file's name below `conformance/`.
    pub given: Option<String>,
    /// The server that it needs, if not any.
    pub server: Option<Server>,
    /// What is asked and answered.
    pub steps: Vec<Step>,
}

impl Transcript {
    /// Where the claim comes from, in a few words.
    pub fn source(&self) -> String {
        match (&self.confirmed, self.from) {
            (Some(date), _) => format!("confirmed {date}"),
            (None, Some(Source::Docs)) => "from the documentation".to_owned(),
            (None, Some(Source::Observed)) => "observed".to_owned(),
            (None, Some(Source::Decision) | None) => "decided here".to_owned(),
        }
    }
}

/// A server with other numbers, as `--profile` and `--limit` say them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    profile: Option<String>,
    limits: BTreeMap<String, Value>,
}

impl Server {
    /// What `linkspan dev` is told.
    pub fn arguments(&self) -> Vec<String> {
        let profile = self.profile.iter();
        let limits = self.limits.iter().map(|(name, value)| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("--limit={name}={value}")
        });
        profile
            .map(|profile| format!("--profile={profile}"))
            .chain(limits)
            .collect()
    }
}

/// What must be there before a transcript begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    given: Option<String>,
    steps: Vec<Step>,
}

/// One request and what must be answered.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    get: Option<String>,
    head: Option<String>,
    post: Option<String>,
    put: Option<String>,
    patch: Option<String>,
    delete: Option<String>,
    /// `nobody`, an app's name, a user's name (signed in through the app `search`), or `user@app`.
    #[serde(rename = "as")]
    pub caller: String,
    /// Request headers, over those that follow from the rest.
    pub headers: BTreeMap<String, String>,
    /// The body, sent as JSON.
    pub body: Option<Value>,
    /// The body, sent as it stands.
    pub text: Option<String>,
    /// Is the body sent compressed?
    pub gzip: bool,
    /// Is the step repeated, for a bounded time, until it is answered as expected?
    pub eventually: bool,
    /// What must be answered.
    pub expect: Expect,
    /// Variables for later steps: `header.NAME`, or `body` and a JSON pointer.
    pub save: BTreeMap<String, String>,
}

/// What must be answered.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The status code.
    pub status: u16,
    /// Headers, by matcher or value.
    pub headers: BTreeMap<String, String>,
    /// The body, partially; `absent` for none.
    pub body: Option<Value>,
}

impl Step {
    /// The method and the path; a step has exactly one.
    pub fn request(&self) -> Result<(&'static str, &str), String> {
        let all = [
            ("GET", &self.get),
            ("HEAD", &self.head),
            ("POST", &self.post),
            ("PUT", &self.put),
            ("PATCH", &self.patch),
            ("DELETE", &self.delete),
        ];
        let mut said = all
            .into_iter()
            .filter_map(|(method, path)| Some((method, path.as_deref()?)));
        match (said.next(), said.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err("a step has no method".to_owned()),
            (Some(_), Some(_)) => Err("a step has two methods".to_owned()),
        }
    }
}

/// All of `conformance/`.
pub struct Corpus {
    /// By the path below `corpus/`.
    pub transcripts: BTreeMap<String, Transcript>,
    /// Why a transcript must fail for now, by its path below `corpus/`.
    pub expected_failures: BTreeMap<String, String>,
    /// The directories of `corpus/`.
    pub folders: BTreeSet<String>,
    fixtures: BTreeMap<String, Fixture>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedFailure {
    transcript: String,
    because: String,
}

impl Corpus {
    /// Reads everything and checks its form.
    ///
    /// # Panics
    /// When a file breaks the form, with its name.
    pub fn load() -> Self {
        let folders = entries(&root().join("corpus"));
        let mut transcripts = BTreeMap::new();
        for folder in &folders {
            for file in entries(&root().join("corpus").join(folder)) {
                let name = format!("{folder}/{file}");
                let transcript: Transcript = read(&format!("corpus/{name}"));
                check(&name, &transcript);
                transcripts.insert(name, transcript);
            }
        }
        let fixtures = entries(&root().join("fixtures"))
            .into_iter()
            .filter(|file| file.ends_with(".yaml"))
            .map(|file| format!("fixtures/{file}"))
            .map(|name| (name.clone(), read(&name)))
            .collect();
        let failures: Vec<ExpectedFailure> = read("expected-failures.yaml");
        Self {
            transcripts,
            expected_failures: failures
                .into_iter()
                .map(|failure| (failure.transcript, failure.because))
                .collect(),
            folders,
            fixtures,
        }
    }

    /// The steps of a fixture, those of what is given to it first.
    pub fn given(&self, name: &str) -> Result<Vec<&Step>, String> {
        let fixture = self
            .fixtures
            .get(name)
            .ok_or_else(|| format!("there is no conformance/{name}"))?;
        let mut steps = match &fixture.given {
            Some(given) => self.given(given)?,
            None => Vec::new(),
        };
        steps.extend(&fixture.steps);
        Ok(steps)
    }
}

/// The directory `conformance`.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance")
}

fn entries(directory: &Path) -> BTreeSet<String> {
    let listed = fs::read_dir(directory);
    listed
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry of the corpus").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = root().join(name);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("conformance/{name}: {error}"))
}

fn check(name: &str, transcript: &Transcript) {
    assert!(
        name.ends_with(".yaml"),
        "{name}: a transcript is a .yaml file"
    );
    assert!(!transcript.says.trim().is_empty(), "{name} says nothing");
    assert!(
        transcript.docs.starts_with("https://learn.microsoft.com/")
            || transcript.docs.starts_with("https://docs.oasis-open.org/")
            || transcript.docs.starts_with("https://www.rfc-editor.org/"),
        "{name}: docs is {}",
        transcript.docs
    );
    assert!(
        transcript.from.is_some() != transcript.confirmed.is_some(),
        "{name}: a transcript is either a claim (from: docs, observed or decision) or confirmed: <date>"
    );
    assert_eq!(
        name.starts_with(CLIENTS),
        transcript.sent.is_some(),
        "{name}: a client's transcript, and no other, says whether the client was run (sent: …)"
    );
    if let Some(date) = &transcript.confirmed {
        let is_date = date.len() == 10 && date.split('-').all(|part| part.parse::<u32>().is_ok());
        assert!(
            is_date,
            "{name}: confirmed: {date} is not a date such as 2026-11-21"
        );
    }
    assert!(!transcript.steps.is_empty(), "{name} has no steps");
    for step in &transcript.steps {
        if let Err(fault) = step.request() {
            panic!("{name}: {fault}");
        }
        assert!(
            !step.caller.is_empty(),
            "{name}: a step does not say as whom"
        );
        assert!(
            step.expect.status >= 200,
            "{name}: a step expects no status"
        );
        assert!(
            step.body.is_none() || step.text.is_none(),
            "{name}: a step has both body and text"
        );
        assert!(
            transcript.server.is_some() || step.post.as_deref() != Some("/_linkspan/clock"),
            "{name}: a step moves the clock of a server that all share"
        );
    }
}

#[test]
fn where_requests_come_from_is_said_in_one_of_two_ways() {
    let sent = |said: &str| Sent::try_from(said.to_owned());
    assert_eq!(sent("read, not run"), Ok(Sent::Read));
    let ran = sent("ran curl 7.88.1").expect("a client and its version");
    assert_eq!(ran, Sent::Ran("curl 7.88.1".to_owned()));
    assert_eq!(ran.to_string(), "ran curl 7.88.1");
    assert_eq!(Sent::Read.to_string(), "read, not run");
    for unknown in [
        "",
        "ran",
        "ran curl",
        "run curl 7.88.1",
        "read",
        "read, not run 2",
    ] {
        assert!(sent(unknown).is_err(), "{unknown}");
    }
}
