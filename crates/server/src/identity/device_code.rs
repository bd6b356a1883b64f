//! `/devicecode`: an app without a browser begins a sign-in.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code>

use serde_json::{Map, Value};

use super::{
    credentials::{Check, Credentials},
    devices::DEVICE_SECONDS,
    discovery,
    form::Form,
    issuer::Visit,
    refusal::Refusal,
    scopes::{Asked, Endpoint},
    sign_in::Answer,
};

/// How long a device waits between two questions, in seconds; there is nothing to wait for where nobody has to approve.
const INTERVAL: u64 = 5;
const INTERVAL_APPROVED: u64 = 1;

/// Answers a device that begins to wait.
pub(super) fn answer(
    visit: &Visit<'_>,
    form: &Form,
    endpoint: Endpoint,
) -> Result<Answer, Refusal> {
    let issuer = visit.issuer;
    let accounts = issuer.visibility.accounts();
    let credentials = Credentials::read(form, visit.request.authorization)?;
    let app = credentials.app(&accounts)?;
    let check = Check {
        authority: visit.authority(),
        throttle: &issuer.apps,
        now: visit.now,
    };
    credentials.prove(app, false, &check)?;
    let asked = Asked::read(form, endpoint).ok_or_else(|| Refusal::missing("scope"))?;
    // What would be refused after the sign-in is refused before it.
    if asked.own_resource(&accounts)?.is_none() {
        asked.delegated(app)?;
    }
    let approver = issuer.approver(&accounts).map(|user| user.id.clone());
    let interval = match approver {
        Some(_) => INTERVAL_APPROVED,
        None => INTERVAL,
    };
    let pair = issuer
        .devices
        .begin(visit.asker(app), asked.text(), approver, visit.now)?;
    let address = match issuer.options.apart {
        true => format!("{}/{}/devicelogin", pages(visit), issuer.tid),
        false => format!("{}/devicelogin", pages(visit)),
    };
    let message = format!(
        "To sign in, use a web browser to open the page {address} and enter the code {} to authenticate.",
        pair.user_code
    );
    let number = |number: u64| match endpoint {
        Endpoint::V1 => Value::from(number.to_string()),
        Endpoint::V2 => Value::from(number),
    };
    let address_field = match endpoint {
        Endpoint::V1 => "verification_url",
        Endpoint::V2 => "verification_uri",
    };
    let fields: Map<String, Value> = [
        ("user_code", Value::from(pair.user_code)),
        ("device_code", Value::from(pair.device_code)),
        (address_field, Value::from(address)),
        ("expires_in", number(DEVICE_SECONDS)),
        ("interval", number(interval)),
        ("message", Value::from(message)),
    ]
    .into_iter()
    .map(|(field, value)| (field.to_owned(), value))
    .collect();
    Ok(Answer::json(200, &fields).not_stored())
}

/// Where people's browsers find our pages.
fn pages<'a>(visit: &'a Visit<'_>) -> &'a str {
    let base = visit.base();
    match &visit.issuer.options.pages {
        Some(pages) if discovery::is_borrowed(base) => pages.trim_end_matches('/'),
        _ => base,
    }
}
