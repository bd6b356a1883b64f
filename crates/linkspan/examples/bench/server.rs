//! The server under load, driven as a connector and a user would drive it.

use std::{
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::start::start;

/// About a kilobyte of text that differs from item to item only by its first word.
const PADDING: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua \
    ut enim ad minim veniam quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat duis aute irure dolor in reprehenderit \
    in voluptate velit esse cillum dolore eu fugiat nulla pariatur excepteur sint occaecat cupidatat non proident sunt in culpa qui officia deserunt \
    mollit anim id est laborum sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque laudantium totam rem aperiam eaque \
    ipsa quae ab illo inventore veritatis et quasi architecto beatae vitae dicta sunt explicabo nemo enim ipsam voluptatem quia voluptas sit aspernatur \
    aut odit aut fugit sed quia consequuntur magni dolores eos qui ratione voluptatem sequi nesciunt neque porro quisquam est qui dolorem ipsum";

pub struct Server {
    child: Child,
    url: String,
    client: reqwest::Client,
    form: String,
    token_url: String,
    app: String,
    alice: String,
}

impl Server {
    /// Starts the binary with a fresh data directory and signs in.
    pub async fn start(binary: &Path, directory: &Path) -> Result<Self> {
        let (child, told) = start(binary, directory).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let url = text(&told["http_url"]).replace("localhost", "127.0.0.1");
        let scope = "scope=https://graph.microsoft.com/.default";
        let app = &told["apps"][0];
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&{scope}",
            text(&app["client_id"]),
            text(&app["client_secret"])
        );
        let user = &told["users"][0];
        // Searches of an app wait for what the same app wrote; this measures all others.
        let search = &told["apps"][4];
        let sign_in = format!(
            "grant_type=password&client_id={}&username={}&password={}&{scope}",
            text(&search["client_id"]),
            text(&user["upn"]),
            text(&user["password"])
        );
        let token_url = format!("{url}/{}/oauth2/v2.0/token", text(&told["tenant_id"]));
        let mut server = Self {
            child,
            url,
            client: reqwest::Client::builder()
                .pool_max_idle_per_host(512)
                .build()?,
            form: form.clone(),
            token_url,
            app: String::new(),
            alice: String::new(),
        };
        server.app = server.sign_in(&form).await?;
        server.alice = server.sign_in(&sign_in).await?;
        Ok(server)
    }

    async fn sign_in(&self, form: &str) -> Result<String> {
        let answer = self
            .client
            .post(&self.token_url)
            .body(form.to_owned())
            .send()
            .await?;
        let body: Value = answer.error_for_status()?.json().await?;
        Ok(body["access_token"].as_str().unwrap_or_default().to_owned())
    }

    /// One token request; a nonce makes it another request than all before.
    pub async fn token(&self, mark: Option<String>) -> Result<()> {
        let form = match mark {
            Some(mark) => format!("{}&nonce={mark}", self.form),
            None => self.form.clone(),
        };
        self.sign_in(&form).await.map(drop)
    }

    pub async fn connection(&self, id: &str) -> Result<()> {
        self.send(
            reqwest::Method::POST,
            "/external/connections",
            &json!({ "id": id, "name": id }),
        )
        .await?;
        let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [
            { "name": "title", "type": "string", "isSearchable": true, "isQueryable": true, "isRetrievable": true, "labels": ["title"] },
            { "name": "number", "type": "int64", "isQueryable": true, "isRefinable": true },
        ] });
        self.send(
            reqwest::Method::PATCH,
            &format!("/external/connections/{id}/schema"),
            &schema,
        )
        .await
    }

    /// A durable item of about 1 KB whose content begins with this word.
    pub async fn put(&self, connection: &str, id: &str, word: &str) -> Result<()> {
        let body = json!({
            "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
            "properties": { "title": word, "number": 7 },
            "content": { "type": "text", "value": format!("{word} {PADDING}") },
        });
        self.send(
            reqwest::Method::PUT,
            &format!("/external/connections/{connection}/items/{id}"),
            &body,
        )
        .await
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Result<()> {
        let answer = self
            .client
            .request(method, format!("{}/v1.0{path}", self.url))
            .bearer_auth(&self.app)
            .body(body.to_string())
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(())
    }

    /// How many items alice finds.
    pub async fn total(&self, connection: &str, query: &str) -> Result<u64> {
        let body = json!({ "requests": [{
            "entityTypes": ["externalItem"], "contentSources": [format!("/external/connections/{connection}")],
            "query": { "queryString": query }, "size": 1,
        }] });
        let answer = self
            .client
            .post(format!("{}/v1.0/search/query", self.url))
            .bearer_auth(&self.alice)
            .body(body.to_string())
            .send()
            .await?;
        let body: Value = answer.error_for_status()?.json().await?;
        Ok(body["value"][0]["hitsContainers"][0]["total"]
            .as_u64()
            .unwrap_or_default())
    }

    /// Waits until an item written now is found: then all before it are.
    pub async fn settle(&self, connection: &str) -> Result<()> {
        let began = Instant::now();
        self.put(connection, "settle", "settled").await?;
        loop {
            let total = self.total(connection, "*").await?;
            tokio::time::sleep(Duration::from_millis(250)).await;
            if self.total(connection, "*").await? == total {
                println!(
                    "  the index caught up                        {:>9.1} s after the last PUT, {total} items",
                    began.elapsed().as_secs_f64()
                );
                return Ok(());
            }
            ensure!(
                began.elapsed() < Duration::from_secs(120),
                "the index did not catch up"
            );
        }
    }

    /// Stops the server and waits for it.
    pub fn stop(mut self) -> Result<()> {
        Command::new("kill")
            .arg(self.child.id().to_string())
            .status()?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}
