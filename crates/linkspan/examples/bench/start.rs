//! `linkspan dev` on a fresh data directory, for programs that measure it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Starts the binary below `directory` and waits until it is ready; the process, and what its ready file says.
pub async fn start(binary: &Path, directory: &Path) -> Result<(Child, Value)> {
    fs::create_dir_all(directory)?;
    let (ready, data) = (directory.join("ready.json"), directory.join("data"));
    let _ = fs::remove_file(&ready);
    let _ = fs::remove_dir_all(&data);
    let child = Command::new(binary)
        .args("dev --http 127.0.0.1:0 --https 127.0.0.1:0 --data".split(' '))
        .arg(&data)
        .arg("--ready-file")
        .arg(&ready)
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("could not start {}", binary.display()))?;
    let began = Instant::now();
    while !ready.exists() {
        ensure!(
            began.elapsed() < Duration::from_secs(30),
            "the server did not get ready"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((child, serde_json::from_slice(&fs::read(&ready)?)?))
}
