//! Sign-in for a device that has no browser.

use serde_json::Value;

use crate::identity::{
    Answer, SignIn, SignInOptions,
    outstanding::OUT_MAX,
    testing::{
        ALICE, BASE, CONNECTOR, NOW, PASSWORD, SEARCH, World, body, claims, form, header, hidden,
        html, request, text,
    },
};

const PAGE: &str = "/devicelogin";
const LONG: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn begin(world: &World) -> Value {
    let fields = [
        ("client_id", SEARCH),
        ("scope", "User.Read offline_access openid profile"),
    ];
    let answer = world.post("/common/oauth2/v2.0/devicecode", &form(&fields), None, NOW);
    assert_eq!(answer.status, 200, "{}", body(&answer));
    body(&answer)
}

fn poll(world: &World, code: &str, now: u64) -> (u16, Value) {
    let fields = [
        ("grant_type", LONG),
        ("client_id", SEARCH),
        ("device_code", code),
    ];
    let answer = world.token_at(&fields, now);
    (answer.status, body(&answer))
}

/// The page after a code was entered.
fn enter(world: &World, code: &str) -> Answer {
    let page = world.open(PAGE, &[]);
    assert_eq!(page.status, 200);
    world.send(PAGE, &page, &[("user_code", code)])
}

#[test]
fn a_device_waits_until_its_user_has_chosen_and_then_has_tokens_once() {
    let world = World::choosing();
    let begun = begin(&world);
    let code = text(&begun, "device_code");
    let user_code = text(&begun, "user_code");
    assert_eq!(begun["verification_uri"], format!("{BASE}/devicelogin"));
    assert_eq!(
        (&begun["expires_in"], &begun["interval"]),
        (&Value::from(900), &Value::from(5))
    );
    assert!(text(&begun, "message").contains(&user_code));
    let (status, waiting) = poll(&world, &code, NOW);
    assert_eq!(
        (status, &waiting["error"]),
        (400, &Value::from("authorization_pending"))
    );
    assert_eq!(waiting["error_codes"][0], 70016);

    // People type it their way.
    let typed = format!("{} - {}", user_code[..4].to_lowercase(), &user_code[4..]);
    let page = enter(&world, &typed);
    assert_eq!(page.status, 200);
    assert!(
        html(&page).contains("<strong>search</strong>"),
        "{}",
        html(&page)
    );
    assert!(html(&page).contains("User.Read") && html(&page).contains(ALICE));
    let done = world.send(PAGE, &page, &[("user", ALICE)]);
    assert_eq!(done.status, 200);
    assert!(html(&done).contains("alice (seeded)"), "{}", html(&done));

    // The scope is remembered, because this request says none.
    let (status, tokens) = poll(&world, &code, NOW + 5);
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["scope"], "User.Read openid profile");
    for member in ["access_token", "refresh_token", "id_token", "client_info"] {
        assert!(tokens[member].is_string(), "{member}");
    }
    assert_eq!(claims(&text(&tokens, "access_token"))["oid"], ALICE);
    let (status, again) = poll(&world, &code, NOW + 5);
    assert_eq!(
        (status, &again["error_codes"][0]),
        (400, &Value::from(54005))
    );
    assert_eq!(enter(&world, &user_code).status, 400);
}

#[test]
fn both_grant_names_and_both_fields_are_understood() {
    let world = World::with(SignInOptions {
        auto_approve: Some("alice".to_owned()),
        ..SignInOptions::default()
    });
    for fields in [&["device_code"][..], &["code"], &["device_code", "code"]] {
        for kind in [LONG, "device_code"] {
            let begun = begin(&world);
            assert_eq!(begun["interval"], 1);
            let code = text(&begun, "device_code");
            let mut form = vec![("grant_type", kind), ("client_id", SEARCH)];
            form.extend(fields.iter().map(|field| (*field, code.as_str())));
            let answer = world.token(&form);
            assert_eq!(answer.status, 200, "{}", body(&answer));
        }
    }
    let form = form(&[
        ("client_id", SEARCH),
        ("resource", "https://graph.microsoft.com"),
    ]);
    let old = body(&world.post("/common/oauth2/devicecode", &form, None, NOW));
    assert_eq!(old["verification_url"], format!("{BASE}/devicelogin"));
    assert_eq!(old["expires_in"], "900");
}

