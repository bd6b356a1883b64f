//! Apps that prove with a certificate who they are.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::identity::{
    Certificate, CertificateError,
    testing::{
        BASE, CONNECTOR, CONNECTOR_SECRET, NOW, PORTAL, SEARCH, TENANT, World, body, claims, text,
    },
};

struct Owned {
    pem: String,
    der: Vec<u8>,
    key: Vec<u8>,
}

impl Owned {
    fn new(not_after: i32) -> Self {
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(not_after, 1, 1);
        let made = params.self_signed(&key).unwrap();
        Self {
            pem: made.pem(),
            der: made.der().to_vec(),
            key: key.serialized_der().to_vec(),
        }
    }

    fn sha1(&self) -> Vec<u8> {
        let sha1 = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
        aws_lc_rs::digest::digest(sha1, &self.der).as_ref().to_vec()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let encoding: &'static dyn RsaEncoding = match header["alg"].as_str() {
            Some("PS256") => &RSA_PSS_SHA256,
            _ => &RSA_PKCS1_SHA256,
        };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let pair = RsaKeyPair::from_pkcs8(&self.key).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            encoding,
            &SystemRandom::new(),
            text.as_bytes(),
            &mut signature,
        )
        .unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

static OWN: LazyLock<Owned> = LazyLock::new(|| Owned::new(2100));
static OTHER: LazyLock<Owned> = LazyLock::new(|| Owned::new(2100));
static OLD: LazyLock<Owned> = LazyLock::new(|| Owned::new(2026));

fn world() -> World {
    let world = World::new();
    world.change(|accounts| {
        accounts.apps[0].certificates = vec![OLD.der.clone(), OWN.der.clone()];
    });
    world
}

