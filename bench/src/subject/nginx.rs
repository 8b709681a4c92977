//! nginx: two workers, sendfile, and the registry's paths as files.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::client::{Endpoint, Wire};
use crate::content::{Blob, Image, MIB};
use crate::process::{Process, find_program};
use crate::protocol::{blob_path, manifest_path};

pub(super) fn start(folder: &Path, endpoint: &Endpoint) -> Result<Process> {
    let path = folder.join("nginx.conf");
    std::fs::create_dir_all(folder.join("files"))?;
    std::fs::write(&path, config(folder, endpoint))?;
    let mut command = Command::new(find_program("nginx").context("nginx is not installed")?);
    command.arg("-c").arg(&path).arg("-p").arg(folder);
    let mut process = Process::start(command, folder)?;
    process.wait_for(endpoint.address)?;
    Ok(process)
}

fn config(folder: &Path, endpoint: &Endpoint) -> String {
    let folder = folder.display();
    let address = endpoint.address;
    let (parameters, tls) = match (&endpoint.certificate, endpoint.wire) {
        (Some(certificate), Wire::TlsHttp1 | Wire::TlsHttp2) => (
            " ssl http2",
            format!(
                "ssl_certificate {}; ssl_certificate_key {};",
                certificate.certificate_file.display(),
                certificate.key_file.display()
            ),
        ),
        _ => ("", String::new()),
    };
    // Workers run as the user who may read the folder.
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    format!(
        "{user}
daemon off;
worker_processes 2;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 600;
    keepalive_requests 1000000000;
    open_file_cache max=10000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    default_type application/octet-stream;
    server {{
        listen {address}{parameters} backlog=4096;
        {tls}
        root {folder}/files;
    }}
}}
"
    )
}

/// Writes images where their paths look for them.
pub(super) fn place(folder: &Path, images: &[Image]) -> Result<()> {
    let files = folder.join("files");
    for image in images {
        write(&files, &manifest_path(&image.tag), &image.manifest)?;
        write(
            &files,
            &manifest_path(&image.manifest.digest),
            &image.manifest,
        )?;
        for blob in image.blobs() {
            write(&files, &blob_path(&blob.digest), blob)?;
        }
    }
    Ok(())
}

fn write(files: &Path, path: &str, blob: &Blob) -> Result<()> {
    let path = files.join(path.trim_start_matches('/'));
    std::fs::create_dir_all(path.parent().context("a path has a folder")?)?;
    let mut file = File::create(path)?;
    for piece in blob.pieces(MIB) {
        file.write_all(&piece)?;
    }
    Ok(())
}
