//! What is said at the end of a run, to people and to machines.

use std::fmt::{self, Write};

use serde_json::{Value, json};
use server::{journal::Whereabouts, weather};

use super::tally::{Items, Operation, Refused, Tally};

/// What the Graph has published as the rate of items of a connection.
const ITEMS_PER_SECOND: f64 = 25.0;

/// What the Graph took of an item until it took 30 MB of parsed text.
const EARLIER_ITEM_BYTES_MAX: u64 = 4 << 20;

/// How a run went.
pub struct Report<'a> {
    /// The server in words.
    pub server: String,
    /// Are requests of other programs counted too?
    pub is_shared: bool,
    /// What the program did.
    pub tally: &'a Tally,
    /// Its exit code, as it is handed on.
    pub exit_code: u8,
    /// The signal that ended it.
    pub signal: Option<u8>,
    /// How long it ran.
    pub seconds: f64,
    /// What would help a program that has done nothing.
    pub notice: Option<String>,
    /// What the weather did, if there was any.
    pub weather: Option<weather::Report>,
}

impl Report<'_> {
    /// For machines.
    pub fn json(&self) -> Value {
        let tally = self.tally;
        let requests = tally.counts.iter().map(|(operation, count)| {
            json!({ "method": operation.method, "path": operation.path, "status": operation.status, "count": count })
        });
        let items = tally.items.iter().map(|(connection, items)| {
            json!({
                "connection": connection, "count": items.count, "bytes": items.bytes,
                "largest_bytes": items.largest, "per_second": items.per_second(),
            })
        });
        let refused = tally.refused.iter().map(|(refused, count)| {
            json!({
                "method": refused.operation.method, "path": refused.operation.path,
                "status": refused.operation.status, "connection": refused.connection(), "code": refused.code, "message": refused.message,
                "advice": advice(refused), "count": count,
            })
        });
        let hosts = tally
            .hosts
            .iter()
            .map(|(host, count)| json!({ "host": host, "count": count }));
        let advice = tally.advice.iter().map(|((operation, advice), count)| {
            json!({ "operation": operation, "advice": advice, "count": count })
        });
        json!({
            "server": self.server,
            "counts_others": self.is_shared,
            "exit_code": self.exit_code,
            "signal": self.signal,
            "seconds": self.seconds,
            "request_count": tally.requests,
            "requests": requests.collect::<Vec<_>>(),
            "items_put": items.collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
            "hosts_refused": hosts.collect::<Vec<_>>(),
            "advice": advice.collect::<Vec<_>>(),
            "graph_would": graph_would(tally),
            "uncounted": tally.lost,
            "notice": self.notice,
            "weather": self.weather,
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let tally = self.tally;
        let refused: u64 = tally.refused.values().sum();
        writeln!(
            out,
            "\nlinkspan run: {} in {:.1} s against {}, {refused} refused",
            plural(tally.requests, "request"),
            self.seconds,
            self.server,
        )?;
        for (operation, count) in &tally.counts {
            let name = format!("{} {}", operation.method, operation.path);
            writeln!(out, "  {count:>7} × {}  {name}", operation.status)?;
        }
        for (connection, items) in &tally.items {
            let bytes = size(items.bytes);
            writeln!(
                out,
                "  {} put into '{connection}', {bytes}",
                plural(items.count, "item")
            )?;
        }
        self.write_refused(out)?;
        for ((operation, advice), count) in &tally.advice {
            writeln!(out, "  worth a look, {count} × {operation}: {advice}")?;
        }
        for sentence in graph_would(tally) {
            writeln!(out, "  the Graph would {sentence}")?;
        }
        for sentence in self.weather.iter().flat_map(weather::Report::sentences) {
            writeln!(out, "  {sentence}")?;
        }
        if tally.lost > 0 {
            writeln!(
                out,
                "  {} came too fast to be counted",
                plural(tally.lost, "more request")
            )?;
        }
        if self.is_shared && tally.requests > 0 {
            writeln!(
                out,
                "  what other programs asked that server meanwhile is counted too"
            )?;
        }
        if let Some(notice) = &self.notice {
            writeln!(out, "  {notice}")?;
        }
        // Whoever says it ends the line.
        out.truncate(out.trim_end().len());
        Ok(())
    }

    fn write_refused(&self, out: &mut String) -> fmt::Result {
        for (refused, count) in &self.tally.refused {
            let operation = &refused.operation;
            let about = refused
                .connection()
                .map_or(String::new(), |connection| format!(" ('{connection}')"));
            writeln!(
                out,
                "  refused, {count} × {} {}{about}: {} {}: {}",
                operation.method, operation.path, operation.status, refused.code, refused.message
            )?;
            let advice = advice(refused);
            if !advice.is_empty() {
                writeln!(out, "    {advice}")?;
            }
        }
        for (host, count) in &self.tally.hosts {
            let name = host
                .rsplit_once(':')
                .map_or(host.as_str(), |(name, _)| name);
            writeln!(
                out,
                "  refused, {count} × a tunnel to {host}: the listener leads to the Graph and its sign-in only; run it with NO_PROXY={name} to let the program reach that host directly"
            )?;
        }
        Ok(())
    }
}

/// What the server advised; where it must not say what is missing, what to look at.
fn advice(refused: &Refused) -> String {
    let Operation { path, status, .. } = &refused.operation;
    let Some(connection) = refused.connection().filter(|_| *status == 404) else {
        return refused.advice.clone();
    };
    if !refused.advice.is_empty() {
        return refused.advice.clone();
    }
    let parts = [
        (
            "{item}",
            ", and that the item was put and not deleted again",
        ),
        ("{group}", ", and that the external group was created"),
        (
            "{operation}",
            ", and that the operation is one of this connection",
        ),
        ("/schema", ", and that a schema was registered"),
    ];
    let part = parts.iter().find(|(part, _)| path.contains(part));
    format!(
        "a 404 also hides what the app may not see: check that '{connection}' exists, and that this app created it or has a permission that ends in .All{}",
        part.map_or("", |(_, rest)| rest)
    )
}

/// What the Graph itself would have done differently, each to be read behind "the Graph would".
fn graph_would(tally: &Tally) -> Vec<String> {
    let mut sentences = Vec::new();
    for (connection, items) in &tally.items {
        sentences.extend(throttle(connection, items));
        if items.largest > EARLIER_ITEM_BYTES_MAX {
            sentences.push(format!(
                "perhaps refuse the largest item of '{connection}', which has {}: it takes 30 MB of text today, and took 4 MB until 2026",
                size(items.largest)
            ));
        }
    }
    for (remark, about) in tally.remarks.keys() {
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(" ('{about}')")
        };
        sentences.push(format!("{remark}{about}"));
    }
    sentences
}

