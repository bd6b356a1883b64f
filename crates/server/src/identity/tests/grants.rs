//! Requests for tokens that are granted.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tenant::accounts::Secret;
use uuid::Uuid;

use crate::identity::testing::{
    ALICE, CLIENT_CREDENTIALS, CONNECTOR, CONNECTOR_SECRET, NOW, PASSWORD, PORTAL, PORTAL_SECRET,
    SEARCH, TENANT, World, body, claims, form, text,
};

#[test]
fn an_app_gets_all_of_its_roles() {
    let world = World::new();
    let answer = world.token(&CLIENT_CREDENTIALS);
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .headers
            .contains(&("cache-control", "no-store".to_owned()))
    );
    let answer = body(&answer);
    let token = text(&answer, "access_token");
    assert_eq!(
        answer,
        json!({
            "token_type": "Bearer",
            "scope": "https://graph.microsoft.com/ExternalConnection.ReadWrite.OwnedBy https://graph.microsoft.com/ExternalItem.ReadWrite.OwnedBy https://graph.microsoft.com/.default",
            "expires_in": 3599,
            "ext_expires_in": 3599,
            "access_token": token,
        })
    );
    let oid = Uuid::new_v5(&TENANT, CONNECTOR.as_bytes()).to_string();
    let claims = claims(&token);
    assert_eq!(
        claims,
        json!({
            "aud": "https://graph.microsoft.com",
            "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "iat": NOW,
            "nbf": NOW,
            "exp": NOW + 3599,
            "app_displayname": "connector",
            "appid": CONNECTOR,
            "azp": CONNECTOR,
            "idtyp": "app",
            "oid": oid,
            "roles": ["ExternalConnection.ReadWrite.OwnedBy", "ExternalItem.ReadWrite.OwnedBy"],
            "sub": oid,
            "tid": TENANT.to_string(),
            "uti": claims["uti"],
            "ver": "2.0",
        })
    );
}

#[test]
fn a_user_gets_everything_that_sdks_read() {
    let world = World::new();
    let answer =
        world.alice("https://graph.microsoft.com/.default offline_access openid profile email");
    assert_eq!(
        answer["scope"],
        "https://graph.microsoft.com/User.Read https://graph.microsoft.com/ExternalItem.Read.All https://graph.microsoft.com/.default openid profile email"
    );
    assert_eq!(answer["expires_in"], 3599);
    let info = URL_SAFE_NO_PAD
        .decode(text(&answer, "client_info"))
        .unwrap();
    let info: Value = serde_json::from_slice(&info).unwrap();
    assert_eq!(info, json!({"uid": ALICE, "utid": TENANT.to_string()}));

    let access = claims(&text(&answer, "access_token"));
    for (claim, value) in [
        ("idtyp", "user"),
        ("scp", "User.Read ExternalItem.Read.All"),
        ("oid", ALICE),
        ("sub", ALICE),
        ("appid", SEARCH),
        ("upn", "alice@linkspan.example"),
        ("unique_name", "alice@linkspan.example"),
        ("preferred_username", "alice@linkspan.example"),
        ("name", "alice (seeded)"),
        ("app_displayname", "search"),
    ] {
        assert_eq!(access[claim], value, "{claim}");
    }
    assert_eq!(access.get("roles"), None);

    let id = claims(&text(&answer, "id_token"));
    for (claim, value) in [
        ("aud", SEARCH),
        ("oid", ALICE),
        ("email", "alice@mail.example"),
        ("preferred_username", "alice@linkspan.example"),
    ] {
        assert_eq!(id[claim], value, "{claim}");
    }
    let discovery = "/common/v2.0/.well-known/openid-configuration";
    assert_eq!(id["iss"], body(&world.get(discovery).unwrap())["issuer"]);
    assert!(text(&answer, "refresh_token").starts_with("2."));
}

