//! An app that was called with a user's token acts for that user.

use serde_json::Value;

use crate::identity::testing::{
    ALICE, CONNECTOR, CONNECTOR_SECRET, NOW, PORTAL, PORTAL_SECRET, SEARCH, World, body, claims,
    text,
};

const KIND: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Alice's token for the connector's own API, asked for through another app.
fn for_connector(world: &World) -> Value {
    world.alice(&format!("api://{CONNECTOR}/access_as_user"))
}

fn act(world: &World, changes: &[(&str, &str)], now: u64) -> (u16, Value) {
    let mut fields = vec![
        ("grant_type", KIND),
        ("client_id", CONNECTOR),
        ("client_secret", CONNECTOR_SECRET),
        ("requested_token_use", "on_behalf_of"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let answer = world.token_at(&fields, now);
    (answer.status, body(&answer))
}

#[test]
fn a_token_for_the_app_becomes_one_for_the_graph() {
    let world = World::new();
    let given = for_connector(&world);
    let assertion = text(&given, "access_token");
    let of = claims(&assertion);
    assert_eq!(
        (&of["aud"], &of["scp"]),
        (&Value::from(CONNECTOR), &Value::from("access_as_user"))
    );
    assert_eq!(given["scope"], format!("api://{CONNECTOR}/access_as_user"));
    // It opens nothing here.
    let bearer = |token: &str| format!("Bearer {token}");
    assert!(world.issuer.caller(Some(&bearer(&assertion)), NOW).is_err());

    let (status, tokens) = act(&world, &[("assertion", &assertion)], NOW);
    assert_eq!(status, 200, "{tokens}");
    let token = text(&tokens, "access_token");
    let caller = world.issuer.caller(Some(&bearer(&token)), NOW).unwrap();
    assert_eq!(
        (caller.app.as_str(), caller.user.as_deref()),
        (CONNECTOR, Some(ALICE))
    );
}

#[test]
fn all_names_of_the_app_are_understood_and_not_mixed() {
    let world = World::new();
    for (scope, permissions) in [
        (format!("api://{CONNECTOR}/.default"), "user_impersonation"),
        (format!("{CONNECTOR}/.default"), "user_impersonation"),
        (
            format!("api://{CONNECTOR}/a api://{CONNECTOR}/b openid"),
            "a b",
        ),
    ] {
        let of = claims(&text(&world.alice(&scope), "access_token"));
        assert_eq!(
            (&of["aud"], &of["scp"]),
            (&Value::from(CONNECTOR), &Value::from(permissions))
        );
    }
    let mixed = format!("api://{CONNECTOR}/a User.Read");
    let answer = world.token(&[
        ("grant_type", "password"),
        ("client_id", SEARCH),
        ("username", "alice@linkspan.example"),
        ("password", crate::identity::testing::PASSWORD),
        ("scope", &mixed),
    ]);
    assert_eq!(body(&answer)["error_codes"][0], 28000);
}

#[test]
fn other_tokens_and_other_apps_get_nothing() {
    let world = World::new();
    let good = text(&for_connector(&world), "access_token");
    let graph = text(&world.alice("User.Read"), "access_token");
    let own = world.connector();
    let id = text(&world.alice("User.Read openid"), "id_token");
    let mut forged = good.clone();
    forged.truncate(good.rfind('.').unwrap() + 1);
    for (changes, now, status, code) in [
        (&[("assertion", graph.as_str())][..], NOW, 400, 500_131),
        (&[("assertion", &own)], NOW, 400, 500_131),
        (&[("assertion", &id)], NOW, 400, 50013),
        (&[("assertion", &forged)], NOW, 400, 50013),
        (&[("assertion", "garbage")], NOW, 400, 50013),
        (&[("assertion", &good)], NOW + 3599, 400, 500_133),
        (
            &[("assertion", &good), ("client_secret", "wrong")],
            NOW,
            401,
            7_000_215,
        ),
        (
            &[("assertion", &good), ("client_secret", "")],
            NOW,
            401,
            7_000_218,
        ),
        (
            &[
                ("assertion", &good),
                ("client_id", PORTAL),
                ("client_secret", PORTAL_SECRET),
            ],
            NOW,
            400,
            500_131,
        ),
        (
            &[
                ("assertion", &good),
                ("client_id", SEARCH),
                ("client_secret", ""),
            ],
            NOW,
            401,
            7_000_218,
        ),
        (
            &[("assertion", &good), ("requested_token_use", "")],
            NOW,
            400,
            90014,
        ),
        (
            &[("assertion", &good), ("requested_token_use", "x")],
            NOW,
            400,
            90023,
        ),
        (&[("assertion", "")], NOW, 400, 90014),
    ] {
        let (given, body) = act(&world, changes, now);
        assert_eq!(
            (given, &body["error_codes"][0]),
            (status, &Value::from(code)),
            "{changes:?}"
        );
    }
}
