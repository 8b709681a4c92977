//! What was measured, as values; [`crate::print`] shows them.

use serde::Serialize;

use crate::subject::Kind;

/// A line of the report: one work, all subjects.
#[derive(Serialize)]
pub(crate) struct Row {
    /// What `--only` names.
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) unit: Unit,
    /// The unit of the server's processor time.
    pub(crate) cpu_unit: Option<&'static str>,
    /// The limit of the machine that the work runs into.
    pub(crate) limit: Option<&'static str>,
    pub(crate) cells: Vec<Cell>,
}

/// What a value counts, and which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "MB/s")]
    MegabytesPerSecond,
    #[serde(rename = "images/s")]
    ImagesPerSecond,
    #[serde(rename = "requests/s")]
    RequestsPerSecond,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "MiB")]
    Mebibytes,
    #[serde(rename = "KiB")]
    Kibibytes,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MegabytesPerSecond => "MB/s",
            Self::ImagesPerSecond => "images/s",
            Self::RequestsPerSecond => "requests/s",
            Self::Seconds => "s",
            Self::Mebibytes => "MiB",
            Self::Kibibytes => "KiB",
        }
    }

    pub(crate) fn higher_is_better(self) -> bool {
        matches!(
            self,
            Self::MegabytesPerSecond | Self::ImagesPerSecond | Self::RequestsPerSecond
        )
    }
}

/// One subject at one work.
#[derive(Serialize)]
pub(crate) struct Cell {
    pub(crate) subject: Kind,
    /// The median round.
    pub(crate) value: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Median processor time of the server for one piece of work.
    pub(crate) cpu: Option<f64>,
    /// Latency in milliseconds, median of the rounds.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    /// The most memory of the server during the work.
    pub(crate) memory_peak_mib: Option<f64>,
}

/// What one round of one subject gave.
#[derive(Clone, Copy, Default)]
pub(crate) struct Outcome {
    pub(crate) value: f64,
    pub(crate) cpu: Option<f64>,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
}

impl Outcome {
    pub(crate) fn of(value: f64) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }
}

impl Cell {
    /// Medians of the rounds, of which there is at least one.
    pub(crate) fn new(subject: Kind, rounds: &[Outcome], memory_peak_mib: Option<f64>) -> Self {
        let all = |field: fn(&Outcome) -> Option<f64>| rounds.iter().filter_map(field).collect();
        let values: Vec<f64> = all(|round| Some(round.value));
        Self {
            subject,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(0.0, f64::max),
            value: median(values).unwrap_or(f64::NAN),
            cpu: median(all(|round| round.cpu)),
            p50_ms: median(all(|round| round.p50_ms)),
            p99_ms: median(all(|round| round.p99_ms)),
            memory_peak_mib,
        }
    }
}

impl Row {
    pub(crate) fn cell(&self, subject: Kind) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.subject == subject)
    }

    /// How many times better `wharf` is than another subject.
    pub(crate) fn ratio(&self, to: Kind) -> Option<f64> {
        let (ours, theirs) = (self.cell(Kind::Wharf)?.value, self.cell(to)?.value);
        Some(if self.unit.higher_is_better() {
            ours / theirs
        } else {
            theirs / ours
        })
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_one() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn ratio_above_one_is_better_whichever_way_the_unit_counts() {
        let row = |unit| Row {
            id: String::new(),
            what: String::new(),
            unit,
            cpu_unit: None,
            limit: None,
            cells: vec![
                Cell::new(Kind::Wharf, &[Outcome::of(2.0)], None),
                Cell::new(Kind::Nginx, &[Outcome::of(1.0)], None),
            ],
        };
        assert_eq!(row(Unit::MegabytesPerSecond).ratio(Kind::Nginx), Some(2.0));
        assert_eq!(row(Unit::Seconds).ratio(Kind::Nginx), Some(0.5));
        assert_eq!(row(Unit::Seconds).ratio(Kind::Bare), None);
    }
}
