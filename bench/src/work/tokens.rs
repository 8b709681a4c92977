//! Tokens a second: what a fleet of nodes asks for before it pulls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::Bench;
use super::requests::hammer;
use crate::client::{Body, Connection, Request};
use crate::content::Blob;
use crate::report::{Outcome, Row, Unit};
use crate::subject::{Kind, Server, Wharf};

/// Connections at once.
const CONNECTIONS: usize = 16;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let mut servers = bench.start(&[Kind::Wharf])?;
    let basic = bench.rounds(
        &mut servers,
        |_| Ok(()),
        |bench, server| {
            let wharf = server.wharf().context("wharf")?;
            let mut asking = server.endpoint.clone();
            asking.authorization = Some(wharf.basic());
            let head = Request::new("GET", &Wharf::token_path(&asking)).head(&asking);
            hammer(
                server,
                &vec![head; CONNECTIONS],
                bench.scale.request_seconds,
            )
        },
    )?;
    let jwt = bench.rounds(&mut servers, |_| Ok(()), exchange_assertions)?;
    let row = |id: &str, what: &str, cells| Row {
        id: id.to_owned(),
        what: format!("{what}, {CONNECTIONS} connections"),
        unit: Unit::RequestsPerSecond,
        cpu_unit: Some("us/request"),
        limit: None,
        cells,
    };
    Ok(vec![
        row(
            "token-basic",
            "registry token for _json_key, the same key each time",
            basic,
        ),
        row(
            "token-jwt",
            "access token for a JWT, another one each time",
            jwt,
        ),
    ])
}

/// Sends JWTs that were signed before the clock starts, each of them once.
fn exchange_assertions(bench: &Bench, server: &mut Server) -> Result<Outcome> {
    let wharf = server.wharf().context("wharf")?;
    let forms: Result<Vec<Blob>> = (0..bench.scale.assertions)
        .map(|number| Ok(Blob::whole(wharf.assertion(number)?)))
        .collect();
    let forms = Arc::new(forms?);
    let count = forms.len() as f64;
    let mut endpoint = server.endpoint.clone();
    endpoint.authorization = None;
    let cpu = server.process.processor_seconds();
    let start = Instant::now();
    bench.runtime.block_on(async {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (forms, next, endpoint) = (forms.clone(), next.clone(), endpoint.clone());
            tasks.spawn(async move {
                let mut connection = Connection::open(&endpoint).await?;
                while let Some(form) = forms.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut request = Request::new("POST", "/token");
                    request.content_type = Some("application/x-www-form-urlencoded");
                    request.body = Body::Sized(form);
                    connection.expect(200, &request).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        anyhow::Ok(())
    })?;
    Ok(Outcome {
        value: count / start.elapsed().as_secs_f64(),
        cpu: Some((server.process.processor_seconds() - cpu) / count * 1e6),
        ..Outcome::default()
    })
}
