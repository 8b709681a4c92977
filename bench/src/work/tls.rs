//! Push and pull over TLS, with HTTP/1.1 and with HTTP/2.

use anyhow::Result;

use super::{Bench, pull, push};
use crate::client::Wire;
use crate::report::Row;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (wire, suffix, name) in [
        (Wire::TlsHttp1, "tls-h1", "TLS, HTTP/1.1"),
        (Wire::TlsHttp2, "tls-h2", "TLS, HTTP/2"),
    ] {
        rows.extend(bench.over(wire, |bench| {
            let scale = bench.scale;
            let mut rows = vec![
                push::measure(bench, &format!("push-images-{suffix}"), scale.large, 4)?,
                push::measure(bench, &format!("push-layer-{suffix}"), scale.layer, 1)?,
                pull::measure(bench, &format!("pull-images-{suffix}"), scale.large, 4)?,
                pull::measure(bench, &format!("pull-layer-{suffix}"), scale.layer, 1)?,
            ];
            for row in &mut rows {
                row.what = format!("{} ({name})", row.what);
            }
            Ok(rows)
        })?);
    }
    Ok(rows)
}
