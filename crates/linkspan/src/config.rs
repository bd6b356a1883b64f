//! The configuration of `linkspan serve`: one TOML file, and one environment variable for each key.
//!
//! The file is walked by hand, because a reader that stops at the first mistake would make people start a server as
//! often as they made one.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    net::SocketAddr,
    ops::Range,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use crate::{dev, logs};

/// The reference: every key with its default and what it is for.
pub const DEFAULT: &str = include_str!("config.default.toml");

/// What the environment's variables begin with.
const PREFIX: &str = "LINKSPAN__";

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to listen, and what to say there.
    pub listen: Listen,
    /// Where everything is kept.
    pub store: Kept,
    /// What is logged, and how.
    pub log: Log,
}

/// `[listen]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Plain HTTP; none if it is off.
    pub http: Option<SocketAddr>,
    /// HTTPS; none if it is off.
    pub https: Option<SocketAddr>,
    /// What HTTPS shows.
    pub tls: Tls,
    /// Does a proxy that speaks TLS stand in front?
    pub behind_proxy: bool,
    /// Scheme and authority of links in answers.
    pub public_url: Option<String>,
}

/// `[listen.tls]`: PEM files, both or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, and those that signed it.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
}

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The data directory.
    pub directory: PathBuf,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// JSON instead of text?
    pub json: bool,
    /// A filter of `tracing-subscriber`.
    pub level: String,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        Self {
            listen: Listen {
                http: loopback(7780),
                https: loopback(7743),
                tls: Tls::default(),
                behind_proxy: false,
                public_url: None,
            },
            store: Kept {
                directory: "/var/lib/linkspan".into(),
            },
            log: Log {
                json: false,
                level: logs::LEVEL.to_owned(),
            },
        }
    }
}

/// Sets a key, or says what its value must be.
type Set = fn(&mut Config, &str) -> Result<(), String>;

/// Every key: its path, whether it is true or false instead of a text, and how it is set.
const KEYS: [(&str, bool, Set); 9] = [
    ("listen.http", false, |config, text| {
        address(text).map(|address| config.listen.http = address)
    }),
    ("listen.https", false, |config, text| {
        address(text).map(|address| config.listen.https = address)
    }),
    ("listen.behind_proxy", true, |config, text| {
        let given = text.parse();
        given
            .map(|given| config.listen.behind_proxy = given)
            .map_err(|_| must(text, "true or false"))
    }),
    ("listen.public_url", false, |config, text| {
        let rule =
            "http:// or https://, a host and perhaps a port, for example https://search.example";
        config.listen.public_url = Some(dev::origin(text).ok_or_else(|| must(text, rule))?);
        Ok(())
    }),
    ("listen.tls.certificate", false, |config, text| {
        path(text).map(|path| config.listen.tls.certificate = Some(path))
    }),
    ("listen.tls.key", false, |config, text| {
        path(text).map(|path| config.listen.tls.key = Some(path))
    }),
    ("store.directory", false, |config, text| {
        path(text).map(|path| config.store.directory = path)
    }),
    ("log.format", false, |config, text| {
        config.log.json = match text {
            "text" => false,
            "json" => true,
            _ => return Err(must(text, "text or json")),
        };
        Ok(())
    }),
    ("log.level", false, |config, text| {
        logs::filter(text).ok_or_else(|| must(text, logs::RULE))?;
        text.clone_into(&mut config.log.level);
        Ok(())
    }),
];

fn must(text: &str, rule: &str) -> String {
    format!("'{text}' must be {rule}")
}

fn address(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" {
        return Ok(None);
    }
    let rule = "an IP address and a port, for example 127.0.0.1:7780 or [::1]:7780, or off";
    text.parse().map(Some).map_err(|_| must(text, rule))
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err(must(text, "a path"));
    }
    std::path::absolute(text).map_err(|_| must(text, "a path"))
}

/// Where something was said: a line of the file, or a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Line(usize),
    Variable(String),
    Default,
}

/// Everything that is wrong, in the order of the file.
#[derive(Debug)]
pub struct Problems {
    /// Is the log to be JSON, as far as that could be read?
    pub is_json: bool,
    file: Option<PathBuf>,
    list: Vec<(Origin, String)>,
}

