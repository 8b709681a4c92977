//! Debian's docker-registry with its packaged settings, save that it logs errors only and asks for no password.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::client::{Endpoint, Wire};
use crate::process::{Process, find_program};

pub(super) fn start(folder: &Path, endpoint: &Endpoint) -> Result<Process> {
    let mut http = json!({ "addr": endpoint.address.to_string() });
    if let (true, Some(certificate)) = (endpoint.wire != Wire::Plain, &endpoint.certificate) {
        http["tls"] =
            json!({ "certificate": certificate.certificate_file, "key": certificate.key_file });
    }
    let config = json!({
        "version": 0.1,
        "log": { "level": "error", "accesslog": { "disabled": true } },
        "storage": {
            "cache": { "blobdescriptor": "inmemory" },
            "filesystem": { "rootdirectory": folder.join("data") },
            "delete": { "enabled": true },
        },
        "http": http,
    });
    // JSON is YAML.
    let path = folder.join("config.yml");
    std::fs::write(&path, config.to_string())?;
    let mut command =
        Command::new(find_program("docker-registry").context("docker-registry is not installed")?);
    command
        .arg("serve")
        .arg(&path)
        .env("OTEL_TRACES_EXPORTER", "none");
    let mut process = Process::start(command, folder)?;
    process.wait_for(endpoint.address)?;
    Ok(process)
}
