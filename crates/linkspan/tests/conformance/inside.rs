//! A server inside this process: what the binary does when it is told the same, on a thread of its own.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use clap::Parser;
use linkspan::{Cli, Command};
use serde_json::Value;
use tokio::sync::oneshot;

/// A start makes keys and opens two engines; unoptimized and on a busy machine that takes a while.
const START: Duration = Duration::from_secs(90);

/// How often the ready file is looked for.
const GLANCE: Duration = Duration::from_millis(10);

/// A running server, which goes when this goes.
pub struct Inside {
    /// What the ready file said.
    pub ready: Value,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Inside {
    /// Does what `linkspan dev --ephemeral` does with these arguments, on free ports, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends or is not ready in time.
    pub fn start(arguments: &[String]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ready_file = directory.path().join("ready.json");
        let own = "dev --ephemeral --http 127.0.0.1:0 --https 127.0.0.1:0";
        let said = format!("linkspan {own} --ready-file={}", ready_file.display());
        let said = said.split(' ').map(str::to_owned);
        let cli = Cli::parse_from(said.chain(arguments.iter().cloned()));
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || serve(cli, stopped));
        let mut server = Self {
            ready: Value::Null,
            stop: Some(stop),
            thread: Some(thread),
        };
        server.ready = server.wait_until_ready(&ready_file);
        server
    }

    fn wait_until_ready(&self, ready_file: &Path) -> Value {
        let deadline = Instant::now() + START;
        loop {
            // The file appears whole, by a rename: half of it is a fault.
            if let Ok(text) = fs::read_to_string(ready_file) {
                return serde_json::from_str(&text).expect("the ready file is JSON");
            }
            let ended = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
            assert!(!ended, "the server ended before it was ready");
            assert!(Instant::now() < deadline, "not ready in {START:?}");
            thread::sleep(GLANCE);
        }
    }
}

fn serve(cli: Cli, stopped: oneshot::Receiver<()>) {
    let Command::Dev(options) = cli.command else {
        panic!("only `dev` listens for tests");
    };
    server::tls::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let proxy = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = linkspan::start(&options.listen, Some(proxy), options.climate).await;
        let server = server.expect("the server starts");
        let _ = stopped.await;
        server.close().await.expect("the server stops");
    });
    // As the binary ends: nobody waits for threads that wait for files.
    runtime.shutdown_background();
}

impl Drop for Inside {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of its own has been printed already.
            let _ = thread.join();
        }
    }
}
