//! The demo, step by step.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::time::sleep;

use super::{
    acl::{Access, acl},
    api::Api,
    checkout,
    evaluate::{Flags, Item, Picture, matches},
    groups::{ExternalGroup, groups},
    load, packages,
    people::Pseudonyms,
    progress::Progress,
    query::{EVERYTHING, Query},
    search,
    source::{Source, Who, share},
    table::{self, Cell, Column, TITLES},
};
use crate::{
    say::{self, Unsaid},
    seed::{self, USERS},
};

/// Fewer packages than this make no demo.
const PACKAGES_MIN: usize = 1_000;
/// Whose columns are printed; the others are checked as well.
const SHOWN: [&str; 3] = ["alice", "carol", "dave"];
/// How long the index may take to catch up after the last PUT.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks at the index.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Loads what this machine knows into the server at `http_url`, searches it and checks what every user finds.
///
/// # Errors
/// When there is nothing to load, the server refuses a step, or a user finds anything else than the plain
/// evaluation of the same ACLs says.
pub async fn run(http_url: &str, items_max: Option<usize>) -> anyhow::Result<()> {
    ensure!(
        items_max != Some(0),
        "`--items 0` leaves nothing to load; ask for 1 or more"
    );
    let mut source = tokio::task::spawn_blocking(read).await??;
    sample(&mut source, items_max);
    let people = Pseudonyms::of(&source.entries);
    let groups = groups(&source.entries, &people, source.rules);
    let items = items(&mut source, &people);
    explain(&source, &items, &groups, &people)?;

    let connector = Api::as_connector(http_url).await?;
    load::connection(&connector, &source).await?;
    load::groups(&connector, source.connection, &groups).await?;
    load::items(&connector, &source, &items).await?;

    let (connection, queries) = (source.connection, source.queries);
    let columns = tokio::task::spawn_blocking(move || expected(&source, items, &groups)).await?;
    let columns = ask(http_url, connection, &queries, columns).await?;
    report(&queries, &columns)?;
    say::line(goodbye(http_url, connection))?;
    Ok(())
}

/// What this machine has to load.
fn read() -> anyhow::Result<Source> {
    say::line("Reading the package descriptions of this machine (apt-cache dumpavail) …")?;
    let source = packages::read(&packages::dumpavail());
    let count = source.entries.len();
    if count >= PACKAGES_MIN {
        return Ok(source);
    }
    say::line(format!(
        "apt-cache knows {count} packages, fewer than {PACKAGES_MIN}: loading the files of the git checkout instead.\n\
         (Run `apt-get update` on a Debian machine for the full demo.)"
    ))?;
    checkout::read().context(
        "there is nothing to load: neither package descriptions nor a git checkout around the current directory",
    )
}

/// Keeps some entries from everywhere, the same ones in every run.
fn sample(source: &mut Source, items_max: Option<usize>) {
    if let Some(max) = items_max {
        source
            .entries
            .sort_by_key(|entry| share(&entry.id, "sample"));
        source.entries.truncate(max);
    }
}

/// The entries as they are sent.
fn items(source: &mut Source, people: &Pseudonyms) -> Vec<Item> {
    let rules = source.rules;
    std::mem::take(&mut source.entries)
        .into_iter()
        .map(|entry| {
            let acl = acl(&entry, &people.group(&entry.owner), rules);
            let mut properties = entry.properties;
            properties.insert("maintainer".to_owned(), people.shown(&entry.owner).into());
            Item {
                id: entry.id,
                properties,
                content: entry.content,
                acl,
            }
        })
        .collect()
}

/// Says what is loaded and who joins what.
fn explain(
    source: &Source,
    items: &[Item],
    groups: &[ExternalGroup],
    people: &Pseudonyms,
) -> Result<(), Unsaid> {
    let denies = items
        .iter()
        .filter(|item| item.acl.iter().any(|entry| entry.access == Access::Deny))
        .count();
    say::line(format!(
        "Loading {} {} into the connection `{}`: {} external groups, {} maintainers under pseudonyms, {denies} ACLs \
         with a deny.\n\nWho joins what (users and directory groups in external groups):",
        items.len(),
        source.noun,
        source.connection,
        groups.len(),
        people.len(),
    ))?;
    for join in source.rules.joins {
        say::line(format!("  {:<18} ∋ {}", join.group, shown(join.who)))?;
    }
    if people.len() > 0 {
        say::line("  every tenth maintainer-… ∋ user dave")?;
    }
    for area in source.rules.areas {
        let id = format!("area-{}", area.name);
        say::line(format!("  {id:<18} reads {}", area.sections.join(", ")))?;
    }
    say::line("  archive            ∋ teams ∋ every team-…")?;
    say::line("Who is denied what:")?;
    for deny in source.rules.denies {
        let part = if deny.one_in == 1 {
            "all".to_owned()
        } else {
            format!("1 in {}", deny.one_in)
        };
        say::line(format!(
            "  {part} of section {:<8} denied to {}",
            deny.section,
            shown(deny.who)
        ))?;
    }
    say::line("")
}