fn x5t() -> Value {
    json!({"alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(OWN.sha1())})
}

fn good() -> Value {
    json!({
        "aud": format!("{BASE}/common/oauth2/v2.0/token"),
        "iss": CONNECTOR, "sub": CONNECTOR, "jti": "1", "nbf": NOW, "exp": NOW + 300,
    })
}

fn with(mut value: Value, member: &str, new: Value) -> Value {
    value[member] = new;
    value
}

fn ask(world: &World, assertion: &str, now: u64) -> (u16, Value) {
    let answer = world.token_at(
        &[
            ("grant_type", "client_credentials"),
            ("client_id", CONNECTOR),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
            ("scope", "https://graph.microsoft.com/.default"),
        ],
        now,
    );
    let body = body(&answer);
    let told = match answer.status {
        200 => claims(&text(&body, "access_token"))["appid"].clone(),
        _ => body["error_codes"][0].clone(),
    };
    (answer.status, told)
}

#[test]
fn every_way_to_name_the_certificate_and_both_algorithms_count() {
    let world = world();
    let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &OWN.der);
    let hex: String = OWN
        .sha1()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    assert_eq!(Certificate::new(&OWN.der).thumbprint(), hex);
    for header in [
        json!({"alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(OWN.sha1())}),
        json!({"alg": "RS256", "typ": "JWT", "x5t": URL_SAFE.encode(OWN.sha1())}),
        json!({"alg": "RS256", "x5t": STANDARD.encode(OWN.sha1())}),
        json!({"alg": "PS256", "x5t#S256": URL_SAFE_NO_PAD.encode(sha256)}),
        json!({"alg": "PS256", "x5t": URL_SAFE_NO_PAD.encode(OWN.sha1()), "kid": "anything"}),
        json!({"alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(OWN.sha1()), "x5c": [STANDARD.encode(&OWN.der)]}),
        json!({"alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(OWN.sha1()), "x5c": STANDARD.encode(&OWN.der)}),
        json!({"alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(OWN.sha1()), "x5c": [STANDARD.encode(&OWN.der), STANDARD.encode(&OTHER.der)]}),
        json!({"alg": "RS256", "kid": hex}),
        json!({"alg": "RS256", "kid": hex.to_ascii_lowercase()}),
    ] {
        let assertion = OWN.sign(&header, &good());
        assert_eq!(
            ask(&world, &assertion, NOW),
            (200, Value::from(CONNECTOR)),
            "{header}"
        );
    }
}

#[test]
fn the_audience_is_ours_under_the_name_that_was_used_or_the_public_one() {
    let world = world();
    let ours = [
        format!("{BASE}/common/oauth2/v2.0/token"),
        format!("{BASE}/common/v2.0"),
        format!("{BASE}/{TENANT}/v2.0"),
        format!("{BASE}/{TENANT}/oauth2/token"),
        format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "https://login.microsoftonline.com/common/oauth2/v2.0/token".to_owned(),
        "https://login.microsoftonline.com/common/oauth2/v2.0/token/".to_owned(),
    ];
    for audience in ours {
        let claims = with(good(), "aud", Value::from(audience.as_str()));
        let assertion = OWN.sign(&x5t(), &claims);
        assert_eq!(ask(&world, &assertion, NOW).0, 200, "{audience}");
    }
    let listed = with(good(), "aud", json!(["x", format!("{BASE}/common/v2.0")]));
    assert_eq!(ask(&world, &OWN.sign(&x5t(), &listed), NOW).0, 200);
    for audience in [
        json!("https://graph.microsoft.com"),
        json!("https://evil.example/common/v2.0"),
        json!("https://login.microsoftonline.com.evil.example/common/v2.0"),
        json!("https://login.microsoftonline.com/another/v2.0"),
        json!(format!("{BASE}/common/v2.0/x")),
        json!(""),
        json!([]),
    ] {
        let claims = with(good(), "aud", audience.clone());
        let assertion = OWN.sign(&x5t(), &claims);
        assert_eq!(
            ask(&world, &assertion, NOW),
            (401, Value::from(700_023)),
            "{audience}"
        );
    }
}

#[test]
fn an_assertion_counts_as_often_as_it_is_sent_until_it_expires() {
    let world = world();
    let assertion = OWN.sign(&x5t(), &good());
    for (second, status) in [
        (0, 200),
        (1, 200),
        (299, 200),
        (599, 200),
        (600, 401),
        (660, 401),
    ] {
        assert_eq!(ask(&world, &assertion, NOW + second).0, status, "{second}");
    }
    // The clocks may differ by five minutes.
    assert_eq!(ask(&world, &assertion, NOW - 300).0, 200);
    assert_eq!(
        ask(&world, &assertion, NOW - 301),
        (401, Value::from(700_024))
    );
}

#[test]
fn what_does_not_prove_the_app_is_refused() {
    let world = world();
    let other = json!({"alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(OTHER.sha1())});
    let old = json!({"alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(OLD.sha1())});
    let both = with(x5t(), "x5t#S256", Value::from("AAAA"));
    let foreign = with(x5t(), "x5c", json!(STANDARD.encode(&OTHER.der)));
    let empty = with(x5t(), "x5c", json!([]));
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(good().to_string())
    );
    for (assertion, status, code) in [
        (OTHER.sign(&other, &good()), 401, 700_027),
        (OTHER.sign(&x5t(), &good()), 401, 700_027),
        (OWN.sign(&json!({"alg": "RS256"}), &good()), 401, 700_027),
        (OWN.sign(&both, &good()), 401, 700_027),
        (OLD.sign(&old, &good()), 401, 700_027),
        // What comes along must be the registered certificate, and never replaces it.
        (OWN.sign(&foreign, &good()), 401, 700_027),
        (OTHER.sign(&foreign, &good()), 401, 700_027),
        (OWN.sign(&empty, &good()), 401, 700_027),
        (OWN.sign(&with(x5t(), "x5c", json!(1)), &good()), 400, 50027),
        (
            OWN.sign(&x5t(), &with(good(), "iss", json!(PORTAL))),
            401,
            700_021,
        ),
        (
            OWN.sign(&x5t(), &with(good(), "sub", json!(null))),
            401,
            700_021,
        ),
        (
            OWN.sign(&x5t(), &with(good(), "exp", json!(null))),
            401,
            700_024,
        ),
        (
            OWN.sign(&x5t(), &with(good(), "exp", json!(NOW - 301))),
            401,
            700_024,
        ),
        (
            OWN.sign(&x5t(), &with(good(), "nbf", json!(NOW + 301))),
            401,
            700_024,
        ),
        (
            OWN.sign(&with(x5t(), "alg", json!("RS512")), &good()),
            401,
            50027,
        ),
        (
            OWN.sign(&with(x5t(), "alg", json!("HS256")), &good()),
            401,
            50027,
        ),
        (none, 401, 50027),
        ("a.b.c".to_owned(), 400, 50027),
    ] {
        assert_eq!(
            ask(&world, &assertion, NOW),
            (status, Value::from(code)),
            "{assertion}"
        );
    }
}

#[test]
fn the_fields_around_an_assertion_are_checked() {
    let world = world();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let assertion = OWN.sign(&x5t(), &good());
    let ask = |more: &[(&str, &str)]| {
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion", assertion.as_str()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        fields.extend(more);
        let answer = world.token(&fields);
        (answer.status, body(&answer)["error_codes"][0].clone())
    };
    // The assertion names the client well enough.
    assert_eq!(ask(&[("client_assertion_type", kind)]).0, 200);
    for (fields, status, code) in [
        (&[("client_id", CONNECTOR)][..], 400, 90014),
        (&[("client_assertion_type", "saml")], 400, 90023),
        (
            &[
                ("client_assertion_type", kind),
                ("client_secret", CONNECTOR_SECRET),
            ],
            400,
            90023,
        ),
        (
            &[("client_assertion_type", kind), ("client_id", SEARCH)],
            401,
            700_027,
        ),
    ] {
        assert_eq!(ask(fields), (status, Value::from(code)), "{fields:?}");
    }
}

#[test]
fn only_certificates_with_a_strong_rsa_key_are_registered() {
    assert_eq!(
        Certificate::read_pem(OWN.pem.as_bytes()),
        Ok(OWN.der.clone())
    );
    let key = KeyPair::generate().unwrap();
    let elliptic = CertificateParams::default().self_signed(&key).unwrap();
    for (pem, error) in [
        (elliptic.pem(), CertificateError::Key),
        (key.serialize_pem(), CertificateError::Unreadable),
        ("garbage".to_owned(), CertificateError::Unreadable),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            CertificateError::Unreadable,
        ),
    ] {
        assert_eq!(Certificate::read_pem(pem.as_bytes()), Err(error), "{pem}");
    }
}
