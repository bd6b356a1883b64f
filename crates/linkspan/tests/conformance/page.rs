//! `docs/compatibility.md`: what the corpus and the table of routes say, for people.

use std::{collections::BTreeMap, fmt::Write};

use graph::route::{ROUTES, Route, Serving};

use crate::{
    corpus::{Corpus, FOLDERS},
    coverage,
};

/// The page as it must be.
pub fn written(corpus: &Corpus) -> String {
    let mut page = String::from(BEGINNING);
    numbers(&mut page, corpus);
    operations(&mut page, corpus);
    transcripts(&mut page, corpus);
    page
}

const BEGINNING: &str = "# Compatibility

Written by `cargo xtask generate` from the table of routes and the transcripts in `conformance/corpus`; a test compares. Where the Graph is odd, or its pages
contradict each other, [quirks.md](quirks.md) says what we decided. A transcript is *confirmed* by a run on the real Graph; all others are claims, and say where they
come from.
";

fn numbers(page: &mut String, corpus: &Corpus) {
    let served = ROUTES.iter().filter(|route| is_served(route)).count();
    let steps: usize = corpus.transcripts.values().map(|it| it.steps.len()).sum();
    let mut sources: BTreeMap<String, usize> = BTreeMap::new();
    for transcript in corpus.transcripts.values() {
        *sources.entry(transcript.source()).or_default() += 1;
    }
    let sources: Vec<String> = sources
        .iter()
        .map(|(source, n)| format!("{n} {source}"))
        .collect();
    let _ = write!(
        page,
        "
| | |
| --- | --- |
| Operations | {}: {served} served, {} refused by name |
| Transcripts | {} with {steps} requests: {} |
| Transcripts that must fail for now | {} |
",
        ROUTES.len(),
        ROUTES.len() - served,
        corpus.transcripts.len(),
        sources.join(", "),
        corpus.expected_failures.len(),
    );
}

fn is_served(route: &Route) -> bool {
    route.serving == Serving::Served
}

fn operations(page: &mut String, corpus: &Corpus) {
    page.push_str("\n## Operations\n\nBelow `/v1.0` and `/beta` alike, unless *beta* is said. `/connections` stands for `/external/connections` everywhere.\n\n| Operation | Here | Transcripts |\n| --- | --- | --: |\n");
    let mut calls: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for transcript in corpus.transcripts.values() {
        let mut called: Vec<_> = transcript
            .steps
            .iter()
            .filter_map(|step| step.request().ok())
            .filter_map(|(method, path)| coverage::row(method, path))
            .collect();
        called.sort_unstable();
        called.dedup();
        for operation in called {
            *calls.entry(operation).or_default() += 1;
        }
    }
    for route in ROUTES {
        let here = match route.serving {
            Serving::Served => "served",
            Serving::Refused(reason) => reason,
            Serving::Absent => "404, as the Graph itself answers",
        };
        let operation = (route.method.as_str(), route.path);
        let _ = writeln!(
            page,
            "| [`{} {}`]({}){} | {here} | {} |",
            route.method,
            route.path,
            route.documentation,
            if route.beta_only { " *beta*" } else { "" },
            calls.get(&operation).unwrap_or(&0),
        );
    }
}

fn transcripts(page: &mut String, corpus: &Corpus) {
    for folder in FOLDERS {
        let _ = write!(
            page,
            "\n## Transcripts: {folder}\n\n| Transcript | Says | From |\n| --- | --- | --- |\n"
        );
        let prefix = format!("{folder}/");
        for (name, transcript) in &corpus.transcripts {
            let Some(file) = name.strip_prefix(&prefix) else {
                continue;
            };
            let failing = corpus.expected_failures.get(name);
            let _ = writeln!(
                page,
                "| [{}](../conformance/corpus/{name}) | {}{} | {} |",
                file.trim_end_matches(".yaml"),
                transcript
                    .says
                    .trim()
                    .replace('\n', " ")
                    .replace('|', "\\|"),
                failing.map_or_else(String::new, |because| format!(" (fails: {because})")),
                transcript
                    .sent
                    .as_ref()
                    .map_or_else(|| transcript.source(), ToString::to_string),
            );
        }
    }
}
