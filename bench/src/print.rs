//! The report as a table for people, or as JSON.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use crate::bars::Verdict;
use crate::limits::Limit;
use crate::report::Row;
use crate::subject::Kind;

/// Everything of one run.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: String,
    /// Sizes so small that the numbers say little.
    pub(crate) quick: bool,
    pub(crate) limits: Vec<Limit>,
    pub(crate) rows: Vec<Row>,
    pub(crate) bars: Vec<Verdict>,
    /// Subjects that are not installed.
    pub(crate) missing: Vec<Kind>,
}

impl Report {
    /// Tables in Markdown.
    pub(crate) fn table(&self) -> String {
        let mut parts = vec![self.machine.clone()];
        for kind in &self.missing {
            parts.push(format!(
                "{} is not installed and was not measured.",
                kind.name()
            ));
        }
        if self.quick {
            parts.push(
                "Quick sizes: this shows that everything works, not how fast it is.".to_owned(),
            );
        }
        parts.push(limits(&self.limits).to_string());
        parts.push(self.values().to_string());
        parts.push(self.costs().to_string());
        if !self.bars.is_empty() {
            parts.push(bars(&self.bars).to_string());
        }
        parts.join("\n\n")
    }

    fn values(&self) -> Table {
        let mut table = new_table(&["work", "unit"]);
        let mut header: Vec<String> = vec!["work".into(), "unit".into()];
        header.extend(Kind::ALL.map(|kind| kind.name().to_owned()));
        header
            .extend(["x docker-registry", "x nginx", "x bare hyper", "x limit"].map(str::to_owned));
        table.set_header(header);
        for row in &self.rows {
            let mut line = vec![row.what.clone(), row.unit.name().to_owned()];
            line.extend(Kind::ALL.map(|kind| optional(row.cell(kind), |cell| number(cell.value))));
            line.extend(
                Kind::ALL[1..]
                    .iter()
                    .map(|&kind| optional(row.ratio(kind), ratio)),
            );
            line.push(optional(self.share_of_limit(row), ratio));
            table.add_row(line);
        }
        align(&mut table, 2);
        table
    }

    fn costs(&self) -> Table {
        let mut table = new_table(&[
            "work",
            "subject",
            "least – most",
            "server CPU",
            "p50 ms",
            "p99 ms",
            "peak MiB",
        ]);
        for row in &self.rows {
            for cell in &row.cells {
                table.add_row([
                    row.what.clone(),
                    cell.subject.name().to_owned(),
                    format!("{} – {}", number(cell.least), number(cell.most)),
                    match (cell.cpu, row.cpu_unit) {
                        (Some(cpu), Some(unit)) => format!("{} {unit}", number(cpu)),
                        _ => String::new(),
                    },
                    optional(cell.p50_ms, number),
                    optional(cell.p99_ms, number),
                    optional(cell.memory_peak_mib, number),
                ]);
            }
        }
        align(&mut table, 2);
        table
    }

    fn share_of_limit(&self, row: &Row) -> Option<f64> {
        let limit = self
            .limits
            .iter()
            .find(|limit| Some(limit.name) == row.limit)?;
        Some(row.cell(Kind::Wharf)?.value / limit.value)
    }
}

fn limits(limits: &[Limit]) -> Table {
    let mut table = new_table(&["limit of this machine", "value", "unit"]);
    for limit in limits {
        table.add_row([limit.name, &number(limit.value), limit.unit]);
    }
    align(&mut table, 1);
    table
}

fn bars(verdicts: &[Verdict]) -> Table {
    let mut table = new_table(&["row", "bar", "reached", ""]);
    for verdict in verdicts {
        table.add_row([
            verdict.row.as_str(),
            verdict.demand.as_str(),
            number(verdict.reached).as_str(),
            if verdict.met { "met" } else { "MISSED" },
        ]);
    }
    table
}

fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().copied());
    table
}

fn align(table: &mut Table, first: usize) {
    for column in table.column_iter_mut().skip(first) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn optional<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map(show).unwrap_or_default()
}

fn ratio(value: f64) -> String {
    format!("{value:.2}")
}

/// Three figures that count, and thousands in groups.
fn number(value: f64) -> String {
    match value {
        small if small < 10.0 => format!("{small:.2}"),
        middle if middle < 100.0 => format!("{middle:.1}"),
        large => {
            let digits = format!("{large:.0}");
            let mut grouped = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index) % 3 == 0 {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            grouped
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_figures_that_count() {
        let shown = [0.123, 45.67, 999.4, 1234.0, 1_234_567.0].map(number);
        assert_eq!(shown, ["0.12", "45.7", "999", "1,234", "1,234,567"]);
    }
}
