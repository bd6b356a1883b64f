//! Sign-in in a browser: the page, the code, and what the code gets.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::identity::{
    Answer, SignIn, SignInOptions,
    testing::{
        ALICE, CONNECTOR, CONNECTOR_SECRET, NOW, PASSWORD, PORTAL, PORTAL_SECRET, SEARCH, World,
        body, claims, header, html, parameter, request, sent_to, text,
    },
};

const PATH: &str = "/common/oauth2/v2.0/authorize";
const HERE: &str = "http://localhost:8400/back";
const VERIFIER: &str = "abcdefghijklmnopqrstuvwxyz-._~0123456789-ABCDEF";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// A good request with some parameters changed; an empty one is left out.
fn asked(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = challenge();
    let mut all: Vec<(String, String)> = [
        ("client_id", SEARCH),
        ("response_type", "code"),
        ("redirect_uri", HERE),
        ("scope", "User.Read openid offline_access"),
        ("state", "a&b=\"c\""),
        ("nonce", "n-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for (name, value) in changes {
        all.retain(|(known, _)| known != name);
        if !value.is_empty() {
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    all
}

fn open(world: &World, changes: &[(&str, &str)]) -> Answer {
    let all = asked(changes);
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    world.open(PATH, &all)
}

/// The code of alice's sign-in.
fn code(world: &World, changes: &[(&str, &str)]) -> String {
    let page = open(world, changes);
    assert_eq!(page.status, 200, "{}", html(&page));
    let answer = world.send(PATH, &page, &[("user", ALICE)]);
    assert_eq!(answer.status, 303, "{}", html(&answer));
    parameter(&sent_to(&answer, '?').1, "code")
}

fn redeem(world: &World, code: &str, changes: &[(&str, &str)], now: u64) -> (u16, Value) {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", SEARCH),
        ("code", code),
        ("redirect_uri", HERE),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let answer = world.token_at(&fields, now);
    (answer.status, body(&answer))
}

#[test]
fn a_chosen_user_comes_back_with_a_code_that_is_good_for_tokens() {
    let world = World::choosing();
    let page = open(&world, &[("login_hint", "bob@linkspan.example")]);
    assert!(html(&page).contains("<strong>search</strong>"));
    assert!(html(&page).contains("autofocus"));
    let answer = world.send(PATH, &page, &[("user", ALICE)]);
    let (address, parameters) = sent_to(&answer, '?');
    assert_eq!((answer.status, address.as_str()), (303, HERE));
    assert_eq!(parameter(&parameters, "state"), "a&b=\"c\"");
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let (status, tokens) = redeem(&world, &parameter(&parameters, "code"), &[], NOW + 599);
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["scope"], "User.Read openid");
    assert_eq!(claims(&text(&tokens, "id_token"))["nonce"], "n-1");
    assert_eq!(claims(&text(&tokens, "access_token"))["oid"], ALICE);
    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    assert!(world.issuer.caller(Some(&bearer), NOW + 600).is_ok());
}

#[test]
fn a_code_is_good_once_and_only_for_what_it_was_made_for() {
    let world = World::choosing();
    let code = code(&world, &[]);
    let refused = |changes: &[(&str, &str)], now| {
        let (status, body) = redeem(&world, &code, changes, now);
        (status, body["error_codes"][0].clone())
    };
    let other = "abcdefghijklmnopqrstuvwxyz-._~0123456789-ABCDEX";
    for (changes, now, status, number) in [
        (&[("code_verifier", other)][..], NOW, 400, 501_481),
        (&[("code_verifier", "short")], NOW, 400, 501_481),
        (&[("code_verifier", "")], NOW, 400, 90014),
        (
            &[("redirect_uri", "http://localhost:8401/back")],
            NOW,
            400,
            500_112,
        ),
        (&[("redirect_uri", "")], NOW, 400, 90014),
        (&[("client_id", CONNECTOR)], NOW, 400, 70000),
        (&[("code", "made-up")], NOW, 400, 70000),
        (&[], NOW + 600, 400, 70008),
        (&[("client_secret", "wrong")], NOW, 401, 700_025),
    ] {
        assert_eq!(
            refused(changes, now),
            (status, Value::from(number)),
            "{changes:?}"
        );
    }
    // None of those has used it up, and the one that fits does.
    assert_eq!(redeem(&world, &code, &[], NOW).0, 200);
    assert_eq!(refused(&[], NOW), (400, Value::from(54005)));
    let (_, body) = redeem(&world, &code, &[], NOW);
    assert_eq!(body["error"], "invalid_grant");
}

#[test]
fn an_app_with_a_secret_may_go_without_a_challenge_but_not_without_the_secret() {
    let world = World::choosing();
    world.change(|accounts| {
        accounts.apps[2].redirect_uris = vec!["https://portal.example/in".to_owned()]
    });
    let without = [
        ("client_id", PORTAL),
        ("redirect_uri", "https://portal.example/in"),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let code = code(&world, &without);
    let claim = |secret| {
        let fields = [
            ("client_id", PORTAL),
            ("redirect_uri", "https://portal.example/in"),
            ("client_secret", secret),
            ("code_verifier", ""),
        ];
        let (status, body) = redeem(&world, &code, &fields, NOW);
        (status, body["error_codes"][0].clone())
    };
    assert_eq!(claim(""), (401, Value::from(7_000_218)));
    assert_eq!(claim("wrong"), (401, Value::from(7_000_215)));
    assert_eq!(claim(PORTAL_SECRET).0, 200);
    // One that users may sign in through without its secret has to send it here.
    let connector = [
        ("client_id", CONNECTOR),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let code = self::code(&world, &connector);
    let bare = [("client_id", CONNECTOR), ("code_verifier", "")];
    assert_eq!(redeem(&world, &code, &bare, NOW).0, 401);
    let proved = [bare[0], bare[1], ("client_secret", CONNECTOR_SECRET)];
    assert_eq!(redeem(&world, &code, &proved, NOW).0, 200);
}

#[test]
fn nothing_is_sent_to_an_address_that_is_not_the_apps() {
    let world = World::choosing();
    world.change(|accounts| {
        accounts.apps[1].redirect_uris = vec!["https://app.example/in".to_owned()]
    });
    for uri in [
        "https://evil.example/",
        "https://app.example/in/",
        "https://app.example/in?x",
        "https://app.example/",
        "https://APP.example/in",
        "http://app.example/in",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "javascript://localhost/%0aalert(1)",
    ] {
        let answer = open(&world, &[("redirect_uri", uri)]);
        assert_eq!(answer.status, 400, "{uri}");
        assert_eq!(header(&answer, "location"), "");
        assert!(html(&answer).contains("AADSTS50011"), "{uri}");
    }
    for (changes, code) in [
        (&[("client_id", "nobody")][..], "AADSTS700016"),
        (&[("client_id", "")], "AADSTS900144"),
        (&[("redirect_uri", "")], "AADSTS900144"),
    ] {
        let answer = open(&world, changes);
        assert_eq!(answer.status, 400, "{changes:?}");
        assert!(html(&answer).contains(code), "{}", html(&answer));
    }
    for uri in [
        "https://app.example/in",
        "http://127.0.0.1:1/",
        "http://[::1]:65535",
        "http://localhost",
    ] {
        let page = open(&world, &[("redirect_uri", uri)]);
        assert_eq!(page.status, 200, "{uri}");
    }
    // The page names the address, or the browser would not follow the answer of its form there.
    let page = open(&world, &[("redirect_uri", "https://app.example/in")]);
    let policy = header(&page, "content-security-policy");
    assert!(
        policy.ends_with("form-action 'self' https://app.example"),
        "{policy}"
    );
}

#[test]
fn what_is_wrong_with_a_request_goes_back_to_the_app() {
    let world = World::choosing();
    for (changes, error, number) in [
        (
            &[("response_type", "id_token")][..],
            "unsupported_response_type",
            "AADSTS70005:",
        ),
        (
            &[("response_type", "")],
            "unsupported_response_type",
            "AADSTS70005:",
        ),
        (
            &[("response_mode", "telegram")],
            "invalid_request",
            "AADSTS90023:",
        ),
        (
            &[("code_challenge", "")],
            "invalid_request",
            "AADSTS9002325:",
        ),
        (
            &[("code_challenge", ""), ("code_challenge_method", "")],
            "invalid_request",
            "AADSTS9002325:",
        ),
        (
            &[("code_challenge_method", "plain")],
            "invalid_request",
            "AADSTS90023:",
        ),
        (
            &[("code_challenge_method", "")],
            "invalid_request",
            "AADSTS90023:",
        ),
        (
            &[("code_challenge", "short")],
            "invalid_request",
            "AADSTS501491:",
        ),
        (&[("scope", "")], "invalid_request", "AADSTS900144:"),
        (
            &[("scope", "Mail.Read")],
            "consent_required",
            "AADSTS65001:",
        ),
        (&[("prompt", "none")], "login_required", "AADSTS50058:"),
        (
            &[("request", "x.y.z")],
            "request_not_supported",
            "AADSTS90023:",
        ),
    ] {
        let answer = open(&world, changes);
        assert_eq!(answer.status, 303, "{changes:?}");
        let (address, parameters) = sent_to(&answer, '?');
        assert_eq!(address, HERE);
        assert_eq!(parameter(&parameters, "error"), error, "{changes:?}");
        assert!(
            parameter(&parameters, "error_description").starts_with(number),
            "{parameters:?}"
        );
        assert_eq!(parameter(&parameters, "state"), "a&b=\"c\"");
    }
}

#[test]
fn who_declines_is_sent_back_too() {
    let world = World::choosing();
    let page = open(&world, &[]);
    let declined = world.send(PATH, &page, &[("action", "cancel")]);
    assert_eq!(
        parameter(&sent_to(&declined, '?').1, "error"),
        "access_denied"
    );
}

#[test]
fn the_answer_comes_the_way_that_was_asked_for() {
    let world = World::choosing();
    let page = open(&world, &[("response_mode", "fragment")]);
    let answer = world.send(PATH, &page, &[("user", ALICE)]);
    let (address, parameters) = sent_to(&answer, '#');
    assert_eq!(address, HERE);
    assert_eq!(
        redeem(&world, &parameter(&parameters, "code"), &[], NOW).0,
        200
    );

    let page = open(
        &world,
        &[("response_mode", "form_post"), ("state", "\"><script>")],
    );
    let answer = world.send(PATH, &page, &[("user", ALICE)]);
    assert_eq!(answer.status, 200);
    assert!(html(&answer).contains(&format!("action=\"{HERE}\"")));
    assert!(!html(&answer).contains("\"><script>"), "{}", html(&answer));
    let fields = crate::identity::testing::hidden(&answer);
    assert_eq!(parameter(&fields, "state"), "\"><script>");
    assert_eq!(redeem(&world, &parameter(&fields, "code"), &[], NOW).0, 200);
    let policy = header(&answer, "content-security-policy");
    assert!(
        policy.contains("form-action 'self' http://localhost:8400; script-src 'sha256-"),
        "{policy}"
    );
}

#[test]
fn with_passwords_nobody_can_be_chosen() {
    let world = World::new();
    let page = open(&world, &[("login_hint", "alice@linkspan.example")]);
    assert!(html(&page).contains("value=\"alice@linkspan.example\""));
    assert!(!html(&page).contains(ALICE));
    assert_eq!(world.send(PATH, &page, &[("user", ALICE)]).status, 400);
    let wrong = [
        ("username", "alice@linkspan.example"),
        ("password", "wrong"),
    ];
    let again = world.send(PATH, &page, &wrong);
    assert_eq!(again.status, 400);
    assert!(!html(&again).contains("wrong\""), "{}", html(&again));
    let right = [
        ("username", "alice@linkspan.example"),
        ("password", PASSWORD),
    ];
    let answer = world.send(PATH, &again, &right);
    let code = parameter(&sent_to(&answer, '?').1, "code");
    assert_eq!(redeem(&world, &code, &[], NOW).0, 200);
}

#[test]
fn a_form_from_another_site_signs_nobody_in() {
    let world = World::choosing();
    let page = open(&world, &[]);
    let mut foreign = open(&world, &[]);
    // The attacker's own form, posted from the victim's browser.
    foreign.headers = page.headers.clone();
    let answer = world.send(PATH, &foreign, &[("user", ALICE)]);
    assert_eq!(answer.status, 403);
    assert_eq!(header(&answer, "location"), "");
}

#[test]
fn an_approver_signs_in_at_once() {
    let world = World::with(SignInOptions {
        auto_approve: Some("alice@linkspan.example".to_owned()),
        ..SignInOptions::default()
    });
    let answer = open(&world, &[("prompt", "none"), ("client_info", "1")]);
    let (_, parameters) = sent_to(&answer, '?');
    assert!(!parameter(&parameters, "client_info").is_empty());
    assert_eq!(
        redeem(&world, &parameter(&parameters, "code"), &[], NOW).0,
        200
    );
}

#[test]
fn signing_out_leads_back_to_known_addresses_only() {
    let world = World::choosing();
    world.change(|accounts| {
        accounts.apps[1].redirect_uris = vec!["https://app.example/out".to_owned()]
    });
    let path = "/common/oauth2/v2.0/logout";
    assert_eq!(world.open(path, &[]).status, 200);
    for uri in [HERE, "https://app.example/out"] {
        let answer = world.open(path, &[("post_logout_redirect_uri", uri), ("state", "s t")]);
        assert_eq!(header(&answer, "location"), format!("{uri}?state=s%20t"));
    }
    for query in [
        &[("post_logout_redirect_uri", "https://evil.example/")][..],
        &[
            ("post_logout_redirect_uri", "https://app.example/out"),
            ("client_id", PORTAL),
        ],
    ] {
        let answer = world.open(path, query);
        assert_eq!((answer.status, header(&answer, "location")), (400, ""));
    }
}

#[test]
fn user_info_says_who_has_signed_in() {
    let world = World::choosing();
    let ask = |method, authorization: Option<&str>| {
        let request = SignIn {
            authorization,
            ..request(method, "/oidc/userinfo", b"")
        };
        let answer = world.issuer.answer(&request, NOW).unwrap();
        (answer.status, body(&answer))
    };
    let alice = format!("Bearer {}", text(&world.alice("User.Read"), "access_token"));
    for method in ["GET", "POST"] {
        let (status, body) = ask(method, Some(&alice));
        assert_eq!(status, 200);
        assert_eq!(
            (&body["sub"], &body["email"]),
            (&Value::from(ALICE), &Value::from("alice@mail.example"))
        );
    }
    let connector = format!("Bearer {}", world.connector());
    for authorization in [None, Some(connector.as_str()), Some("Bearer x")] {
        assert_eq!(ask("GET", authorization).0, 401);
    }
}