fn throttle(connection: &str, items: &Items) -> Option<String> {
    let rate = items.per_second();
    (rate > ITEMS_PER_SECOND).then(|| {
        format!(
            "throttle '{connection}': {} within ten seconds are {rate:.0} per second, and it answers 429 with Retry-After above {ITEMS_PER_SECOND:.0} per second and connection",
            plural(items.busiest as u64, "item"),
        )
    })
}

/// What would help a program that has not been reached.
pub fn notice(tally: &Tally, whereabouts: &Whereabouts) -> Option<String> {
    if tally.has_asked() {
        return None;
    }
    let Whereabouts {
        https_url,
        proxy_url,
        ..
    } = whereabouts;
    Some(if tally.tunnels > 0 {
        format!(
            "the program opened {} and asked nothing through them: it most likely does not trust the server's certificate. It reads none of SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS and JAVA_TOOL_OPTIONS, so add the CA where it keeps its roots, or in the system's",
            plural(tally.tunnels, "tunnel")
        )
    } else if !tally.hosts.is_empty() {
        "the program asked nothing of the Graph or its sign-in: it reads HTTPS_PROXY, but asks other hosts".to_owned()
    } else {
        format!(
            "no request came in: the program asks nothing, or reads neither HTTPS_PROXY nor what else was set for it. What helps then: its own proxy setting ({proxy_url}); its base URL for the Graph ({https_url}/v1.0) and its sign-in authority ({https_url}); or a line `127.0.0.1 graph.microsoft.com login.microsoftonline.com` in /etc/hosts and a server on port 443 (`linkspan dev --https 127.0.0.1:443`)"
        )
    })
}

