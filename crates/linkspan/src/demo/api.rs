//! A small client of the HTTP API: signs in, retries what may be retried, gives up in bounded time.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use reqwest::{
    Client, Method, StatusCode, Url,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use serde_json::Value;
use tokio::{sync::RwLock, time::sleep};

use crate::seed::{self, SeededUser};

/// Attempts at one request, the first included.
const ATTEMPTS: u32 = 8;
/// The longest pause before another attempt, whatever `Retry-After` says.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// One attempt may take so long.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A signed-in client.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: Url,
    token_url: Url,
    form: Arc<str>,
    token: Arc<RwLock<Arc<str>>>,
}

/// What the server said.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// `Location`.
    pub location: Option<String>,
    /// Body; null when there is none, a string when it is no JSON.
    pub body: Value,
    asked: String,
}

impl Answer {
    /// The answer, when its status is one of those.
    ///
    /// # Errors
    /// Naming the request, the status and what the server said.
    pub fn expect(self, statuses: &[u16]) -> anyhow::Result<Self> {
        if statuses.contains(&self.status) {
            return Ok(self);
        }
        bail!("{} was answered {}: {}", self.asked, self.status, self.body)
    }
}

impl Api {
    /// Signs in as the connector app.
    ///
    /// # Errors
    /// When the token endpoint does not answer with a token.
    pub async fn as_connector(http_url: &str) -> anyhow::Result<Self> {
        let app = seed::app("connector");
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", app.client_id),
            ("client_secret", app.secret.unwrap_or_default()),
        ];
        Self::sign_in(http_url, &fields).await
    }

    /// Signs in as a user of the public search app.
    ///
    /// # Errors
    /// When the token endpoint does not answer with a token.
    pub async fn as_user(http_url: &str, user: &SeededUser) -> anyhow::Result<Self> {
        let fields = [
            ("grant_type", "password"),
            ("client_id", seed::app("search").client_id),
            ("username", user.upn),
            ("password", user.password),
        ];
        Self::sign_in(http_url, &fields).await
    }

    async fn sign_in(http_url: &str, fields: &[(&str, &str)]) -> anyhow::Result<Self> {
        let address = |path: &str| {
            Url::parse(&format!("{http_url}/{path}"))
                .with_context(|| format!("{http_url} is no address"))
        };
        let mut form = address("")?;
        form.query_pairs_mut()
            .extend_pairs(fields)
            .append_pair("scope", "https://graph.microsoft.com/.default");
        let client = Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        let api = Self {
            client,
            base: address("v1.0")?,
            token_url: address("common/oauth2/v2.0/token")?,
            form: form.query().unwrap_or_default().into(),
            token: Arc::new(RwLock::new("".into())),
        };
        api.renew("").await?;
        Ok(api)
    }

    /// Fetches another token, unless someone else has replaced the stale one meanwhile.
    async fn renew(&self, stale: &str) -> anyhow::Result<()> {
        let mut token = self.token.write().await;
        if **token != *stale {
            return Ok(());
        }
        let asked = format!("POST {}", self.token_url.path());
        let answer = self
            .retried(&asked, || {
                self.client
                    .post(self.token_url.clone())
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(self.form.to_string())
            })
            .await?
            .expect(&[200])?;
        let fresh = answer.body["access_token"].as_str();
        *token = fresh
            .with_context(|| format!("{asked} was answered without an access_token"))?
            .into();
        Ok(())
    }

    /// Sends a request below `/v1.0`; each segment is one segment of the path, whatever it holds.
    ///
    /// # Errors
    /// When the server cannot be reached, or still answers 429 or 503 after all attempts.
    pub async fn send(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        self.send_to(method, url, body).await
    }

    /// Sends a request to an address that the server gave.
    ///
    /// # Errors
    /// As [`Api::send`], and when it is no address.
    pub async fn get_at(&self, address: &str) -> anyhow::Result<Answer> {
        let url = Url::parse(address)
            .with_context(|| format!("the server gave `{address}`, which is no address"))?;
        self.send_to(Method::GET, url, None).await
    }

    async fn send_to(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let asked = format!("{method} {}", url.path());
        let text = body.map(Value::to_string);
        let mut renewed = false;
        loop {
            let token = self.token.read().await.clone();
            let request = || {
                let request = self
                    .client
                    .request(method.clone(), url.clone())
                    .bearer_auth(&token);
                match &text {
                    Some(text) => request
                        .header(CONTENT_TYPE, "application/json")
                        .body(text.clone()),
                    None => request,
                }
            };
            let answer = self.retried(&asked, request).await?;
            if answer.status != StatusCode::UNAUTHORIZED.as_u16() || renewed {
                return Ok(answer);
            }
            self.renew(&token).await?;
            renewed = true;
        }
    }

    /// Tries until the answer is neither 429, 503 nor 504.
    async fn retried(
        &self,
        asked: &str,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> anyhow::Result<Answer> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let pause = match request().send().await {
                Err(_) if attempt < ATTEMPTS => None,
                Err(error) => return Err(error).with_context(|| format!("{asked} had no answer")),
                Ok(response) => {
                    let retry = matches!(response.status().as_u16(), 429 | 503 | 504);
                    if !retry || attempt == ATTEMPTS {
                        return answer(asked, response).await;
                    }
                    let header = response.headers().get(RETRY_AFTER);
                    header
                        .and_then(|value| value.to_str().ok()?.parse().ok())
                        .map(Duration::from_secs)
                }
            };
            let doubled = Duration::from_millis(100 << attempt);
            sleep(pause.unwrap_or(doubled).min(PAUSE_MAX)).await;
        }
    }
}

async fn answer(asked: &str, response: reqwest::Response) -> anyhow::Result<Answer> {
    let status = response.status().as_u16();
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let text = response
        .text()
        .await
        .with_context(|| format!("the answer to {asked} broke off"))?;
    let body = match text.as_str() {
        "" => Value::Null,
        json => serde_json::from_str(json).unwrap_or_else(|_| Value::String(text.clone())),
    };
    Ok(Answer {
        status,
        location,
        body,
        asked: asked.to_owned(),
    })
}
