//! Requests for tokens that are refused.

use serde_json::{Value, json};
use tenant::accounts::Secret;

use crate::identity::{
    SignIn,
    testing::{
        CLIENT_CREDENTIALS, CONNECTOR, CONNECTOR_SECRET, NOW, PASSWORD, PORTAL, SEARCH, World,
        body, form, request, text,
    },
};

const DEFAULT: &str = "https://graph.microsoft.com/.default";

/// Status, error word, number, and a word of the text.
type Expected = (u16, &'static str, u32, &'static str);

fn check(world: &World, fields: &[(&str, &str)], expected: Expected) {
    let (status, error, code, word) = expected;
    let answer = world.token(fields);
    let body = body(&answer);
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(body["error"], error, "{body}");
    assert_eq!(body["error_codes"], serde_json::json!([code]));
    let description = text(&body, "error_description");
    assert!(
        description.starts_with(&format!("AADSTS{code}: ")),
        "{description}"
    );
    assert!(description.contains(word), "{description}");
    for (name, value) in fields {
        if matches!(
            *name,
            "client_secret" | "password" | "refresh_token" | "username"
        ) {
            let said = !value.is_empty() && description.contains(value);
            assert!(!said, "{name} in {description}");
        }
    }
}

/// A request of an app for itself.
fn own<'a>(id: &'a str, secret: &'a str, scope: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", scope),
    ]
}

#[test]
fn an_app_that_does_not_prove_itself_is_refused() {
    let world = World::new();
    for (fields, expected) in [
        (
            own(SEARCH, "", DEFAULT),
            (401, "invalid_client", 7_000_218, "public client"),
        ),
        (
            own(CONNECTOR, "", DEFAULT),
            (401, "invalid_client", 7_000_218, "client_secret"),
        ),
        (
            own(CONNECTOR, "not-it", DEFAULT),
            (401, "invalid_client", 7_000_215, "wrong"),
        ),
        (
            own(SEARCH, "not-it", DEFAULT),
            (401, "invalid_client", 700_025, "public client"),
        ),
        (
            own("nobody", "not-it", DEFAULT),
            (400, "unauthorized_client", 700_016, "'nobody'"),
        ),
        (
            own("", "not-it", DEFAULT),
            (400, "invalid_request", 90014, "'client_id'"),
        ),
    ] {
        check(&world, &fields, expected);
    }
}

#[test]
fn an_app_asks_for_everything_it_has() {
    let world = World::new();
    for (scope, expected) in [
        ("", (400, "invalid_request", 90014, "'scope'")),
        (
            "User.Read",
            (400, "invalid_scope", 1_002_012, "'User.Read'"),
        ),
        ("openid", (400, "invalid_scope", 1_002_012, "/.default")),
        (
            "https://graph.microsoft.com/.default User.Read",
            (400, "invalid_scope", 1_002_012, "'User.Read'"),
        ),
    ] {
        check(&world, &own(CONNECTOR, CONNECTOR_SECRET, scope), expected);
    }
}

#[test]
fn grant_types_are_refused_by_name() {
    let world = World::new();
    for (kind, word) in [
        ("magic", "'magic' is unknown"),
        ("implicit", "'authorization_code'"),
    ] {
        let fields = [("grant_type", kind), ("client_id", SEARCH)];
        check(
            &world,
            &fields,
            (400, "unsupported_grant_type", 70003, word),
        );
    }
}

#[test]
fn a_missing_field_is_named() {
    let world = World::new();
    for (kind, word) in [
        ("", "'grant_type'"),
        ("password", "'username'"),
        ("refresh_token", "'refresh_token'"),
        ("authorization_code", "'code'"),
        ("device_code", "'device_code'"),
    ] {
        let fields = [("grant_type", kind), ("client_id", SEARCH)];
        check(&world, &fields, (400, "invalid_request", 90014, word));
    }
    check(&world, &[], (400, "invalid_request", 90014, "'grant_type'"));
}

#[test]
fn a_password_grant_says_what_is_missing_or_not_given() {
    let world = World::new();
    let user = |app, name, password, scope| {
        [
            ("grant_type", "password"),
            ("client_id", app),
            ("username", name),
            ("password", password),
            ("scope", scope),
        ]
    };
    let alice = "alice@linkspan.example";
    for (fields, expected) in [
        (
            user(SEARCH, alice, "", DEFAULT),
            (400, "invalid_request", 90014, "'password'"),
        ),
        (
            user(SEARCH, alice, PASSWORD, ""),
            (400, "invalid_request", 90014, "'scope'"),
        ),
        (
            user(PORTAL, alice, PASSWORD, DEFAULT),
            (401, "invalid_client", 7_000_218, "client_secret"),
        ),
        (
            user(SEARCH, alice, PASSWORD, "User.Read Mail.Read"),
            (
                400,
                "invalid_grant",
                65001,
                "'Mail.Read'; it has [User.Read, ExternalItem.Read.All]",
            ),
        ),
        (
            user(SEARCH, alice, PASSWORD, "Group.Read.All"),
            (400, "invalid_grant", 65001, "'Group.Read.All'"),
        ),
        (
            user(
                SEARCH,
                alice,
                PASSWORD,
                "User.Read https://graph.microsoft.com/.default",
            ),
            (400, "invalid_scope", 70011, "'User.Read'"),
        ),
        (
            user(SEARCH, alice, "wrong pass", DEFAULT),
            (400, "invalid_grant", 50126, "wrong"),
        ),
        (
            user(SEARCH, "mallory@x", PASSWORD, DEFAULT),
            (400, "invalid_grant", 50126, "wrong"),
        ),
    ] {
        check(&world, &fields, expected);
    }
}

