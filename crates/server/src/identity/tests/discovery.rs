//! The documents, and the keys they lead to.

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use rustls::{pki_types::CertificateDer, server::ParsedCertificate};
use serde_json::{Value, json};

use crate::identity::{
    Keys, KeysError, SignIn,
    testing::{BASE, Directory, NOW, TENANT, World, body, keys, request, text},
};

#[test]
fn paths_are_found_under_any_tenant_and_in_any_casing() {
    let world = World::new();
    for (path, found) in [
        ("/common/v2.0/.well-known/openid-configuration", true),
        ("/organizations/V2.0/.well-known/OpenId-Configuration", true),
        (
            "/fa15d692-e9c7-4460-a743-29f29522229/.well-known/openid-configuration",
            true,
        ),
        ("//x//discovery/keys/", true),
        ("/x/discovery/v2.0/KEYS", true),
        ("/common/discovery/instance", true),
        ("/common/UserRealm/alice@linkspan.example", true),
        ("/common/userrealm/a/b", false),
        ("/common/userrealm", false),
        ("/v1.0/discovery/keys", false),
        ("/Beta/discovery/keys", false),
        ("/common", false),
        ("/", false),
        ("/common/oauth2/v2.0/token/x", false),
        ("/health", false),
    ] {
        let answer = world.get(path);
        assert_eq!(answer.is_some(), found, "{path}");
        assert!(answer.is_none_or(|answer| answer.status == 200), "{path}");
    }
}

#[test]
fn addresses_are_on_the_host_that_the_client_used() {
    let world = World::new();
    for (path, root, oauth2, keys) in [
        (
            "/common/v2.0/.well-known/openid-configuration",
            format!("{BASE}/common"),
            "oauth2/v2.0",
            "discovery/v2.0/keys",
        ),
        (
            "/fa15d692-x/.well-known/openid-configuration",
            format!("{BASE}/fa15d692-x"),
            "oauth2",
            "discovery/keys",
        ),
        (
            "/%22evil/v2.0/.well-known/openid-configuration",
            format!("{BASE}/{TENANT}"),
            "oauth2/v2.0",
            "discovery/v2.0/keys",
        ),
    ] {
        let document = body(&world.get(path).unwrap());
        for (member, value) in [
            ("issuer", format!("{BASE}/{TENANT}/v2.0")),
            ("token_endpoint", format!("{root}/{oauth2}/token")),
            (
                "authorization_endpoint",
                format!("{root}/{oauth2}/authorize"),
            ),
            (
                "device_authorization_endpoint",
                format!("{root}/{oauth2}/devicecode"),
            ),
            ("jwks_uri", format!("{root}/{keys}")),
        ] {
            assert_eq!(document[member], value, "{path} {member}");
        }
    }
}

#[test]
fn the_addresses_of_the_document_answer() {
    let world = World::new();
    let document = body(
        &world
            .get("/common/v2.0/.well-known/openid-configuration")
            .unwrap(),
    );
    let path = |member| text(&document, member).replace(BASE, "");
    assert_eq!(world.get(&path("jwks_uri")).unwrap().status, 200);
    for (member, status) in [
        ("token_endpoint", 400),
        ("authorization_endpoint", 400),
        ("device_authorization_endpoint", 400),
        ("end_session_endpoint", 200),
        ("userinfo_endpoint", 401),
    ] {
        let path = path(member);
        let answer = world.issuer.answer(&request("POST", &path, b""), NOW);
        assert_eq!(answer.map(|answer| answer.status), Some(status), "{member}");
    }
}

