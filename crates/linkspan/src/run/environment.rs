//! The environment of a program: where it is led to, and whom it trusts.

use std::{ffi::OsString, path::Path};

use anyhow::Context;
use server::{journal::Whereabouts, tls};

use super::files::{Files, STORE_PASSWORD};
use crate::seed;

/// What is never led through the listener.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A variable and its new value; none to take it away.
pub type Variable = (&'static str, Option<OsString>);

/// The variables of the program that differ from the inherited ones.
///
/// # Errors
/// The listener's address is not one.
pub fn variables(
    whereabouts: &Whereabouts,
    files: &Files,
    inherited: &dyn Fn(&str) -> Option<OsString>,
) -> anyhow::Result<Vec<Variable>> {
    let text = |name: &str| inherited(name).map(|value| value.to_string_lossy().into_owned());
    let set = |name, value: &str| (name, Some(OsString::from(value)));
    let direct = direct(&[text("NO_PROXY"), text("no_proxy")]);
    let mut variables = vec![
        set("HTTPS_PROXY", &whereabouts.proxy_url),
        set("https_proxy", &whereabouts.proxy_url),
        set("NO_PROXY", &direct.join(",")),
        set("no_proxy", &direct.join(",")),
        ("SSL_CERT_FILE", Some(files.bundle.clone().into())),
        ("REQUESTS_CA_BUNDLE", Some(files.bundle.clone().into())),
        ("CURL_CA_BUNDLE", Some(files.bundle.clone().into())),
        // Where both are set, some clients look into the directory alone.
        ("SSL_CERT_DIR", None),
        ("NODE_EXTRA_CA_CERTS", Some(files.extra.clone().into())),
        set("NODE_USE_ENV_PROXY", "1"),
        set(
            "NODE_OPTIONS",
            &node_options(text("NODE_OPTIONS"), &files.preload),
        ),
    ];
    if let Some(store) = &files.trust_store {
        let proxy = whereabouts.proxy_url.strip_prefix("http://");
        let proxy = proxy.and_then(|address| address.trim_end_matches('/').rsplit_once(':'));
        let proxy = proxy.context("the server says no address of its CONNECT listener")?;
        let options = java_options(text("JAVA_TOOL_OPTIONS"), store, proxy, &direct);
        variables.push(set("JAVA_TOOL_OPTIONS", &options));
    }
    variables.extend(credentials(inherited));
    Ok(variables)
}

/// What a program reads to sign in, where the user has not said it: the seeded connector's published credentials.
fn credentials(inherited: &dyn Fn(&str) -> Option<OsString>) -> Vec<Variable> {
    let is_unset = |name: &str| inherited(name).is_none_or(|value| value.is_empty());
    let mut variables = Vec::new();
    if is_unset("AZURE_TENANT_ID") {
        variables.push(("AZURE_TENANT_ID", Some(seed::TENANT.to_string().into())));
    }
    // An id belongs to its secret: half of somebody else's pair would sign nobody in.
    if is_unset("AZURE_CLIENT_ID") && is_unset("AZURE_CLIENT_SECRET") {
        let app = seed::app("connector");
        variables.push(("AZURE_CLIENT_ID", Some(app.client_id.into())));
        variables.push(("AZURE_CLIENT_SECRET", app.secret.map(OsString::from)));
    }
    variables
}

/// The hosts that are reached directly: the user's own list without what it says about the Graph, and this machine.
fn direct(lists: &[Option<String>]) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    let said = lists
        .iter()
        .flatten()
        .flat_map(|list| list.split([',', ' ']));
    for host in said.map(str::trim).chain(LOCAL) {
        if !host.is_empty() && !covers_the_graph(host) && !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
        }
    }
    hosts
}

/// Would a client that reads this entry of `NO_PROXY` go past the listener for one of the Graph's hosts?
fn covers_the_graph(entry: &str) -> bool {
    let name = entry.to_ascii_lowercase();
    let name = match name.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => name,
    };
    let domain = name.trim_start_matches('*').trim_start_matches('.');
    // A lone `*` means every host.
    domain.is_empty() && name.contains('*')
        || tls::cloud_names().iter().any(|host| {
            host.strip_suffix(domain).is_some_and(|before| {
                !domain.is_empty() && (before.is_empty() || before.ends_with('.'))
            })
        })
}

fn node_options(own: Option<String>, preload: &Path) -> String {
    let path = preload.display().to_string();
    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
    [
        own.as_deref().unwrap_or_default(),
        &format!("--require \"{path}\""),
    ]
    .join(" ")
    .trim()
    .to_owned()
}

/// Java replaces its roots by the trust store and reads no proxy variable; what is said last counts.
fn java_options(
    own: Option<String>,
    store: &Path,
    (host, port): (&str, &str),
    direct: &[String],
) -> String {
    let past = direct.iter().map(|host| match host.strip_prefix('.') {
        Some(domain) => format!("*.{domain}"),
        None => host.clone(),
    });
    let past: Vec<_> = past.collect();
    format!(
        "{} '-Djavax.net.ssl.trustStore={}' -Djavax.net.ssl.trustStorePassword={STORE_PASSWORD} -Dhttps.proxyHost={} -Dhttps.proxyPort={port} '-Dhttp.nonProxyHosts={}'",
        own.unwrap_or_default(),
        store.display(),
        host.trim_matches(['[', ']']),
        past.join("|"),
    )
    .trim()
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graph_is_never_reached_directly() {
        for entry in [
            "*",
            "graph.microsoft.com",
            "GRAPH.microsoft.com:443",
            ".microsoft.com",
            "*.microsoft.com",
            "microsoft.com",
            "com",
            "login.microsoftonline.us",
        ] {
            assert!(covers_the_graph(entry), "{entry}");
        }
        for entry in [
            "localhost",
            "::1",
            "127.0.0.1:80",
            "api.example",
            "soft.com",
            "teams.microsoft.com",
            ".",
            "10.0.0.0/8",
        ] {
            assert!(!covers_the_graph(entry), "{entry}");
        }
    }

    #[test]
    fn a_users_own_words_are_kept() {
        let direct = direct(&[
            Some("api.example, .microsoft.com,localhost".into()),
            Some("b".into()),
        ]);
        assert_eq!(
            direct,
            ["api.example", "localhost", "b", "127.0.0.1", "::1"]
        );
        assert_eq!(
            node_options(Some("--trace-warnings".into()), Path::new("/a b/p.cjs")),
            r#"--trace-warnings --require "/a b/p.cjs""#
        );
        let own = Some("-Dx=y".into());
        let java = java_options(
            own,
            Path::new("/t"),
            ("127.0.0.1", "1"),
            &[".a".into(), "b".into()],
        );
        assert!(
            java.starts_with("-Dx=y '-Djavax.net.ssl.trustStore=/t' "),
            "{java}"
        );
        assert!(
            java.ends_with("-Dhttps.proxyPort=1 '-Dhttp.nonProxyHosts=*.a|b'"),
            "{java}"
        );
    }

    #[test]
    fn credentials_are_given_whole_or_not_at_all() {
        let names = |set: &'static str| -> Vec<&'static str> {
            let inherited = move |name: &str| (name == set).then(|| OsString::from("mine"));
            credentials(&inherited)
                .into_iter()
                .map(|(name, _)| name)
                .collect()
        };
        assert_eq!(
            names(""),
            ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
        );
        assert_eq!(names("AZURE_CLIENT_ID"), ["AZURE_TENANT_ID"]);
        assert_eq!(
            names("AZURE_TENANT_ID"),
            ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
        );
    }
}
