//! Bearer tokens that count, and those that do not.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph::Scope;
use serde_json::{Value, json};
use tenant::Caller;

use crate::identity::{
    Unauthenticated,
    testing::{ALICE, CONNECTOR, NOW, SEARCH, TENANT, World, claims, keys, text},
};

fn check(world: &World, token: &str, now: u64) -> Result<Caller, Unauthenticated> {
    world.issuer.caller(Some(&format!("Bearer {token}")), now)
}

/// A word of the refusal's message.
fn refused(world: &World, token: &str, now: u64, word: &str) {
    let error = check(world, token, now).unwrap_err();
    assert!(error.message.contains(word), "{word}: {}", error.message);
    assert!(error.www_authenticate.ends_with("error=\"invalid_token\""));
}

/// The connector's token with one claim changed, signed with our own key.
fn signed(world: &World, claim: &str, value: Value) -> String {
    let mut claims = claims(&world.connector());
    claims[claim] = value;
    keys().sign(&claims).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_token_tells_who_asks() {
    let world = World::new();
    let app = check(&world, &world.connector(), NOW).unwrap();
    assert_eq!(
        app,
        Caller {
            app: CONNECTOR.to_owned(),
            user: None,
            permissions: vec![
                Scope::ExternalConnectionReadWriteOwnedBy,
                Scope::ExternalItemReadWriteOwnedBy
            ],
        }
    );
    let token = text(&world.alice("ExternalItem.Read.All openid"), "access_token");
    let user = world
        .issuer
        .caller(Some(&format!("  bearer   {token} ")), NOW)
        .unwrap();
    assert_eq!(
        user,
        Caller {
            app: SEARCH.to_owned(),
            user: Some(ALICE.to_owned()),
            permissions: vec![Scope::ExternalItemReadAll],
        }
    );
    // The second time it is remembered, and says the same.
    assert_eq!(check(&world, &token, NOW + 1).unwrap(), user);
}

#[test]
fn no_token_is_told_from_a_bad_one() {
    let world = World::new();
    for (header, word, given) in [
        (None, "empty", false),
        (Some(""), "empty", false),
        (Some("Bearer"), "empty", false),
        (Some("Bearer  "), "empty", false),
        (Some("Basic abc"), "scheme", true),
        (Some("abc"), "scheme", true),
        (Some("Bearer abc"), "malformed", true),
    ] {
        let error = world.issuer.caller(header, NOW).unwrap_err();
        assert!(
            error.message.contains(word),
            "{header:?}: {}",
            error.message
        );
        assert_eq!(
            error.www_authenticate.contains("error=\"invalid_token\""),
            given,
            "{header:?}"
        );
        assert!(error.www_authenticate.starts_with(
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\""
        ));
    }
}

#[test]
fn times_count_with_a_minute_of_leeway() {
    let world = World::new();
    let token = world.connector();
    let end = NOW + 3599;
    for round in 0..2 {
        refused(&world, &token, end + 60, "expired");
        refused(&world, &token, u64::MAX, "expired");
        refused(&world, &token, NOW - 61, "not valid yet");
        refused(&world, &token, 0, "not valid yet");
        // In the second round the token is remembered.
        assert!(check(&world, &token, end + 59).is_ok(), "{round}");
        assert!(check(&world, &token, NOW - 60).is_ok(), "{round}");
    }
}

#[test]
fn every_claim_that_matters_is_checked() {
    let world = World::new();
    let iss = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    for (claim, value, word) in [
        (
            "iss",
            json!(format!("https://sts.windows.net/{TENANT}/")),
            "another issuer",
        ),
        ("iss", json!(format!("{iss}/")), "another issuer"),
        ("iss", json!([iss]), "malformed"),
        ("iss", Value::Null, "malformed"),
        (
            "aud",
            json!("https://graph.microsoft.com.evil.example"),
            "another audience",
        ),
        ("aud", json!(SEARCH), "another audience"),
        ("aud", json!(["https://graph.microsoft.com"]), "malformed"),
        ("aud", Value::Null, "malformed"),
        ("tid", json!("other"), "another tenant"),
        ("exp", json!(NOW - 60), "expired"),
        ("exp", json!("never"), "malformed"),
        ("exp", Value::Null, "malformed"),
        ("nbf", json!(NOW + 61), "not valid yet"),
        ("nbf", Value::Null, "malformed"),
        ("idtyp", json!("device"), "malformed"),
        ("idtyp", Value::Null, "malformed"),
        (
            "appid",
            json!("nobody"),
            "app of the access token no longer exists",
        ),
    ] {
        refused(&world, &signed(&world, claim, value), NOW, word);
    }
    for aud in [
        "https://graph.microsoft.com/",
        "00000003-0000-0000-c000-000000000000",
    ] {
        assert!(
            check(&world, &signed(&world, "aud", json!(aud)), NOW).is_ok(),
            "{aud}"
        );
    }
}

#[test]
fn only_our_key_with_rs256_counts() {
    let world = World::new();
    let token = world.connector();
    let mut parts = token.split('.');
    let (header, payload, signature) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let kid = keys().kid().to_owned();

    let none = encoded(&json!({"alg": "none", "typ": "JWT", "kid": kid}));
    refused(&world, &format!("{none}.{payload}."), NOW, "malformed");
    refused(
        &world,
        &format!("{none}.{payload}.{signature}"),
        NOW,
        "malformed",
    );
    for alg in ["RS384", "PS256", "ES256", "HS256"] {
        let other = encoded(&json!({"alg": alg, "typ": "JWT", "kid": kid}));
        refused(
            &world,
            &format!("{other}.{payload}.{signature}"),
            NOW,
            "RS256",
        );
    }

    // The public key must not pass for a shared secret, in whatever form somebody may have it.
    let keys = keys();
    let public = &keys.known(keys.kid()).unwrap().verifying;
    let jwk = &keys.jwks()["keys"][0];
    let hs256 = encoded(&json!({"alg": "HS256", "typ": "JWT", "kid": kid}));
    for secret in [
        public.try_get_as_bytes().unwrap().to_vec(),
        text(jwk, "n").into_bytes(),
        jwk["x5c"][0].as_str().unwrap().as_bytes().to_vec(),
    ] {
        let message = format!("{hs256}.{payload}");
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &secret),
            message.as_bytes(),
        );
        refused(
            &world,
            &format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag)),
            NOW,
            "RS256",
        );
    }

    for stranger in [json!({"alg": "RS256", "kid": "x"}), json!({"alg": "RS256"})] {
        refused(
            &world,
            &format!("{}.{payload}.{signature}", encoded(&stranger)),
            NOW,
            "a key that this server does not have",
        );
    }
    let mut more = claims(&token);
    more["roles"] = json!(["ExternalItem.ReadWrite.All"]);
    refused(
        &world,
        &format!("{header}.{}.{signature}", encoded(&more)),
        NOW,
        "signature",
    );
    refused(
        &world,
        &format!("{header}.{payload}.{}", encoded(&json!("x"))),
        NOW,
        "signature",
    );
}

