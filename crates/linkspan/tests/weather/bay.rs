//! A server with weather, and those who ask it.

use std::process::Command;

use reqwest::{Client, Method, header::HeaderMap};
use serde_json::Value;

use crate::{running::Running, sign_in};

/// A running `linkspan dev`, and the tokens of the connector and the admin.
pub struct Bay {
    running: Running,
    pub client: Client,
    pub url: String,
    connector: String,
    admin: String,
}

impl Bay {
    pub async fn open(arguments: &[&str]) -> Self {
        let all = [&["dev", "--ephemeral", "--proxy", "127.0.0.1:0"], arguments].concat();
        let running = Running::start(&all);
        let client = sign_in::client();
        let token = |name| sign_in::token(&client, &running.ready, name);
        Self {
            connector: token("connector").await.unwrap(),
            admin: token("admin").await.unwrap(),
            url: running.ready["http_url"].as_str().unwrap().to_owned(),
            client,
            running,
        }
    }

    /// Asks as the admin app.
    pub async fn admin(&self, method: Method, path: &str, said: Option<&Value>) -> (u16, Value) {
        let asked = self.asked((&self.admin, None), method, path, said);
        let (status, _, body) = asked.await.unwrap();
        (status, body)
    }

    /// Asks as the connector.
    pub async fn connector(
        &self,
        method: Method,
        path: &str,
        said: Option<&Value>,
    ) -> (u16, Value) {
        let (status, _, body) = self.preferring(method, path, said, None).await.unwrap();
        (status, body)
    }

    /// Asks as the connector, with the header `Prefer`; there may be no answer.
    pub async fn preferring(
        &self,
        method: Method,
        path: &str,
        said: Option<&Value>,
        prefer: Option<&str>,
    ) -> reqwest::Result<(u16, HeaderMap, Value)> {
        self.asked((&self.connector, prefer), method, path, said)
            .await
    }

    async fn asked(
        &self,
        (token, prefer): (&str, Option<&str>),
        method: Method,
        path: &str,
        said: Option<&Value>,
    ) -> reqwest::Result<(u16, HeaderMap, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(token);
        if let Some(prefer) = prefer {
            request = request.header("prefer", prefer);
        }
        if let Some(said) = said {
            request = request.json(said);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok((status, headers, body))
    }

    /// Moves the clock.
    pub async fn clock(&self, said: Value) -> Value {
        let (status, clock) = self
            .admin(Method::POST, "/_linkspan/clock", Some(&said))
            .await;
        assert_eq!(status, 200, "{clock}");
        clock
    }

    /// Stops the server, by its process id; all that it has said.
    pub fn stop(mut self) -> String {
        let id = self.running.child.id().to_string();
        let sent = Command::new("kill").arg(id).status();
        assert!(sent.unwrap().success());
        self.running.child.wait().unwrap();
        self.running.said()
    }

    /// What a command prints about this server.
    pub fn command(&self, arguments: &[&str]) -> String {
        let (went_well, said) = self.commanded(arguments);
        assert!(went_well, "{arguments:?}: {said}");
        said
    }

    /// What a command says that fails.
    pub fn refused_command(&self, arguments: &[&str]) -> String {
        let (went_well, said) = self.commanded(arguments);
        assert!(!went_well, "{arguments:?}: {said}");
        said
    }

    fn commanded(&self, arguments: &[&str]) -> (bool, String) {
        let ended = Command::new(env!("CARGO_BIN_EXE_linkspan"))
            .args(arguments)
            .args(["--server", &self.url])
            .output()
            .unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        (ended.status.success(), String::from_utf8(said).unwrap())
    }
}
