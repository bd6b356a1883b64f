//! The router on a real socket, spoken to byte by byte.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world has failed"
)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::SystemTime,
};

use server::{
    listen::{Listeners, serve},
    tls::{Material, install_provider},
};
use tokio::{sync::watch, task::JoinHandle};

use crate::world::World;

/// A furnished world behind a listener.
pub struct Running {
    pub at: SocketAddr,
    /// Where TLS is spoken.
    pub secure_at: SocketAddr,
    pub token: String,
    stop: watch::Sender<bool>,
    ended: JoinHandle<std::io::Result<()>>,
    _world: World,
}

pub async fn start() -> Running {
    let world = World::new().await;
    let token = world.app("connector").await;
    world.furnish(&token).await;
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (listener, secure) = (bind(), bind());
    let at = listener.local_addr().unwrap();
    let secure_at = secure.local_addr().unwrap();
    install_provider();
    let tls = Material::open(world.directory.path(), SystemTime::UNIX_EPOCH).unwrap();
    let (stop, stopped) = watch::channel(false);
    let router = world.router.clone();
    let listeners = Listeners {
        http: Some(listener),
        https: Some((secure, tls.server_config())),
    };
    Running {
        at,
        secure_at,
        token,
        stop,
        ended: tenant::tasks::spawn("server", serve(listeners, router, stopped)),
        _world: world,
    }
}

impl Running {
    /// Sends a request, body and all, and only then reads the answer.
    pub async fn send(&self, head: &str, body: Vec<u8>) -> String {
        let at = self.at;
        let head = head.replace("{token}", &self.token);
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap()
    }

    pub async fn end(self) {
        self.stop.send_replace(true);
        self.ended.await.unwrap().unwrap();
        assert!(TcpStream::connect(self.secure_at).is_err());
    }
}
