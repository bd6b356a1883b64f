//! What a seed file may say, and what it is told when it says something else.

use std::path::Path;

use super::*;

const CHEAP: Cost = Cost {
    memory: 8,
    passes: 1,
};

fn problems(text: &str) -> String {
    let refused = parse(text, Path::new("."), CHEAP).err();
    refused.map_or_else(String::new, |error| format!("{error:#}"))
}

#[test]
fn the_example_is_a_seed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/seed.yaml");
    let seed = read(&file).unwrap();
    let accounts = &seed.accounts;
    let alice = accounts.user("alice@linkspan.test").unwrap();
    assert!(alice.password.is_slow());
    assert!(alice.password.is("a password for alice"));
    assert_eq!(seed.clear.of(&alice.password), Some("a password for alice"));
    let staff = accounts
        .groups
        .iter()
        .find(|group| group.name == "staff")
        .unwrap();
    assert!(
        accounts.groups_of(&alice.id).contains(&staff.id),
        "through another group"
    );
    let connector = accounts
        .apps
        .iter()
        .find(|app| app.name == "connector")
        .unwrap();
    assert!(connector.secrets[0].is("a long random text"));
    assert!(!connector.secrets[0].is_slow() && !connector.public_client);
    assert!(
        connector
            .roles
            .contains(&Scope::ExternalItemReadWriteOwnedBy)
    );
    let search = accounts
        .apps
        .iter()
        .find(|app| app.name == "search")
        .unwrap();
    assert!(search.public_client);
    assert_eq!(search.redirect_uris, ["https://search.example/signed-in"]);
    assert!(accounts.users.iter().any(|user| user.guest));
}

#[test]
fn ids_that_are_left_out_stay_the_same() {
    let text = "{users: [{name: alice, upn: a@b, password: x}], apps: [{name: search}]}";
    let [one, two] = [0, 1].map(|_| parse(text, Path::new("."), CHEAP).unwrap().accounts);
    assert_eq!(one.users[0].id, two.users[0].id);
    assert_eq!(one.apps[0].client_id, two.apps[0].client_id);
    assert_ne!(one.users[0].id, one.apps[0].client_id);
    assert_eq!(
        (
            one.users[0].mail.as_str(),
            one.users[0].display_name.as_str()
        ),
        ("a@b", "alice")
    );
}

#[test]
fn all_problems_are_told_at_once_with_their_place() {
    let text = "
users:
  - {name: alice, upn: alice, password: x, colour: red}
  - {name: alice, upn: b@c, id: 7}
  - {name: bob, upn: 5, password: '', guest: perhaps}
  - carol
groups:
  - {name: staff, members: [alice, nobody, staff]}
  - {name: board, members: alice}
apps:
  - {name: connector, client_id: not-a-guid, roles: [Everything]}
  - {name: search, redirect_uris: ['http://x.example/', 'https://x.example/'], certificates: [absent.pem]}
  - {name: Search, public_client: false}
  - {name: two words}
extra: 1
";
    let told = problems(text);
    for place in [
        "the file: 'extra' is unknown",
        "users[0]: 'colour' is unknown; known are name, id",
        "users[0].upn: 'alice' must be like",
        "users[1].id: must be text",
        "users[1].password: must be there",
        "users[2].upn: must be text",
        "users[2].password: must not be empty",
        "users[2].guest: must be true or false",
        "users[3]: must be an object",
        "groups[0].members[1]: 'nobody'",
        "groups[0].members[2]: a group cannot be its own member",
        "apps[3].name: 'two words' cannot be a name",
        "groups[1].members: must be a list",
        "apps[0].client_id: 'not-a-guid'",
        "apps[0].roles[0]: 'Everything' is no permission",
        "apps[1].redirect_uris[0]: `http://x.example/`",
        "apps[1].certificates[0]: could not read",
        "apps[2].public_client: ",
        "users and groups: the name 'alice'",
        "apps: the name 'Search'",
    ] {
        assert!(told.contains(place), "{place} not in {told}");
    }
    assert!(told.starts_with("20 problems:"), "{told}");
}

#[test]
fn what_is_no_seed_at_all_is_refused() {
    for (text, word) in [
        ("{", "it is no YAML"),
        ("- a", "the file: must be an object"),
        ("", "the file: must be an object"),
        ("users: []", "apps: there is none"),
        ("{apps: [{name: a}], apps: [{name: b}]}", "it is no YAML"),
    ] {
        let told = problems(text);
        assert!(told.contains(word), "{text}: {told}");
    }
}