impl Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        let file = self.file.as_deref().unwrap_or(Path::new("(no file)"));
        for (origin, problem) in &self.list {
            match origin {
                Origin::Line(line) => write!(f, "\n  {}:{line}: {problem}", file.display())?,
                Origin::Variable(name) => write!(f, "\n  {name}: {problem}")?,
                Origin::Default => write!(f, "\n  {}: {problem}", file.display())?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What has been read so far.
struct Reading<'t> {
    text: &'t str,
    config: Config,
    said: BTreeMap<&'static str, Origin>,
    problems: Vec<(Origin, String)>,
}

/// What is wrong with the files of a certificate and its key, by the keys that name them.
pub type Faults = Vec<(&'static str, String)>;

/// The configuration of a file's text and an environment; the variables win. `examine` looks into the files of the
/// certificate.
///
/// # Errors
/// All that is wrong with it.
pub fn read(
    file: Option<&Path>,
    text: &str,
    variables: impl Iterator<Item = (String, String)>,
    examine: impl FnOnce(&Path, &Path) -> Faults,
) -> Result<Config, Problems> {
    let mut reading = Reading {
        text,
        config: Config::default(),
        said: BTreeMap::new(),
        problems: Vec::new(),
    };
    let (table, faults) = DeTable::parse_recoverable(text);
    for fault in faults {
        let origin = reading.line(fault.span().unwrap_or_default());
        let problem = format!("this is not TOML: {}", fault.message());
        reading.problems.push((origin, problem));
    }
    reading.table("", table.get_ref());
    for (name, value) in variables {
        reading.variable(name, &value);
    }
    if let Tls {
        certificate: Some(certificate),
        key: Some(key),
    } = &reading.config.listen.tls
    {
        let faults = examine(certificate, key);
        reading.broken(faults);
    }
    // Rules between keys are about what was meant, which is unknown as long as a value is wrong.
    if reading.problems.is_empty() {
        reading.rules();
    }
    reading.problems.sort();
    if reading.problems.is_empty() {
        return Ok(reading.config);
    }
    Err(Problems {
        is_json: reading.config.log.json,
        file: file.map(Path::to_owned),
        list: reading.problems,
    })
}

impl Reading<'_> {
    fn line(&self, span: Range<usize>) -> Origin {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        Origin::Line(before.matches('\n').count() + 1)
    }

    fn table(&mut self, above: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let origin = self.line(name.span());
            let path = match above {
                "" => name.get_ref().to_string(),
                above => format!("{above}.{}", name.get_ref()),
            };
            let known = KEYS.iter().find(|(key, ..)| *key == path);
            let is_section = KEYS.iter().any(|(key, ..)| {
                key.strip_prefix(&path)
                    .is_some_and(|rest| rest.starts_with('.'))
            });
            match (known, value.get_ref()) {
                (Some((key, false, set)), DeValue::String(text)) => {
                    self.set(key, *set, text, origin);
                }
                (Some((key, true, set)), DeValue::Boolean(given)) => {
                    self.set(key, *set, &given.to_string(), origin);
                }
                (Some((key, is_flag, _)), _) => {
                    let kind = if *is_flag {
                        "true or false"
                    } else {
                        "a text in quotation marks"
                    };
                    self.problems
                        .push((origin, format!("{key} must be {kind}")));
                }
                (None, DeValue::Table(below)) if is_section => self.table(&path, below),
                (None, _) if is_section => {
                    let problem =
                        format!("{path} must be a section: write [{path}] above its keys");
                    self.problems.push((origin, problem));
                }
                (None, _) => self.problems.push((origin, unknown(&path))),
            }
        }
    }

    fn variable(&mut self, name: String, value: &str) {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            return;
        };
        let path = rest.replace("__", ".");
        let known = KEYS
            .iter()
            .find(|(key, ..)| key.to_ascii_uppercase() == path);
        let origin = Origin::Variable(name);
        match known {
            Some((key, _, set)) => self.set(key, *set, value, origin),
            None => self
                .problems
                .push((origin, unknown(&path.to_ascii_lowercase()))),
        }
    }

    fn set(&mut self, key: &'static str, set: Set, text: &str, origin: Origin) {
        if let Err(rule) = set(&mut self.config, text) {
            self.problems
                .push((origin.clone(), format!("{key} {rule}")));
        }
        self.said.insert(key, origin);
    }

    /// What no key can say for itself.
    fn rules(&mut self) {
        let listen = &self.config.listen;
        let far =
            |address: Option<SocketAddr>| address.filter(|address| !address.ip().is_loopback());
        let tls = &listen.tls;
        let mut broken = Vec::new();
        if listen.http.is_none() && listen.https.is_none() {
            broken.push(("listen.http", "'off' leaves no way in, because listen.https is off too: give one of them an address".to_owned()));
        }
        if let (Some(http), Some(https)) = (listen.http, listen.https)
            && overlap(http, https)
        {
            broken.push((
                "listen.https",
                format!(
                    "'{https}' takes the place of listen.http, '{http}': give them different ports"
                ),
            ));
        }
        if let Some(url) = &listen.public_url
            && listen.behind_proxy
            && !url.starts_with("https://")
        {
            broken.push(("listen.public_url", format!("'{url}' is not the address of a proxy that speaks TLS: it must begin with https://, or set listen.behind_proxy = false")));
        }
        if let Some(address) = far(listen.http).filter(|_| !listen.behind_proxy) {
            broken.push(("listen.http", format!("'{address}' is not a loopback address, and tokens and passwords would travel in the clear: set listen.behind_proxy = true if a proxy that speaks TLS stands in front, or turn it off and use listen.https")));
        }
        if let Some(address) = far(listen.https).filter(|_| tls.certificate.is_none()) {
            broken.push(("listen.https", format!("'{address}' is not a loopback address, and there is no certificate for it: set listen.tls.certificate and listen.tls.key")));
        }
        if tls.certificate.is_some() && tls.key.is_none() {
            broken.push((
                "listen.tls.certificate",
                "is of no use without its key: set listen.tls.key too".to_owned(),
            ));
        }
        if tls.key.is_some() && tls.certificate.is_none() {
            broken.push((
                "listen.tls.key",
                "is of no use without its certificate: set listen.tls.certificate too".to_owned(),
            ));
        }
        if listen.behind_proxy && listen.public_url.is_none() {
            broken.push(("listen.behind_proxy", "needs to be told under which address clients reach the proxy: set listen.public_url, for example to https://search.example".to_owned()));
        }
        self.broken(broken);
    }

    fn broken(&mut self, broken: Faults) {
        for (key, problem) in broken {
            let origin = self.said.get(key).cloned().unwrap_or(Origin::Default);
            self.problems.push((origin, format!("{key} {problem}")));
        }
    }
}

