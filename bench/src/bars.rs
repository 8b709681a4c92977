//! What `wharf` must reach, as ratios within one run and as bounds of memory and time.

use crate::report::Row;
use crate::subject::Kind;

/// A demand on one row.
pub(crate) enum Bar {
    /// At least so many times as good as another subject.
    Times(Kind, f64),
    /// The value at most this, in the row's unit.
    AtMost(f64),
    /// At least this share of what another row of `wharf` reaches.
    OfRow(&'static str, f64),
}

/// Memory that no work may exceed, in MiB.
const MEMORY_PEAK_MAX_MIB: f64 = 150.0;

/// The bars of a row.
fn of(id: &str) -> &'static [Bar] {
    use Bar::{AtMost, OfRow, Times};
    use Kind::{Bare, DockerRegistry, Nginx};
    match id {
        "pull-images" | "pull-layer" => &[Times(DockerRegistry, 1.4), Times(Nginx, 0.7)],
        "pull-small" => &[Times(DockerRegistry, 10.0)],
        "push-images" | "push-layer" => &[Times(DockerRegistry, 2.5)],
        "push-small" => &[Times(DockerRegistry, 8.0)],
        "storm" => &[Times(DockerRegistry, 1.4)],
        "push-images-tls-h2" => &[OfRow("push-images-tls-h1", 0.5)],
        "push-layer-tls-h2" => &[OfRow("push-layer-tls-h1", 0.5)],
        "idle" => &[AtMost(40.0)],
        "connections" => &[AtMost(20.0)],
        "start" => &[AtMost(1.0)],
        request if request.starts_with("get-") || request.starts_with("head-") => {
            &[Times(DockerRegistry, 12.0), Times(Bare, 0.4)]
        }
        _ => &[],
    }
}

/// One bar, judged.
#[derive(serde::Serialize)]
pub(crate) struct Verdict {
    pub(crate) row: String,
    pub(crate) demand: String,
    pub(crate) reached: f64,
    pub(crate) met: bool,
}

/// Judges every bar that this run has the numbers for.
pub(crate) fn judge(rows: &[Row]) -> Vec<Verdict> {
    rows.iter().flat_map(|row| judge_row(row, rows)).collect()
}

fn judge_row(row: &Row, rows: &[Row]) -> Vec<Verdict> {
    let Some(ours) = row.cell(Kind::Wharf) else {
        return Vec::new();
    };
    let verdict = |demand, reached, met| Verdict {
        row: row.id.clone(),
        demand,
        reached,
        met,
    };
    let mut verdicts: Vec<Verdict> = of(&row.id)
        .iter()
        .filter_map(|bar| match *bar {
            Bar::Times(kind, factor) => {
                let reached = row.ratio(kind)?;
                let demand = format!("at least {factor} x {}", kind.name());
                Some(verdict(demand, reached, reached >= factor))
            }
            Bar::AtMost(bound) => {
                let demand = format!("at most {bound} {}", row.unit.name());
                Some(verdict(demand, ours.value, ours.value <= bound))
            }
            Bar::OfRow(id, share) => {
                let other = rows.iter().find(|other| other.id == id)?;
                let reached = ours.value / other.cell(Kind::Wharf)?.value;
                Some(verdict(
                    format!("at least {share} x {id}"),
                    reached,
                    reached >= share,
                ))
            }
        })
        .collect();
    if let Some(peak) = ours.memory_peak_mib {
        let demand = format!("memory at most {MEMORY_PEAK_MAX_MIB} MiB");
        verdicts.push(verdict(demand, peak, peak <= MEMORY_PEAK_MAX_MIB));
    }
    verdicts
}