#[test]
fn garbage_is_malformed() {
    let world = World::new();
    let token = world.connector();
    let (front, _) = token.rsplit_once('.').unwrap();
    let long = "a".repeat(20_000);
    for garbage in [
        "a",
        "a.b.c",
        "..",
        ".",
        "a.b",
        "é.é.é",
        "a b c",
        long.as_str(),
        front,
    ] {
        refused(&world, garbage, NOW, "malformed");
    }
    refused(&world, &format!("{token}.x"), NOW, "malformed");
    refused(&world, &format!("{front}.=!="), NOW, "malformed");
}

#[test]
fn other_tokens_of_ours_are_no_access_tokens() {
    let world = World::new();
    let answer = world.alice("User.Read openid offline_access");
    for kind in ["id_token", "refresh_token"] {
        refused(&world, &text(&answer, kind), NOW, "malformed");
    }
}

#[test]
fn changed_accounts_count_at_once() {
    let world = World::new();
    let app = world.connector();
    let user = text(
        &world.alice("https://graph.microsoft.com/.default"),
        "access_token",
    );
    assert_eq!(check(&world, &user, NOW).unwrap().permissions.len(), 2);
    assert_eq!(check(&world, &app, NOW).unwrap().permissions.len(), 2);

    // A permission that was taken away is gone; one that was added needs a new token.
    world.change(|accounts| {
        for app in &mut accounts.apps {
            app.scopes = vec![Scope::ExternalItemReadAll, Scope::GroupReadAll];
            app.roles = vec![Scope::ExternalItemReadWriteAll];
        }
    });
    assert_eq!(
        check(&world, &user, NOW).unwrap().permissions,
        [Scope::ExternalItemReadAll]
    );
    assert_eq!(check(&world, &app, NOW).unwrap().permissions, []);

    world.change(|accounts| {
        accounts.users.remove(0);
        accounts.apps.remove(0);
    });
    refused(
        &world,
        &user,
        NOW,
        "user of the access token no longer exists",
    );
    refused(
        &world,
        &app,
        NOW,
        "app of the access token no longer exists",
    );

    world.change(|_| {});
    assert!(check(&world, &user, NOW).is_ok());
}