/// Can only one of two listeners have its address?
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let is_same_ip = one.ip() == other.ip()
        || one.is_ipv4() == other.is_ipv4()
            && (one.ip().is_unspecified() || other.ip().is_unspecified());
    one.port() == other.port() && one.port() != 0 && is_same_ip
}

fn unknown(path: &str) -> String {
    let section = path.split('.').next().unwrap_or_default();
    let of_section = |key: &str| key.split('.').next() == Some(section);
    let is_known = KEYS.iter().any(|(key, ..)| of_section(key));
    let known: Vec<&str> = KEYS
        .iter()
        .map(|(key, ..)| *key)
        .filter(|key| !is_known || of_section(key))
        .collect();
    format!("there is no '{path}'; there are: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let examine = |certificate: &Path, _: &Path| {
            let is_bad = certificate.ends_with("bad");
            Faults::from_iter(is_bad.then(|| ("listen.tls.certificate", "is bad".to_owned())))
        };
        read(Some(Path::new("c.toml")), text, variables, examine)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_reference_is_the_default_and_names_every_key() {
        assert_eq!(told(DEFAULT, &[]).unwrap(), Config::default());
        assert_eq!(told("", &[]).unwrap(), Config::default());
        // With what is commented out it is whole, and each value is one that can be used.
        let whole = DEFAULT
            .replace("# public_url", "public_url")
            .replace("# certificate", "certificate")
            .replace("# key", "key");
        let config = told(&whole, &[]).unwrap();
        assert!(config.listen.tls.key.is_some() && config.listen.public_url.is_some());
        for (key, ..) in KEYS {
            let name = key.rsplit('.').next().unwrap();
            assert!(whole.contains(&format!("\n{name} = ")), "{key}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_lines() {
        let text = "[listen]\nhtp = \"x\"\nhttp = \"localhost\"\nbehind_proxy = \"true\"\ntls = 3\n[log]\nformat = \"xml\"\nlevel = \"loud\"\n[cellar]\n";
        let told = told(text, &[("LINKSPAN__STORE__URL", "x"), ("HOME", "x")]).unwrap_err();
        for wanted in [
            "c.toml:2: there is no 'listen.htp'; there are: listen.http,",
            "c.toml:3: listen.http 'localhost' must be an IP address",
            "c.toml:4: listen.behind_proxy must be true or false",
            "c.toml:5: listen.tls must be a section",
            "c.toml:7: log.format 'xml' must be text or json",
            "c.toml:8: log.level 'loud' must be a level",
            "c.toml:9: there is no 'cellar'; there are: listen.http,",
            "LINKSPAN__STORE__URL: there is no 'store.url'; there are: store.directory",
        ] {
            assert!(told.contains(wanted), "{wanted}\n{told}");
        }
        assert_eq!(told.lines().count(), 9, "{told}");
    }

    #[test]
    fn what_is_not_toml_is_told_by_line() {
        let told = told("[listen]\nhttp = 127.0.0.1:7780\n\n[log\n", &[]).unwrap_err();
        assert!(told.contains("c.toml:2: this is not TOML"), "{told}");
        assert!(told.contains("c.toml:4: this is not TOML"), "{told}");
    }

    #[test]
    fn variables_win_over_the_file() {
        let text = "[store]\ndirectory = \"/a\"\n[listen]\nhttp = \"off\"";
        let variables = [
            ("LINKSPAN__STORE__DIRECTORY", "/b"),
            ("LINKSPAN__LISTEN__BEHIND_PROXY", "true"),
            ("LINKSPAN__LISTEN__PUBLIC_URL", "https://search.example/"),
        ];
        let config = told(text, &variables).unwrap();
        assert_eq!(config.store.directory, Path::new("/b"));
        assert_eq!(config.listen.http, None);
        assert!(config.listen.behind_proxy);
        assert_eq!(
            config.listen.public_url.as_deref(),
            Some("https://search.example")
        );
    }

    #[test]
    fn ways_in_that_are_open_to_others_need_protection() {
        let refused = [
            (
                "http = \"0.0.0.0:80\"",
                "listen.http '0.0.0.0:80' is not a loopback address",
            ),
            (
                "https = \"[::]:443\"",
                "listen.https '[::]:443' is not a loopback address",
            ),
            ("behind_proxy = true", "listen.behind_proxy needs"),
            ("tls = { key = \"k\" }", "listen.tls.key is of no use"),
            (
                "tls = { certificate = \"c\" }",
                "listen.tls.certificate is of no use",
            ),
            (
                "https = \"127.0.0.1:7780\"",
                "listen.https '127.0.0.1:7780' takes the place of listen.http",
            ),
            (
                "public_url = \"http://h\"\nbehind_proxy = true",
                "listen.public_url 'http://h' is not the address of a proxy that speaks TLS",
            ),
            (
                "tls = { certificate = \"bad\", key = \"k\" }",
                "listen.tls.certificate is bad",
            ),
            (
                "http = \"off\"\nhttps = \"off\"",
                "listen.http 'off' leaves no way in",
            ),
        ];
        for (text, wanted) in refused {
            let told = told(&format!("[listen]\n{text}\n"), &[]).unwrap_err();
            assert!(told.contains(&format!("c.toml:2: {wanted}")), "{told}");
        }
        for fine in [
            "http = \"0.0.0.0:80\"\nbehind_proxy = true\npublic_url = \"https://h\"",
            "http = \"off\"\nhttps = \"0.0.0.0:443\"\ntls = { certificate = \"c\", key = \"k\" }",
        ] {
            assert!(told(&format!("[listen]\n{fine}\n"), &[]).is_ok(), "{fine}");
        }
    }
}