#[test]
fn a_declined_an_expired_and_a_foreign_code_get_nothing() {
    let world = World::choosing();
    let begun = begin(&world);
    let code = text(&begun, "device_code");
    let (_, expired) = poll(&world, &code, NOW + 900);
    assert_eq!(
        (&expired["error"], &expired["error_codes"][0]),
        (&Value::from("expired_token"), &Value::from(70020))
    );
    let page = enter(&world, &text(&begun, "user_code"));
    assert_eq!(world.send(PAGE, &page, &[("action", "cancel")]).status, 200);
    let (_, declined) = poll(&world, &code, NOW);
    assert_eq!(declined["error"], "authorization_declined");
    let (_, unknown) = poll(&world, "made-up", NOW);
    assert_eq!(unknown["error"], "bad_verification_code");
    let foreign = [
        ("grant_type", LONG),
        ("client_id", CONNECTOR),
        ("device_code", &code),
    ];
    assert_eq!(
        body(&world.token(&foreign))["error"],
        "bad_verification_code"
    );
}

#[test]
fn what_the_app_was_not_given_is_refused_before_anybody_signs_in() {
    let world = World::choosing();
    for (fields, code) in [
        (vec![("client_id", SEARCH)], 90014),
        (vec![("client_id", SEARCH), ("scope", "Mail.Read")], 65001),
        (
            vec![("client_id", "nobody"), ("scope", "User.Read")],
            700_016,
        ),
        (vec![("scope", "User.Read")], 90014),
        (
            vec![
                ("client_id", CONNECTOR),
                ("client_secret", "wrong"),
                ("scope", "User.Read"),
            ],
            7_000_215,
        ),
    ] {
        let answer = world.post("/common/oauth2/v2.0/devicecode", &form(&fields), None, NOW);
        assert_eq!(body(&answer)["error_codes"][0], code, "{fields:?}");
    }
}

#[test]
fn with_passwords_the_page_asks_for_one() {
    let world = World::new();
    let begun = begin(&world);
    let page = enter(&world, &text(&begun, "user_code"));
    assert!(html(&page).contains("type=\"password\"") && !html(&page).contains(ALICE));
    // Choosing is not enough.
    assert_eq!(world.send(PAGE, &page, &[("user", ALICE)]).status, 400);
    let wrong = [
        ("username", "alice@linkspan.example"),
        ("password", "wrong"),
    ];
    let again = world.send(PAGE, &page, &wrong);
    assert_eq!(again.status, 400);
    assert!(html(&again).contains("role=\"alert\""));
    assert_eq!(poll(&world, &text(&begun, "device_code"), NOW).0, 400);
    let right = [
        ("username", "alice@linkspan.example"),
        ("password", PASSWORD),
    ];
    assert_eq!(world.send(PAGE, &again, &right).status, 200);
    assert_eq!(poll(&world, &text(&begun, "device_code"), NOW).0, 200);
}

#[test]
fn forms_from_other_sites_change_nothing() {
    let world = World::choosing();
    let begun = begin(&world);
    let user_code = text(&begun, "user_code");
    let page = world.open(PAGE, &[]);
    let token = hidden(&page).remove(0).1;
    let foreign = world.open(PAGE, &[]);
    let post = |cookie: Option<&str>, token: &str| {
        let body = form(&[
            ("user_code", &user_code),
            ("step", "sign-in"),
            ("user", ALICE),
            ("form_token", token),
        ]);
        let request = SignIn {
            cookie,
            ..request("POST", PAGE, body.as_bytes())
        };
        world.issuer.answer(&request, NOW).unwrap().status
    };
    let cookie = crate::identity::testing::cookie(&page);
    let other = crate::identity::testing::cookie(&foreign);
    for (cookie, token) in [
        (None, token.as_str()),
        (Some(other.as_str()), token.as_str()),
        (Some(cookie.as_str()), ""),
        (Some(cookie.as_str()), "zz"),
        (Some("__Host-linkspan-form="), token.as_str()),
    ] {
        assert_eq!(post(cookie, token), 403, "{cookie:?} {token}");
    }
    assert_eq!(
        poll(&world, &text(&begun, "device_code"), NOW).1["error_codes"][0],
        70016
    );
    assert_eq!(post(Some(&format!("a=b; {cookie}")), &token), 200);
}

