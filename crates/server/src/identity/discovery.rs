//! The documents that SDKs read before they ask for a token. All addresses are on the host that the client used.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>

use serde_json::{Value, json};

use super::{
    form::Form,
    refusal::{Refusal, quote},
    scopes::Endpoint,
};
use crate::tls;

/// The OpenID configuration. `tenant` is the segment that the client used: its requests keep it.
pub(super) fn openid_configuration(
    tid: &str,
    tenant: &str,
    base: &str,
    endpoint: Endpoint,
) -> Value {
    let root = format!("{base}/{}", if is_plain(tenant) { tenant } else { tid });
    let (oauth2, keys) = match endpoint {
        Endpoint::V1 => ("oauth2", "discovery/keys"),
        Endpoint::V2 => ("oauth2/v2.0", "discovery/v2.0/keys"),
    };
    json!({
        "token_endpoint": format!("{root}/{oauth2}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256"],
        "jwks_uri": format!("{root}/{keys}"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "grant_types_supported": [
            "client_credentials", "password", "refresh_token", "authorization_code",
            "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "issuer": issuer(base, tid),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": format!("{root}/{oauth2}/authorize"),
        "device_authorization_endpoint": format!("{root}/{oauth2}/devicecode"),
        "userinfo_endpoint": format!("{base}/oidc/userinfo"),
        "http_logout_supported": false,
        "frontchannel_logout_supported": false,
        "end_session_endpoint": format!("{root}/{oauth2}/logout"),
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nbf", "name", "preferred_username", "oid", "tid", "email", "nonce", "ver",
        ],
        "tenant_region_scope": null,
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    })
}

/// The issuer of id tokens on the host that the client used.
pub(super) fn issuer(base: &str, tid: &str) -> String {
    format!("{base}/{tid}/v2.0")
}

/// Instance discovery: is the authority one that we stand for? Some SDKs ask the public cloud's host about an authority
/// that is elsewhere, so the hosts of our certificate are known beside the one that the client used.
pub(super) fn instance(base: &str, query: Option<&str>) -> Result<Value, Refusal> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let own = authority(base);
    let (asked, tenant) = match query.get("authorization_endpoint") {
        None => (base.to_owned(), "common"),
        Some(endpoint) => {
            let after = endpoint.strip_prefix("https://").unwrap_or_default();
            let (host, path) = after.split_once('/').unwrap_or((after, ""));
            if !host.eq_ignore_ascii_case(own) && !is_ours(host) {
                return Err(Refusal::new(
                    400,
                    "invalid_instance",
                    50049,
                    format!(
                        "The authority {} is unknown here. Use {base}, or switch instance discovery off in the client.",
                        quote(endpoint)
                    ),
                ));
            }
            let tenant = path.split('/').next().filter(|tenant| is_plain(tenant));
            (format!("https://{host}"), tenant.unwrap_or("common"))
        }
    };
    let mut metadata = vec![entry(authority(&asked))];
    if !own.eq_ignore_ascii_case(authority(&asked)) {
        metadata.push(entry(own));
    }
    Ok(json!({
        "tenant_discovery_endpoint": format!("{asked}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": metadata,
    }))
}

/// SDKs send their requests to the preferred network: it must be the very host, port included.
fn entry(authority: &str) -> Value {
    let mut aliases = vec![authority];
    let host = host(authority);
    if host != authority {
        aliases.push(host);
    }
    json!({
        "preferred_network": authority,
        "preferred_cache": authority,
        "aliases": aliases,
    })
}

/// Is the host one of ours that people's browsers, other than our clients, find elsewhere?
pub(super) fn is_borrowed(base: &str) -> bool {
    let authority = authority(base);
    let host = host(authority).trim_matches(['[', ']']);
    is_ours(authority) && !matches!(host, "localhost" | "127.0.0.1" | "::1")
}

/// The realm of a user: every name is managed by this issuer, whether the user exists or not, so that nobody learns who does.
pub(super) fn user_realm(upn: &str) -> Value {
    let domain = upn.rsplit_once('@').map_or("", |(_, domain)| domain);
    json!({
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": domain,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    })
}

fn is_ours(authority: &str) -> bool {
    let host = host(authority);
    tls::NAMES
        .iter()
        .any(|name| name.eq_ignore_ascii_case(host.trim_matches(['[', ']'])))
}

/// Host and port of a base address.
fn authority(base: &str) -> &str {
    base.split_once("://").map_or(base, |(_, rest)| rest)
}

/// The host without its port; the address of IP version 6 keeps its brackets.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// May the segment be repeated in an address as it is?
fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
