//! Which operations no transcript calls.

use std::collections::HashSet;

use graph::{
    odata,
    route::{self, Found, Method, ROUTES, Serving},
};

use crate::{corpus::Corpus, variables::Variables};

/// Method and template of every operation that no transcript calls and gets the answer from that its row promises: success
/// where it is served, else the refusal.
pub fn missing(corpus: &Corpus) -> Vec<String> {
    let called: HashSet<(&str, &str, bool)> = corpus
        .transcripts
        .values()
        .flat_map(|transcript| &transcript.steps)
        .filter_map(|step| {
            let status = step.expect.status;
            let (method, path) = step.request().ok().and_then(|(m, p)| row(m, p))?;
            match status {
                200..300 => Some((method, path, true)),
                404 | 501 => Some((method, path, false)),
                _ => None,
            }
        })
        .collect();
    ROUTES
        .iter()
        .filter(|route| {
            let is_served = route.serving == Serving::Served;
            !called.contains(&(route.method.as_str(), route.path, is_served))
        })
        .map(|route| format!("{} {}", route.method, route.path))
        .collect()
}

/// The row of the table that a step's path leads to.
pub fn row(method: &str, path: &str) -> Option<(&'static str, &'static str)> {
    let path = path.trim_start_matches('/').split('?').next()?;
    let (version, rest) = path.split_once('/')?;
    // Any id will do: variables stand for ids here.
    let rest = plain(rest)?;
    let owned = odata::path(&rest).ok()?;
    match route::find(
        Method::parse(method)?,
        version == "beta",
        &odata::segments(&owned),
    ) {
        Found::Route(route, _) => Some((route.method.as_str(), route.path)),
        Found::MethodNotAllowed(_) | Found::Unknown(_) => None,
    }
}

fn plain(path: &str) -> Option<String> {
    let mut variables = Variables::default();
    for part in path.split("${").skip(1) {
        variables.set(part.split_once('}')?.0, "x");
    }
    variables.fill(path).ok()
}