#[test]
fn the_page_is_safe_to_show() {
    let world = World::choosing();
    for path in [
        PAGE,
        "/common/devicelogin",
        "/common/oauth2/deviceauth",
        "/DeviceLogin/",
    ] {
        let page = world.open(path, &[("user_code", "\"><script>alert(1)</script>")]);
        assert_eq!(page.status, 200, "{path}");
        assert!(!html(&page).contains("<script"), "{}", html(&page));
        assert!(html(&page).contains("&quot;&gt;&lt;script&gt;"));
        let policy = header(&page, "content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!(header(&page, "x-frame-options"), "DENY");
        assert_eq!(header(&page, "cache-control"), "no-store");
        let cookie = header(&page, "set-cookie");
        for part in ["__Host-", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
    let plain = SignIn {
        base: "http://localhost:7780",
        ..request("GET", PAGE, b"")
    };
    let cookie = world.issuer.answer(&plain, NOW).unwrap();
    assert!(!header(&cookie, "set-cookie").contains("Secure"));
}

#[test]
fn wrong_codes_lock_the_page_for_a_minute() {
    let world = World::choosing();
    let page = world.open(PAGE, &[]);
    for _ in 0..600 {
        assert_eq!(
            world
                .send(PAGE, &page, &[("user_code", "BBBBBBBBB")])
                .status,
            400
        );
    }
    let begun = begin(&world);
    let right = text(&begun, "user_code");
    assert_eq!(
        world.send(PAGE, &page, &[("user_code", &right)]).status,
        429
    );
}

#[test]
fn the_address_of_the_page_is_one_that_the_browser_finds() {
    let world = World::with(SignInOptions {
        pages: Some("http://localhost:7780/".to_owned()),
        ..SignInOptions::default()
    });
    let body_text = form(&[("client_id", SEARCH), ("scope", "User.Read")]);
    for (base, expect) in [
        (
            "https://login.microsoftonline.com",
            "http://localhost:7780/devicelogin",
        ),
        (
            "https://localhost:7743",
            "https://localhost:7743/devicelogin",
        ),
        (
            "https://search.example",
            "https://search.example/devicelogin",
        ),
    ] {
        let request = SignIn {
            base,
            ..request(
                "POST",
                "/common/oauth2/v2.0/devicecode",
                body_text.as_bytes(),
            )
        };
        let answer = world.issuer.answer(&request, NOW).unwrap();
        assert_eq!(body(&answer)["verification_uri"], expect);
    }
}

#[test]
fn finished_sign_ins_take_no_place_and_a_flood_is_slowed() {
    let world = World::with(SignInOptions {
        auto_approve: Some("alice".to_owned()),
        ..SignInOptions::default()
    });
    for number in 0..OUT_MAX + 10 {
        let code = text(&begin(&world), "device_code");
        assert_eq!(poll(&world, &code, NOW).0, 200, "{number}");
    }
    let world = World::choosing();
    let first = text(&begin(&world), "device_code");
    let fields = form(&[("client_id", SEARCH), ("scope", "User.Read")]);
    let ask = || world.post("/common/oauth2/v2.0/devicecode", &fields, None, NOW);
    let refused = (0..2 * OUT_MAX)
        .map(|_| ask())
        .find(|answer| answer.status != 200);
    let refused = refused.expect("a limit");
    assert_eq!(
        (refused.status, header(&refused, "retry-after")),
        (429, "60")
    );
    assert_eq!(body(&refused)["error_codes"][0], 90055);
    let (status, told) = poll(&world, &first, NOW);
    assert_eq!(
        (status, &told["error"]),
        (400, &Value::from("expired_token"))
    );
}