fn plural(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} kB", bytes / 1_024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::tally::tests::{entry, page, put},
        *,
    };

    fn whereabouts() -> Whereabouts {
        Whereabouts {
            http_url: "http://localhost:1".to_owned(),
            https_url: "https://localhost:2".to_owned(),
            https_address: "127.0.0.1:2".parse().unwrap(),
            proxy_url: "http://127.0.0.1:3".to_owned(),
            ca_pem: String::new(),
        }
    }

    fn said(tally: &Tally) -> (String, Value) {
        let whereabouts = whereabouts();
        let report = Report {
            server: "a server".to_owned(),
            is_shared: true,
            tally,
            exit_code: 3,
            signal: None,
            seconds: 1.25,
            notice: notice(tally, &whereabouts),
            weather: None,
        };
        (report.text(), report.json())
    }

    #[test]
    fn a_fast_and_heavy_program_hears_what_the_graph_would_do() {
        let mut tally = Tally::default();
        let mut entries: Vec<_> = (0..300).map(|number| put(number, 10)).collect();
        entries.push(put(9_000, 5 << 20));
        entries.push(entry(
            json!({ "graph_would": "refuse x", "about": "parts" }),
        ));
        tally.add(&page(entries));
        let (text, json) = said(&tally);
        for part in [
            "throttle 'parts'",
            "301 items within",
            "5 MB",
            "the Graph would refuse x ('parts')",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(json["graph_would"].as_array().unwrap().len(), 3);
        assert_eq!(json["items_put"][0]["count"], 301);
        // The published rate itself is fine.
        let mut slow = Tally::default();
        slow.add(&page((0..500).map(|number| put(number * 40, 10)).collect()));
        assert_eq!(said(&slow).1["graph_would"], json!([]));
    }

    #[test]
    fn refusals_say_why_and_hosts_what_to_do() {
        let refusal = json!({ "code": "ItemNotFound", "message": "There is none." });
        let mut tally = Tally::default();
        tally.add(&page(vec![
            entry(json!({
                "status": 404, "refusal": refusal, "advice": "Put it first.", "about": "parts",
            })),
            entry(json!({ "method": "CONNECT", "path": "{host}", "about": "api.example:443" })),
        ]));
        let (text, json) = said(&tally);
        assert!(
            text.contains("('parts'): 404 ItemNotFound: There is none.\n    Put it first."),
            "{text}"
        );
        assert!(text.contains("NO_PROXY=api.example "), "{text}");
        assert_eq!(json["refused"][0]["advice"], "Put it first.");
        assert_eq!(json["refused"][0]["connection"], "parts");
        let mut silent = Tally::default();
        let missing = json!({
            "status": 404, "refusal": { "code": "ItemNotFound", "message": "No." }, "about": "parts",
            "path": "/external/connections/{connection}/items/{item}",
        });
        silent.add(&page(vec![entry(missing)]));
        let advice = said(&silent).1["refused"][0]["advice"].clone();
        let advice = advice.as_str().unwrap();
        assert!(advice.contains("'parts' exists") && advice.contains("the item was put"));
        assert!(text.contains("what other programs asked"), "{text}");
        assert_eq!(
            json["hosts_refused"],
            json!([{ "host": "api.example:443", "count": 1 }])
        );
        assert_eq!(
            (&json["notice"], &json["exit_code"]),
            (&Value::Null, &json!(3))
        );
    }

    #[test]
    fn a_program_that_was_not_reached_hears_what_would_help() {
        let mut tally = Tally::default();
        for part in [
            "http://127.0.0.1:3",
            "https://localhost:2/v1.0",
            "/etc/hosts",
        ] {
            assert!(said(&tally).0.contains(part), "{part}");
        }
        tally.add(&page(Vec::new()));
        let notice = |tally: &Tally| said(tally).1["notice"].as_str().unwrap().to_owned();
        assert!(notice(&tally).contains("2 tunnels"));
        // That another host was refused as well says nothing about ours.
        let host = json!({ "method": "CONNECT", "path": "{host}", "about": "api.example:443" });
        tally.add(&page(vec![entry(host.clone())]));
        assert!(notice(&tally).contains("certificate"));
        let mut elsewhere = Tally::behind(&page(Vec::new()));
        elsewhere.add(&page(vec![entry(host)]));
        assert!(notice(&elsewhere).contains("asks other hosts"));
    }
}
