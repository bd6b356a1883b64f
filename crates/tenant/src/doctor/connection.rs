//! The connection itself: its words, its resolvers, its templates.

use graph::{ConnectionState, ExternalConnection, Schema, card, connection::UrlResolver};

use super::{
    Check,
    items::{named, percent},
    rules::{
        DESCRIPTION, NAME, RESULT_TEMPLATE_NAMES, RESULT_TEMPLATES, STATE, URL_RESOLUTION,
        URL_RESOLVERS,
    },
};
use crate::survey::Survey;

/// Fewer letters say nothing.
const NAME_CHARS_MIN: usize = 3;
const DESCRIPTION_CHARS_MIN: usize = 20;

/// What matching all addresses may cost, in steps of the engine: other requests wait for this thread meanwhile.
const STEPS_MAX: u64 = 20_000_000;

/// What a template may name although no schema declares it: the part of the text that matches.
const RESULT_SNIPPET: &str = "ResultSnippet";

pub(super) fn checks(
    connection: &ExternalConnection,
    schema: &Schema,
    survey: &Survey,
) -> Vec<Check> {
    let resolvers = connection.url_resolvers();
    vec![
        state(connection.state),
        name(connection),
        description(connection.description()),
        url_resolvers(&resolvers),
        url_resolution(&resolvers, survey),
        result_templates(connection),
        result_template_names(connection, schema),
    ]
}

fn state(state: ConnectionState) -> Check {
    match state {
        ConnectionState::Ready => STATE.pass(state.as_str()),
        _ => STATE.failure(state.as_str()),
    }
}

fn name(connection: &ExternalConnection) -> Check {
    let name = connection.name().trim();
    if name.chars().count() < NAME_CHARS_MIN {
        NAME.warning(format!(
            "'{name}' has fewer than {NAME_CHARS_MIN} characters"
        ))
    } else if name == connection.id.as_str() {
        NAME.warning(format!("'{name}' is the id again"))
    } else {
        NAME.pass(format!("'{name}'"))
    }
}

fn description(description: &str) -> Check {
    let length = description.trim().chars().count();
    match length {
        0 => DESCRIPTION.failure("there is none"),
        1..DESCRIPTION_CHARS_MIN => DESCRIPTION.warning(format!(
            "only {length} characters: '{}'",
            description.trim()
        )),
        _ => DESCRIPTION.pass(format!("{length} characters")),
    }
}

fn url_resolvers(resolvers: &[UrlResolver]) -> Check {
    if resolvers.is_empty() {
        return URL_RESOLVERS.warning("there is none");
    }
    let broken: Vec<String> = resolvers
        .iter()
        .filter(|resolver| !resolver.is_whole())
        .map(|resolver| format!("'{}' from '{}'", resolver.item_id, resolver.url_pattern))
        .collect();
    let count = resolvers.len();
    if broken.is_empty() {
        URL_RESOLVERS.pass(format!("{count}, each with its placeholders"))
    } else {
        let names = named(&broken);
        URL_RESOLVERS.failure(format!(
            "{} of {count} cannot make an id: {names}",
            broken.len()
        ))
    }
    .about(["activitySettings/urlToItemResolvers".to_owned()])
}

fn url_resolution(resolvers: &[UrlResolver], survey: &Survey) -> Check {
    let with_url = || {
        survey
            .sample
            .iter()
            .filter_map(|it| Some((it, it.texts.get(1)?.as_ref()?)))
    };
    if resolvers.is_empty() {
        return URL_RESOLUTION.unknown("there is no resolver");
    }
    if with_url().next().is_none() {
        return URL_RESOLUTION.unknown("no sampled item has a url");
    }
    let (mut steps, mut tried, mut found) = (STEPS_MAX, 0, 0);
    let mut lost = None;
    for (item, url) in with_url() {
        let cost = resolvers.iter().try_fold(0_u64, |sum, resolver| {
            Some(sum.saturating_add(resolver.steps_max(url.len())?))
        });
        let Some(left) = cost.and_then(|cost| steps.checked_sub(cost)) else {
            continue;
        };
        steps = left;
        tried += 1;
        let id = resolvers
            .iter()
            .find_map(|resolver| resolver.item_id_of(url));
        if id.as_deref() == Some(item.id.as_str()) {
            found += 1;
        } else if lost.is_none() {
            let id = id.map_or("to nothing".to_owned(), |id| format!("to '{id}'"));
            lost = Some(format!("; '{url}' of '{}' leads {id}", item.id));
        }
    }
    let text = format!(
        "{found} of {tried} sampled addresses lead to their items{}",
        lost.unwrap_or_default()
    );
    match found {
        _ if tried == 0 => {
            URL_RESOLUTION.unknown("the patterns have too many repetitions to be tried")
        }
        0 => URL_RESOLUTION.failure(text),
        _ if found == tried => URL_RESOLUTION.pass(text),
        _ => URL_RESOLUTION.warning(format!("{text} ({})", percent(found, tried))),
    }
    .about(["activitySettings/urlToItemResolvers".to_owned()])
}

fn result_templates(connection: &ExternalConnection) -> Check {
    match connection.result_templates().len() {
        0 => RESULT_TEMPLATES.warning("there is none"),
        count => RESULT_TEMPLATES.pass(format!("{count}")),
    }
}

fn result_template_names(connection: &ExternalConnection, schema: &Schema) -> Check {
    let templates = connection.result_templates();
    if templates.is_empty() {
        return RESULT_TEMPLATE_NAMES.unknown("there is no template");
    }
    let mut names = std::collections::BTreeSet::new();
    for template in templates {
        names.extend(card::bindings(&template["layout"]));
        let rules = template["rules"].as_array().into_iter().flatten();
        names.extend(rules.filter_map(|rule| Some(rule["property"].as_str()?.to_owned())));
    }
    names.retain(|name| !name.eq_ignore_ascii_case(RESULT_SNIPPET));
    let (mut unknown, mut hidden) = (Vec::new(), Vec::new());
    for name in &names {
        match schema.property(name) {
            None => unknown.push(name.clone()),
            Some(property) if !property.is_retrievable => hidden.push(name.clone()),
            Some(_) => {}
        }
    }
    let mut faults = Vec::new();
    if !unknown.is_empty() {
        faults.push(format!("not in the schema: {}", named(&unknown)));
    }
    if !hidden.is_empty() {
        faults.push(format!("not retrievable: {}", named(&hidden)));
    }
    if faults.is_empty() {
        let names: Vec<String> = names.into_iter().collect();
        return RESULT_TEMPLATE_NAMES.pass(named(&names));
    }
    RESULT_TEMPLATE_NAMES
        .failure(faults.join("; "))
        .about(["searchSettings/searchResultTemplates".to_owned()])
}