#[test]
fn instance_discovery_knows_our_hosts_and_no_others() {
    let world = World::new();
    let ask = |base, query| {
        let request = SignIn {
            base,
            query,
            ..request("GET", "/common/discovery/instance", b"")
        };
        let answer = world.issuer.answer(&request, NOW).unwrap();
        (answer.status, body(&answer))
    };
    let entry = |host, aliases: Value| json!({"preferred_network": host, "preferred_cache": host, "aliases": aliases});
    let (_, own) = ask(BASE, None);
    assert_eq!(
        own["metadata"],
        json!([entry(
            "localhost:7743",
            json!(["localhost:7743", "localhost"])
        )])
    );
    assert_eq!(
        own["tenant_discovery_endpoint"],
        format!("{BASE}/common/v2.0/.well-known/openid-configuration")
    );
    let (_, other) = ask(
        "https://login.microsoftonline.com",
        Some(
            "api-version=1.1&authorization_endpoint=https%3A%2F%2Flocalhost:8443%2Ft1%2Foauth2%2Fv2.0%2Fauthorize",
        ),
    );
    assert_eq!(
        other["tenant_discovery_endpoint"],
        "https://localhost:8443/t1/v2.0/.well-known/openid-configuration"
    );
    assert_eq!(
        other["metadata"],
        json!([
            entry("localhost:8443", json!(["localhost:8443", "localhost"])),
            entry(
                "login.microsoftonline.com",
                json!(["login.microsoftonline.com"])
            ),
        ])
    );
    let (_, six) = ask(
        "https://[::1]:7743",
        Some("authorization_endpoint=https://[::1]:7743/c/x"),
    );
    assert_eq!(
        six["metadata"],
        json!([entry("[::1]:7743", json!(["[::1]:7743", "[::1]"]))])
    );
    for query in [
        "authorization_endpoint=https://evil.example/common",
        "authorization_endpoint=https://localhost@evil.example/common",
        "authorization_endpoint=http://localhost/common",
        "authorization_endpoint=nonsense",
    ] {
        let (status, body) = ask(BASE, Some(query));
        assert_eq!(
            (status, &body["error"]),
            (400, &json!("invalid_instance")),
            "{query}"
        );
    }
}

#[test]
fn every_user_is_managed_whether_it_exists_or_not() {
    let world = World::new();
    for (upn, domain) in [
        (
            "alice%40linkspan.example?api-version=1.0",
            "linkspan.example",
        ),
        ("mallory@Nowhere.example", "Nowhere.example"),
        ("nonsense", ""),
    ] {
        assert_eq!(
            body(&world.get(&format!("/common/UserRealm/{upn}")).unwrap()),
            json!({
                "ver": "1.0",
                "account_type": "Managed",
                "domain_name": domain,
                "cloud_instance_name": "microsoftonline.com",
                "cloud_audience_urn": "urn:federation:MicrosoftOnline",
            })
        );
    }
}

/// Another implementation's reading of our key set verifies our tokens, and the certificate holds the very same key.
#[test]
fn the_published_key_verifies_tokens() {
    let world = World::new();
    let token = world.connector();
    let document = world.get("/x/discovery/v2.0/keys").unwrap();
    let set: JwkSet = serde_json::from_slice(&document.body).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let kid = header.kid.unwrap();
    assert_eq!(header.x5t.as_deref(), Some(kid.as_str()));
    let jwk = set.find(&kid).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&["https://graph.microsoft.com"]);
    let claims: Value =
        jsonwebtoken::decode(&token, &DecodingKey::from_jwk(jwk).unwrap(), &validation)
            .unwrap()
            .claims;
    assert_eq!(claims["app_displayname"], "connector");

    let key = &body(&document)["keys"][0];
    assert_eq!(
        (&key["kty"], &key["use"], &key["x5t"]),
        (&json!("RSA"), &json!("sig"), &json!(kid))
    );
    let certificate = STANDARD.decode(key["x5c"][0].as_str().unwrap()).unwrap();
    let thumbprint =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
    assert_eq!(
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(thumbprint),
        kid
    );
    let certificate = CertificateDer::from(certificate);
    let parsed = ParsedCertificate::try_from(&certificate).unwrap();
    let information = parsed.subject_public_key_info();
    let (n, _) = crate::tls::der::rsa_numbers(&information[information.len() - 270..]).unwrap();
    assert_eq!(
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(n),
        key["n"].as_str().unwrap()
    );
}

#[test]
fn a_reopened_key_is_the_same_and_a_damaged_one_an_error() {
    assert_eq!(keys().jwks(), keys().jwks());
    let directory = Directory::new();
    let first = Keys::open(&directory).unwrap();
    let file = directory.join("signing-key.pem");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A lost certificate is made anew and is the same again, so that tokens live on; one of another key is not taken.
    std::fs::remove_file(directory.join("signing-certificate.pem")).unwrap();
    let second = Keys::open(&directory).unwrap();
    assert_eq!(first.jwks(), second.jwks());

    let other = Directory::new();
    let third = Keys::open(&other).unwrap();
    std::fs::copy(
        other.join("signing-certificate.pem"),
        directory.join("signing-certificate.pem"),
    )
    .unwrap();
    let fourth = Keys::open(&directory).unwrap();
    assert_ne!(first.kid(), third.kid());
    assert_eq!(first.jwks(), fourth.jwks());

    std::fs::write(&file, "nonsense").unwrap();
    assert!(matches!(
        Keys::open(&directory),
        Err(KeysError::Unreadable(_))
    ));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "nonsense");
}