#[test]
fn nobody_learns_which_users_exist() {
    let world = World::new();
    let refused = |name, password| {
        let mut body = body(&world.token(&[
            ("grant_type", "password"),
            ("client_id", SEARCH),
            ("username", name),
            ("password", password),
            ("scope", DEFAULT),
        ]));
        for member in ["trace_id", "correlation_id", "error_description"] {
            let text = text(&body, member);
            body[member] = Value::from(text.split(" Trace ID").next().map(str::len));
        }
        body
    };
    assert_eq!(
        refused("alice@linkspan.example", "wrong"),
        refused("mallory@linkspan.example", "wrong")
    );
    assert_eq!(
        refused("alice@linkspan.example", "wrong"),
        refused("mallory@linkspan.example", PASSWORD)
    );
}

#[test]
fn a_refresh_token_is_bound_to_app_user_password_and_time() {
    let world = World::new();
    let answer = world.alice("User.Read offline_access");
    let (refresh, access) = (
        text(&answer, "refresh_token"),
        text(&answer, "access_token"),
    );
    let ask = |app, token: &str, now| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", app),
            ("refresh_token", token),
        ];
        let answer = world.token_at(&fields, now);
        (answer.status, body(&answer)["error_codes"][0].clone())
    };
    let refused = |code: u32| (400, Value::from(code));
    assert_eq!(ask(CONNECTOR, &refresh, NOW), refused(70000));
    assert_eq!(
        ask(SEARCH, &refresh, NOW + 90 * 24 * 3600),
        refused(700_082)
    );
    assert_eq!(ask(SEARCH, &access, NOW), refused(70000));
    let mut parts = refresh.split('.');
    let (_, note, tag) = (
        parts.next(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    for forged in [
        "2..".to_owned(),
        "garbage".to_owned(),
        format!("1.{note}.{tag}"),
        format!("2.{note}."),
        format!(
            "2.{note}.{}",
            tag.replace(|c: char| c.is_ascii_digit(), "A")
        ),
        format!("2.{}A.{tag}", &note[..note.len() - 1]),
        format!("{refresh}.x"),
    ] {
        assert_eq!(ask(SEARCH, &forged, NOW), refused(70000), "{forged}");
    }

    world.change(|accounts| accounts.users[0].password = Secret::new(b"salt-salt", "changed"));
    assert_eq!(ask(SEARCH, &refresh, NOW), refused(70000));
    world.change(|accounts| {
        accounts.users.remove(0);
    });
    assert_eq!(ask(SEARCH, &refresh, NOW), refused(70000));
    world.change(|_| {});
    assert_eq!(ask(SEARCH, &refresh, NOW).0, 200);
}

#[test]
fn a_refresh_token_is_redeemed_once() {
    let world = World::new();
    let ask = |token: &str, scope: &str, now| {
        let answer = world.token_at(
            &[
                ("grant_type", "refresh_token"),
                ("client_id", SEARCH),
                ("refresh_token", token),
                ("scope", scope),
            ],
            now,
        );
        (answer.status, body(&answer))
    };
    let first = text(&world.alice("User.Read offline_access"), "refresh_token");
    // What is refused for another reason redeems nothing.
    assert_eq!(ask(&first, "Nonsense.Read", NOW).0, 400);
    let (status, answer) = ask(&first, "User.Read", NOW);
    assert_eq!(status, 200);
    let second = text(&answer, "refresh_token");
    let replayed = ask(&first, "User.Read", NOW);
    assert_eq!(
        (replayed.0, &replayed.1["error"], &replayed.1["error_codes"]),
        (400, &json!("invalid_grant"), &json!([70000]))
    );
    let description = replayed.1["error_description"].as_str().unwrap();
    assert!(description.contains("already redeemed"), "{description}");
    // One of the two who held it is a thief: what the sign-in led to ends, other sign-ins go on.
    assert_eq!(ask(&second, "User.Read", NOW).0, 400);
    let other = text(&world.alice("User.Read offline_access"), "refresh_token");
    assert_eq!(ask(&other, "User.Read", NOW).0, 200);
}

#[test]
fn a_refusal_has_the_members_that_sdks_read() {
    let world = World::new();
    let id = "0a0b0c0d-0000-4000-8000-000000000001";
    let form = form(&[("grant_type", "magic"), ("client-request-id", id)]);
    let answer = world.post("/common/oauth2/v2.0/token", &form, None, NOW);
    let body = body(&answer);
    let members: Vec<_> = body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        members,
        [
            "error",
            "error_description",
            "error_codes",
            "timestamp",
            "trace_id",
            "correlation_id",
            "error_uri"
        ]
    );
    assert_eq!(body["correlation_id"], id);
    assert_eq!(body["timestamp"], "2027-01-15 08:00:00Z");
    assert_eq!(
        body["error_uri"],
        "https://login.microsoftonline.com/error?code=70003"
    );
    let description = text(&body, "error_description");
    let tail = format!(
        "Trace ID: {} Correlation ID: {id} Timestamp: 2027-01-15 08:00:00Z",
        text(&body, "trace_id")
    );
    assert!(description.ends_with(&tail), "{description}");
    assert!(
        answer
            .headers
            .contains(&("cache-control", "no-store".to_owned()))
    );
}

