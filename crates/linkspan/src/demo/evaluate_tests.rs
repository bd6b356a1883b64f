//! Tests of the plain evaluation.

use serde_json::json;

use super::{
    acl::{Access, AclEntry, Meant, acl},
    evaluate::{Flags, Item, Picture, matches},
    groups::{ExternalGroup, groups},
    packages,
    people::Pseudonyms,
    query::{EVERYTHING, Means, Query},
    source::Principal,
};
use crate::seed::USERS;

fn entry(access: Access, meant: Meant) -> AclEntry {
    AclEntry { access, meant }
}

fn external(id: &str) -> Principal {
    Principal::ExternalGroup(id.to_owned())
}

fn group(id: &str, members: Vec<Principal>) -> ExternalGroup {
    ExternalGroup {
        id: id.to_owned(),
        display_name: id.to_owned(),
        members,
    }
}

/// Who of alice, bob, carol, dave and erin sees it?
fn seen_by(groups: &[ExternalGroup], acl: &[AclEntry]) -> String {
    USERS
        .iter()
        .filter(|user| Picture::of(user, groups).sees(acl))
        .map(|user| &user.name[..1])
        .collect()
}

#[test]
fn a_deny_wins_and_guests_see_nothing() {
    use Access::{Deny, Grant};
    let everyone = entry(Grant, Meant::Everyone);
    let one = |access, principal| entry(access, Meant::One(principal));
    assert_eq!(seen_by(&[], &[]), "");
    assert_eq!(seen_by(&[], std::slice::from_ref(&everyone)), "abcd");
    assert_eq!(
        seen_by(&[], &[entry(Grant, Meant::EveryoneExceptGuests)]),
        "abcd"
    );
    assert_eq!(
        seen_by(&[], &[one(Deny, Principal::User("bob")), everyone.clone()]),
        "acd"
    );
    assert_eq!(
        seen_by(&[], &[everyone, one(Deny, Principal::Group("staff"))]),
        "d"
    );
    assert_eq!(seen_by(&[], &[one(Grant, Principal::User("erin"))]), "");
    assert_eq!(seen_by(&[], &[one(Deny, Principal::User("bob"))]), "");
}

#[test]
fn memberships_are_followed_through_circles() {
    let groups = [
        group("one", vec![external("two")]),
        group("two", vec![external("one"), external("three")]),
        group("three", vec![Principal::Group("engineering")]),
        group("apart", vec![external("apart"), Principal::User("dave")]),
    ];
    let grant = |id| [entry(Access::Grant, Meant::One(external(id)))];
    assert_eq!(seen_by(&groups, &grant("one")), "ab");
    assert_eq!(seen_by(&groups, &grant("apart")), "d");
    assert_eq!(seen_by(&groups, &grant("absent")), "");
    assert_eq!(seen_by(&groups, &grant("two")), "ab");
    assert_eq!(seen_by(&groups, &grant("three")), "ab");
}

#[test]
fn queries_mean_what_they_say() {
    let schema = json!({ "properties": [
        { "name": "title", "isSearchable": true, "isQueryable": true },
        { "name": "tags", "isSearchable": true },
        { "name": "section", "isQueryable": true },
    ]});
    let properties =
        json!({ "title": "Gamés of war", "tags": ["web", "server data"], "section": "games" });
    let item = Item {
        id: "a".to_owned(),
        properties: properties.as_object().unwrap().clone(),
        content: "A Web-Server.".to_owned(),
        acl: Vec::new(),
    };
    let cases = [
        (Means::Word("server"), true),
        (Means::Word("serv"), false),
        (Means::Word("games"), true),
        (Means::Prefix("serv"), true),
        (Means::Prefix("erver"), false),
        (Means::Phrase(&["web", "server"]), true),
        (Means::Phrase(&["server", "web"]), false),
        // Two values of one property are two texts.
        (Means::Phrase(&["web", "server", "data"]), false),
        (Means::In("title", "war"), true),
        (Means::In("title", "server"), false),
        (Means::In("section", "games"), true),
        (Means::In("tags", "web"), false),
        (Means::Not(&Means::In("title", "war")), false),
        (Means::All(&[Means::Word("a"), Means::Word("data")]), true),
        (
            Means::All(&[Means::Word("a"), Means::Word("absent")]),
            false,
        ),
        (EVERYTHING.means, true),
    ];
    let flags = Flags::of(&schema);
    for (at, (means, expect)) in cases.into_iter().enumerate() {
        let query = Query { text: "", means };
        assert_eq!(matches(&item, &flags, &[query]), [expect], "case {at}");
    }
}

#[test]
fn the_rules_for_packages_give_every_user_another_picture() {
    let text: String = (0..3_000)
        .map(|at| {
            let section = ["python", "games", "httpd", "web", "science", "oldlibs"][at % 6];
            let maintainer = ["Debian Python Team <x@y.test>", "Debian Games Team <x@z.test>"][at % 2];
            format!("Package: p{at}\nVersion: 1\nSection: {section}\nMaintainer: {maintainer}\nDescription: d\n\n")
        })
        .collect();
    let source = packages::read(&text);
    let people = Pseudonyms::of(&source.entries);
    let groups = groups(&source.entries, &people, source.rules);
    let acls: Vec<_> = source
        .entries
        .iter()
        .map(|entry| acl(entry, &people.group(&entry.owner), source.rules))
        .collect();
    let totals = USERS.iter().map(|user| {
        let picture = Picture::of(user, &groups);
        acls.iter().filter(|acl| picture.sees(acl)).count()
    });
    let totals: Vec<_> = totals.collect();
    assert_eq!(totals[4], 0, "the guest sees nothing");
    for (at, total) in totals.iter().enumerate() {
        assert!(
            *total < 2_500,
            "nobody sees the section that is for nobody: {totals:?}"
        );
        assert!(!totals[at + 1..].contains(total), "{totals:?}");
    }
    assert!(
        acls.iter()
            .any(|acl| acl.iter().any(|entry| entry.access == Access::Deny))
    );
}