#[test]
fn a_scope_is_answered_in_the_words_it_was_asked_in() {
    let world = World::new();
    for (asked, scope, scp) in [
        ("User.Read", "User.Read", "User.Read"),
        (
            "https://graph.microsoft.com/user.read  User.Read",
            "https://graph.microsoft.com/user.read User.Read",
            "User.Read",
        ),
        (
            "ExternalItem.Read.All openid offline_access",
            "ExternalItem.Read.All openid",
            "ExternalItem.Read.All",
        ),
        (
            "https://localhost:8443/.default",
            "https://localhost:8443/User.Read https://localhost:8443/ExternalItem.Read.All https://localhost:8443/.default",
            "User.Read ExternalItem.Read.All",
        ),
        ("openid profile", "openid profile", ""),
    ] {
        let answer = world.alice(asked);
        assert_eq!(answer["scope"], scope, "{asked}");
        let access = claims(&text(&answer, "access_token"));
        assert_eq!(access["scp"], scp, "{asked}");
        assert_eq!(
            answer.get("id_token").is_some(),
            asked.contains("openid"),
            "{asked}"
        );
        assert_eq!(
            answer.get("refresh_token").is_some(),
            asked.contains("offline_access"),
            "{asked}"
        );
    }
}

#[test]
fn an_id_token_comes_by_response_type_too_and_repeats_the_nonce() {
    let world = World::new();
    let answer = world.token(&[
        ("grant_type", "password"),
        ("client_id", SEARCH),
        ("username", "ALICE@linkspan.example"),
        ("password", PASSWORD),
        ("scope", "User.Read"),
        ("response_type", "id_token token"),
        ("nonce", "n-1"),
    ]);
    assert_eq!(claims(&text(&body(&answer), "id_token"))["nonce"], "n-1");
}

#[test]
fn the_secret_comes_in_the_form_or_in_the_header() {
    let world = World::new();
    let rest = form(&[
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
    ]);
    let encoded = form(&[(CONNECTOR, CONNECTOR_SECRET)])
        .replacen("%2D", "-", 4)
        .replacen('=', ":", 1);
    for header in [
        format!(
            "Basic {}",
            STANDARD.encode(format!("{CONNECTOR}:{CONNECTOR_SECRET}"))
        ),
        format!("basic {}", STANDARD.encode(&encoded)),
        format!("Basic {}", STANDARD.encode(&encoded).trim_end_matches('=')),
    ] {
        let answer = world.post("/x/oauth2/v2.0/token", &rest, Some(&header), NOW);
        assert_eq!(answer.status, 200, "{}", body(&answer));
    }
    // A bearer token is no credential of a client: the form counts.
    let answer = world.post(
        "/x/oauth2/v2.0/token",
        &form(&CLIENT_CREDENTIALS),
        Some("Bearer abc"),
        NOW,
    );
    assert_eq!(answer.status, 200);
}

#[test]
fn users_sign_in_with_and_without_the_secret_as_the_app_permits() {
    let world = World::new();
    for (app, secret, status) in [
        (CONNECTOR, None, 200),
        (CONNECTOR, Some(CONNECTOR_SECRET), 200),
        (CONNECTOR, Some("wrong"), 401),
        (SEARCH, None, 200),
        (SEARCH, Some("any"), 401),
        (PORTAL, None, 401),
        (PORTAL, Some(PORTAL_SECRET), 200),
        (PORTAL, Some("wrong"), 401),
    ] {
        let mut fields = vec![
            ("grant_type", "password"),
            ("client_id", app),
            ("username", "alice@linkspan.example"),
            ("password", PASSWORD),
            ("scope", "User.Read"),
        ];
        fields.extend(secret.map(|secret| ("client_secret", secret)));
        assert_eq!(world.token(&fields).status, status, "{app} {secret:?}");
    }
}

#[test]
fn raw_spaces_commas_and_pipes_are_read() {
    let world = World::new();
    let raw = format!(
        "client_id={SEARCH}&grant_type=password&username=alice@linkspan.example&password=correct horse&scope=User.Read openid&x-client-current-telemetry=5|371,0,,,|,&claims={{\"access_token\":{{}}}}"
    );
    let answer = world.post("/common/oauth2/v2.0/token", &raw, None, NOW);
    assert_eq!(body(&answer)["scope"], "User.Read openid");
}