#[test]
fn the_header_gives_the_correlation_id_only_if_it_is_a_guid() {
    let world = World::new();
    for (given, kept) in [
        ("0a0b0c0d-0000-4000-8000-000000000001", true),
        ("x\" y", false),
    ] {
        let request = SignIn {
            client_request_id: Some(given),
            from: None,
            ..request("POST", "/common/oauth2/token", b"")
        };
        let answer = world
            .issuer
            .answer(&request, NOW)
            .map(|answer| body(&answer));
        let correlation = answer.map(|body| text(&body, "correlation_id"));
        assert_eq!(correlation.as_deref() == Some(given), kept, "{given}");
    }
}

#[test]
fn credentials_come_once_and_readable() {
    let world = World::new();
    let basic = |text: &str| {
        use base64::Engine;
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(text)
        )
    };
    let good = format!("{CONNECTOR}:{CONNECTOR_SECRET}");
    let wrong = format!("{CONNECTOR}:wrong");
    let rest = [("grant_type", "client_credentials"), ("scope", DEFAULT)];
    let other = [rest[0], rest[1], ("client_id", SEARCH)];
    for (fields, header, status, code) in [
        (&rest[..], basic(&wrong), 401, 7_000_215),
        (&rest[..], "Basic ###".to_owned(), 400, 90023),
        (&rest[..], basic("no colon"), 400, 90023),
        (&other[..], basic(&good), 400, 90023),
        (&CLIENT_CREDENTIALS[..], basic(&good), 400, 90023),
    ] {
        let answer = world.post(
            "/common/oauth2/v2.0/token",
            &form(fields),
            Some(&header),
            NOW,
        );
        assert_eq!(
            (answer.status, &body(&answer)["error_codes"][0]),
            (status, &Value::from(code))
        );
        let challenge = answer
            .headers
            .iter()
            .any(|(name, _)| *name == "www-authenticate");
        assert_eq!(challenge, status == 401);
    }
}

#[test]
fn other_methods_and_large_bodies_are_refused() {
    let world = World::new();
    let large = vec![b'a'; SignIn::BODY_BYTES_MAX + 1];
    for (method, path, body_bytes, status, code) in [
        ("GET", "/common/oauth2/v2.0/token", &[][..], 405, 900_561),
        ("POST", "/common/discovery/keys", &[], 405, 900_561),
        ("POST", "/common/oauth2/v2.0/token", &large, 413, 90023),
        ("GET", "/common/oauth2/v2.0/devicecode", &[], 405, 900_561),
        ("POST", "/common/oauth2/DeviceCode", &[], 400, 90014),
        ("PUT", "/oidc/userinfo", &[], 405, 900_561),
    ] {
        let answer = world.issuer.answer(&request(method, path, body_bytes), NOW);
        let answer = answer.map(|answer| (answer.status, body(&answer)["error_codes"][0].clone()));
        assert_eq!(answer, Some((status, Value::from(code))), "{method} {path}");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let world = World::new();
    let form = form(&CLIENT_CREDENTIALS);
    let request = SignIn {
        authorization: Some("Basic c2VjcmV0"),
        query: Some("client_secret=query"),
        ..request("POST", "/common/oauth2/v2.0/token", form.as_bytes())
    };
    let answer = world.issuer.answer(&request, NOW);
    let printed = format!("{request:?} {answer:?} {:?}", world.issuer);
    assert!(printed.contains("/common/oauth2/v2.0/token"), "{printed}");
    for secret in ["secret", "c2VjcmV0", "eyJ", "PRIVATE"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
