//! `linkspan serve` and `linkspan check-config`: a server for real use, as its configuration says.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use rustls::ServerConfig;
use server::{identity::SignInOptions, tls};
use tenant::Profile;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{CheckConfig, Serve},
    clock::SystemClock,
    config::{self, Config, Problems},
    dev, logs, say,
    stop::Stop,
    wire,
};

/// What `sysexits.h` calls a configuration error: starting again does not help.
const NOT_CONFIGURED: u8 = 78;

/// Serves until it is told to stop; the exit code.
pub async fn serve(options: &Serve) -> anyhow::Result<u8> {
    let config = match load(options.config.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            let problems = error.downcast_ref::<Problems>();
            if problems.is_some_and(|problems| problems.is_json) {
                logs::start(EnvFilter::new(logs::LEVEL), true);
            }
            say::failure(format_args!("linkspan: {error:#}"));
            return Ok(NOT_CONFIGURED);
        }
    };
    if let Some(filter) = logs::filter(&config.log.level) {
        logs::start(filter, config.log.json);
    }
    let mut stop = Stop::listen()?;
    let (sockets, told) = sockets(&config)?;
    let data = dev::kept_directory(Some(&config.store.directory))?;
    let people = wire::People {
        seed: None,
        replace: false,
        sign_in: SignInOptions::default(),
        tenants_max: None,
    };
    let life = wire::Life {
        clock: Arc::new(SystemClock),
        moves: false,
        profile: Profile::INSTANT,
        weather: None,
    };
    let house = wire::open(&data, config.listen.public_url, sockets, people, life).await?;
    say::line(format_args!("listening on {told}"))?;
    stop.requested().await?;
    say::aside("stopping: requests that are under way are answered first");
    stop.unless_again(house.close()).await.map(|()| 0)
}

/// Says whether a server would start with this configuration, as far as files and environment can tell.
pub fn check(options: &CheckConfig) -> anyhow::Result<()> {
    let Some(file) = &options.config else {
        return Ok(say::text(config::DEFAULT)?);
    };
    load(Some(file))?;
    Ok(say::line(format_args!("{} is fine", file.display()))?)
}

fn load(file: Option<&Path>) -> anyhow::Result<Config> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("could not read the configuration {}", file.display()))?,
        None => String::new(),
    };
    // A value that is no Unicode is shown as well as can be, and then is a path that does not exist.
    let variables = std::env::vars_os().map(|(name, value)| {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        (text(name), text(value))
    });
    let examine = |certificate: &Path, key: &Path| {
        let faults = tls::from_files(certificate, key).err();
        let faults = faults.map(|faults| {
            [
                ("listen.tls.certificate", faults.certificate),
                ("listen.tls.key", faults.key),
            ]
        });
        let told = |fault| format!("{:#}", anyhow::Error::from(fault));
        let faults = faults.into_iter().flatten();
        faults
            .filter_map(|(key, fault)| Some((key, told(fault?))))
            .collect()
    };
    Ok(config::read(file, &text, variables, examine)?)
}

/// The certificate that the configuration names, if it names one.
fn certificate(config: &Config) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    let tls = &config.listen.tls;
    let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) else {
        return Ok(None);
    };
    let shown = tls::from_files(certificate, key).map_err(|faults| {
        let fault = faults.certificate.or(faults.key).map(anyhow::Error::from);
        let told = anyhow::anyhow!("the files of listen.tls cannot be used for HTTPS");
        fault.map_or(told, |fault| {
            fault.context("the files of listen.tls have changed")
        })
    })?;
    Ok(Some(shown))
}

/// The sockets, and where they listen, for people and programs that wait for it.
fn sockets(config: &Config) -> anyhow::Result<(wire::Sockets, String)> {
    let certificate = certificate(config)?;
    let listener = |key: &str, address: SocketAddr| {
        TcpListener::bind(address).with_context(|| {
            format!("could not listen on {key} '{address}': is another server running there, or is the address of another machine?")
        })
    };
    let listen = &config.listen;
    let http = listen
        .http
        .map(|address| listener("listen.http", address))
        .transpose()?;
    let https = listen
        .https
        .map(|address| listener("listen.https", address))
        .transpose()?;
    let mut told = Vec::new();
    for (scheme, socket) in [("http", &http), ("https", &https)] {
        if let Some(socket) = socket {
            told.push(format!("{scheme}://{}", socket.local_addr()?));
        }
    }
    let sockets = wire::Sockets {
        http,
        https,
        certificate,
        proxy: None,
    };
    Ok((sockets, told.join(" and ")))
}
