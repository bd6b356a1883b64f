//! A client, and tokens for those whom the ready file names.

use std::time::Duration;

use reqwest::{Client, redirect};
use serde_json::Value;

/// Every request must be answered in this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that follows nothing and asks no proxy.
pub fn client() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .expect("a client")
}

/// The token of an app, of a user through the app `search`, or of `user@app`.
pub async fn token(client: &Client, ready: &Value, caller: &str) -> Result<String, String> {
    let named = |list: &str, name: &str| {
        let entries = ready[list].as_array()?;
        entries.iter().find(|entry| entry["name"] == name)
    };
    let (user, app) = match caller.split_once('@') {
        Some((user, app)) => (Some(user), app),
        None if named("users", caller).is_some() => (Some(caller), "search"),
        None => (None, caller),
    };
    let app = named("apps", app).ok_or_else(|| format!("no app is called {app}"))?;
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap_or_default().to_owned();
    let mut form = format!(
        "scope=https://graph.microsoft.com/.default&client_id={}",
        text(app, "client_id")
    );
    if app["client_secret"].is_string() {
        form += &format!("&client_secret={}", text(app, "client_secret"));
    }
    match user {
        None => form += "&grant_type=client_credentials",
        Some(name) => {
            let user = named("users", name).ok_or_else(|| format!("no user is called {name}"))?;
            let (upn, password) = (text(user, "upn"), text(user, "password"));
            form += &format!("&grant_type=password&username={upn}&password={password}");
        }
    }
    let (url, tenant) = (text(ready, "http_url"), text(ready, "tenant_id"));
    let failed = |error: reqwest::Error| format!("signing in as {caller}: {error:?}");
    let answer = client
        .post(format!("{url}/{tenant}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .map_err(failed)?;
    let body: Value = answer.json().await.map_err(failed)?;
    let token = body["access_token"].as_str().map(str::to_owned);
    token.ok_or_else(|| format!("signing in as {caller}: {body}"))
}
