//! Another key takes over, and what the old ones signed still counts for as long as it would have.

use std::sync::Arc;

use serde_json::Value;
use tenant::visibility::{Change, Visibility};

use crate::identity::{
    Issuer, Keys, SignIn,
    testing::{
        CLIENT_CREDENTIALS, Directory, NOW, PASSWORD, SEARCH, TENANT, accounts, body, form,
        request, text,
    },
};

const DAY: u64 = 24 * 60 * 60;

fn issuer(directory: &Directory) -> Arc<Issuer> {
    let visibility = Visibility::new();
    let issuer = Issuer::new(
        TENANT,
        Keys::open(directory).unwrap(),
        Arc::clone(&visibility),
    );
    visibility.publish(vec![Change::Accounts(Arc::new(accounts()))]);
    issuer
}

fn post(issuer: &Issuer, fields: &[(&str, &str)], now: u64) -> Value {
    let form = form(fields);
    let request: SignIn<'_> = request("POST", "/common/oauth2/v2.0/token", form.as_bytes());
    body(&issuer.answer(&request, now).unwrap())
}

fn kids(issuer: &Issuer) -> Vec<String> {
    let answer = issuer.answer(&request("GET", "/common/discovery/keys", b""), NOW);
    let body = body(&answer.unwrap());
    let keys = body["keys"].as_array().unwrap();
    keys.iter().map(|key| text(key, "kid")).collect()
}

#[test]
fn tokens_of_retired_keys_count_until_they_expire() {
    let directory = Directory::new();
    let before = issuer(&directory);
    let access = text(&post(&before, &CLIENT_CREDENTIALS, NOW), "access_token");
    let alice = post(
        &before,
        &[
            ("grant_type", "password"),
            ("client_id", SEARCH),
            ("username", "alice@linkspan.example"),
            ("password", PASSWORD),
            ("scope", "User.Read offline_access"),
        ],
        NOW,
    );
    let refresh = text(&alice, "refresh_token");
    let later = text(
        &post(&before, &CLIENT_CREDENTIALS, NOW + 300),
        "access_token",
    );

    let first = Keys::rotate(&directory, NOW + 100).unwrap();
    // Even in the same second.
    let second = Keys::rotate(&directory, NOW + 100).unwrap();
    assert_eq!((first.kept, second.kept, second.removed), (1, 2, 0));
    assert_eq!(first.now, second.before);
    let after = issuer(&directory);
    let known = kids(&after);
    assert_eq!(known.len(), 3);
    for kid in [&second.now, &second.before, &first.before] {
        assert!(known.contains(kid), "{kid}");
    }

    let caller = |token: &str, now| after.caller(Some(&format!("Bearer {token}")), now);
    assert!(caller(&access, NOW + 300).is_ok());
    assert!(caller(&access, NOW + 3700).is_err(), "it has expired");
    // Nobody signs with a key after its retirement, unless it was stolen.
    assert!(caller(&later, NOW + 300).is_err());
    let renewed = post(
        &after,
        &[
            ("grant_type", "refresh_token"),
            ("client_id", SEARCH),
            ("refresh_token", &refresh),
        ],
        NOW + 300,
    );
    assert!(renewed["access_token"].is_string(), "{renewed}");
    let fresh = text(
        &post(&after, &CLIENT_CREDENTIALS, NOW + 300),
        "access_token",
    );
    assert!(caller(&fresh, NOW + 300).is_ok());
    assert!(
        before
            .caller(Some(&format!("Bearer {fresh}")), NOW + 300)
            .is_err()
    );

    // A hundred days on nothing of theirs can be valid.
    let third = Keys::rotate(&directory, NOW + 100 * DAY).unwrap();
    assert_eq!((third.kept, third.removed), (1, 2));
    assert_eq!(kids(&issuer(&directory)), [third.now, second.now]);
}

#[test]
fn a_rotation_that_was_cut_short_does_no_harm() {
    let directory = Directory::new();
    let kid = Keys::open(&directory).unwrap().kid().to_owned();
    for (name, copy) in [
        ("signing-certificate.pem", "retired-5-certificate.pem"),
        ("signing-key.pem", "retired-5-key.pem"),
    ] {
        std::fs::copy(directory.join(name), directory.join(copy)).unwrap();
    }
    assert_eq!(kids(&issuer(&directory)), [kid]);
    std::fs::write(directory.join("retired-6-key.pem"), "damaged").unwrap();
    assert!(Keys::open(&directory).is_err());
}

#[test]
#[cfg(unix)]
fn retired_keys_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let kid = Keys::rotate(&directory, 7).unwrap().before;
    let file = directory.join(format!("retired-7-{kid}-key.pem"));
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