#[test]
fn the_old_endpoint_takes_a_resource_and_answers_numbers_as_text() {
    let world = World::new();
    let answer = world.post(
        "/contoso/OAuth2/Token",
        &form(&[
            ("grant_type", "password"),
            ("client_id", SEARCH),
            ("username", "bob@linkspan.example"),
            ("password", PASSWORD),
            ("resource", "https://graph.microsoft.com/"),
        ]),
        None,
        NOW,
    );
    let answer = body(&answer);
    assert_eq!(answer["expires_in"], "3599");
    assert_eq!(answer["expires_on"], (NOW + 3599).to_string());
    assert_eq!(answer["resource"], "https://graph.microsoft.com/");
    assert!(answer.get("refresh_token").is_some());
    assert_eq!(
        claims(&text(&answer, "access_token"))["scp"],
        "User.Read ExternalItem.Read.All"
    );
}

#[test]
fn the_same_request_within_a_minute_gets_the_same_token() {
    let world = World::new();
    let token = |fields: &[(&str, &str)], now| body(&world.token_at(fields, now));
    let first = token(&CLIENT_CREDENTIALS, NOW);
    let again = token(&CLIENT_CREDENTIALS, NOW + 59);
    assert_eq!(again["access_token"], first["access_token"]);
    assert_eq!(again["expires_in"], 3540);

    let mut traced = CLIENT_CREDENTIALS.to_vec();
    traced.push(("client-request-id", "another"));
    assert_eq!(token(&traced, NOW)["access_token"], first["access_token"]);

    let later = token(&CLIENT_CREDENTIALS, NOW + 60);
    assert_ne!(later["access_token"], first["access_token"]);
    assert_eq!(later["expires_in"], 3599);
}

#[test]
fn a_remembered_answer_needs_the_very_same_secret_and_accounts() {
    let world = World::new();
    let first = body(&world.token(&CLIENT_CREDENTIALS));
    let mut wrong = CLIENT_CREDENTIALS;
    wrong[2].1 = "wrong";
    assert_eq!(world.token(&wrong).status, 401);

    world.change(|_| {});
    let renewed = body(&world.token(&CLIENT_CREDENTIALS));
    assert_ne!(renewed["access_token"], first["access_token"]);

    world.change(|accounts| accounts.apps[0].secrets = vec![Secret::new(b"salt-salt", "new")]);
    assert_eq!(world.token(&CLIENT_CREDENTIALS).status, 401);
}

#[test]
fn tokens_differ_even_within_a_second() {
    let world = World::new();
    let one = world.alice("User.Read openid");
    world.change(|_| {});
    let two = world.alice("User.Read openid");
    for token in ["access_token", "id_token"] {
        assert_ne!(
            claims(&text(&one, token))["uti"],
            claims(&text(&two, token))["uti"]
        );
    }
}

#[test]
fn a_refresh_token_gets_new_tokens() {
    let world = World::new();
    let first = world.alice("User.Read openid offline_access");
    let refresh = text(&first, "refresh_token");
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("client_id", SEARCH),
        ("refresh_token", &refresh),
    ];
    let late = NOW + 90 * 24 * 3600 - 1;
    let again = body(&world.token_at(&fields, late));
    assert_eq!(again["scope"], "User.Read openid");
    let access = claims(&text(&again, "access_token"));
    assert_eq!(
        (&access["oid"], &access["iat"]),
        (&json!(ALICE), &json!(late))
    );
    assert!(again.get("id_token").is_some());

    // The successor works on, and another permission of the app may be asked for.
    let successor = text(&again, "refresh_token");
    assert_ne!(successor, refresh);
    fields[2].1 = &successor;
    fields.push(("scope", "ExternalItem.Read.All"));
    let other = body(&world.token_at(&fields, late + 3600));
    assert_eq!(
        claims(&text(&other, "access_token"))["scp"],
        "ExternalItem.Read.All"
    );
}