fn shown(who: Who) -> String {
    match who {
        Who::User(name) => format!("user {name}"),
        Who::Group(name) => {
            let members = seed::GROUPS
                .iter()
                .find(|group| group.name == name)
                .map(|group| group.members);
            format!(
                "directory group {name} ({})",
                members.unwrap_or_default().join(", ")
            )
        }
        Who::ExternalGroup(id) => format!("external group {id}"),
    }
}

/// What every user should find, by the plain evaluation: a column each, whose last cell is about everything.
fn expected(source: &Source, items: Vec<Item>, groups: &[ExternalGroup]) -> Vec<Column> {
    let flags = Flags::of(&source.schema);
    let pictures: Vec<_> = USERS.iter().map(|user| Picture::of(user, groups)).collect();
    let [first, second, third] = source.queries;
    let queries = [first, second, third, EVERYTHING];
    let mut columns: Vec<_> = USERS
        .iter()
        .map(|user| Column {
            user: user.name,
            cells: queries.iter().map(|_| Cell::default()).collect(),
        })
        .collect();
    for item in items {
        let matching = matches(&item, &flags, &queries);
        for (column, picture) in columns.iter_mut().zip(&pictures) {
            if !picture.sees(&item.acl) {
                continue;
            }
            for (cell, _) in column
                .cells
                .iter_mut()
                .zip(matching)
                .filter(|(_, matching)| *matching)
            {
                cell.expected.insert(item.id.clone());
            }
        }
    }
    columns
}

/// Fills in what every user finds, once the index has caught up.
async fn ask(
    http_url: &str,
    connection: &str,
    queries: &[Query],
    mut columns: Vec<Column>,
) -> anyhow::Result<Vec<Column>> {
    let mut users = Vec::new();
    for user in USERS {
        users.push(Api::as_user(http_url, user).await?);
    }
    wait(connection, &users, &columns).await?;
    let progress = Progress::new(
        "searches, each to its last page",
        columns.iter().map(|column| column.cells.len()).sum(),
    );
    for (api, column) in users.iter().zip(&mut columns) {
        let queries = queries.iter().chain([&EVERYTHING]);
        for (cell, query) in column.cells.iter_mut().zip(queries) {
            cell.found = search::all(api, connection, query.text, TITLES).await?;
            progress.step();
        }
    }
    progress.finish()?;
    Ok(columns)
}

/// Waits until every user finds as many items as the plain evaluation says, or time is up: the comparison tells then.
async fn wait(connection: &str, users: &[Api], columns: &[Column]) -> anyhow::Result<()> {
    let expected: Vec<_> = columns
        .iter()
        .map(|column| {
            column
                .cells
                .last()
                .map_or(0, |everything| everything.expected.len())
        })
        .collect();
    let progress = Progress::new(
        "items findable, counted for each user",
        expected.iter().sum(),
    );
    let started = Instant::now();
    loop {
        let mut totals = Vec::new();
        for api in users {
            totals.push(search::total(api, connection, EVERYTHING.text).await?);
        }
        progress.set(totals.iter().sum());
        if totals == expected || started.elapsed() > PATIENCE {
            return Ok(progress.finish()?);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Prints the table and what is wrong with it.
fn report(queries: &[Query], columns: &[Column]) -> anyhow::Result<()> {
    let shown: Vec<_> = columns
        .iter()
        .filter(|column| SHOWN.contains(&column.user))
        .collect();
    say::line("")?;
    for line in table::lines(queries, &shown) {
        say::line(line)?;
    }
    say::line("\nTotals of all users:")?;
    for line in table::totals(queries, columns) {
        say::line(format!("  {line}"))?;
    }
    let queries: Vec<_> = queries.iter().copied().chain([EVERYTHING]).collect();
    let faults = table::faults(&queries, columns);
    if faults.is_empty() {
        let hits: usize = columns
            .iter()
            .flat_map(|column| &column.cells)
            .map(|cell| cell.found.ids.len())
            .sum();
        say::line(format!(
            "\nChecked: {} users × {} queries (the three above and `*`) against a plain evaluation of the same ACLs: \
             all {hits} hits and all totals are equal.",
            columns.len(),
            queries.len(),
        ))?;
        return Ok(());
    }
    bail!(
        "the table is not right: the server and a plain evaluation of the same ACLs differ\n  {}",
        faults.join("\n  ")
    )
}

/// How to go on.
fn goodbye(http_url: &str, connection: &str) -> String {
    let alice = seed::seeded_user("alice");
    format!(
        "\nSearch on, as alice for example:\n\ncurl -s {http_url}/v1.0/search/query -H \"Authorization: Bearer \
         $(curl -s {http_url}/common/oauth2/v2.0/token -d grant_type=password -d client_id={} -d username={} \
         -d password={} -d scope=https://graph.microsoft.com/.default | \
         sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\" \
         -d '{{\"requests\":[{{\"entityTypes\":[\"externalItem\"],\
         \"contentSources\":[\"/external/connections/{connection}\"],\
         \"query\":{{\"queryString\":\"*\"}}}}]}}'",
        seed::app("search").client_id,
        alice.upn,
        alice.password,
    )
}
