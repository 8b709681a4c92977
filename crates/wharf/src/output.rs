//! What a command shows: a plain table, JSON or YAML on stdout; what it says about itself on stderr.

use std::io::Write as _;

use clap::{Args, ValueEnum};
use comfy_table::{Table as Grid, presets};
use jiff::Timestamp;
use serde::Serialize;
use serde_saphyr::ser_options;

use crate::failure::Failure;

/// How data is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    Table,
    /// The API's own JSON.
    Json,
    /// The same as YAML.
    Yaml,
}

/// `-o` and `--quiet`, which every command of a client has.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Output {
    /// How data is shown. Lists are tables and single things are YAML unless this says otherwise
    #[arg(
        short = 'o',
        long = "output",
        global = true,
        value_name = "FORMAT",
        help_heading = "Common options"
    )]
    format: Option<Format>,
    /// Ask nothing and say nothing but data and errors
    #[arg(short, long, global = true, help_heading = "Common options")]
    quiet: bool,
}

/// What can be shown in columns.
pub(crate) trait Table {
    /// The names of the columns, in capitals.
    const HEADERS: &'static [&'static str];

    /// Its rows, one cell for each column.
    fn rows(&self) -> Vec<Vec<String>>;
}

impl<T: Table> Table for [T] {
    const HEADERS: &'static [&'static str] = T::HEADERS;

    fn rows(&self) -> Vec<Vec<String>> {
        self.iter().flat_map(Table::rows).collect()
    }
}

impl Output {
    /// No format, for a command that has its own.
    pub(crate) fn quiet(quiet: bool) -> Self {
        Self {
            format: None,
            quiet,
        }
    }

    /// Whether nothing shall be asked.
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Shows a list.
    pub(crate) fn list<T: Table + Serialize>(self, items: &[T]) -> Result<(), Failure> {
        match self.format.unwrap_or(Format::Table) {
            Format::Table if items.is_empty() => {
                self.say("Listed 0 items.");
                Ok(())
            }
            Format::Table => print(&table(items)),
            format => print(&encode(format, items)?),
        }
    }

    /// Shows one thing.
    pub(crate) fn item<T: Table + Serialize>(self, item: &T) -> Result<(), Failure> {
        match self.format.unwrap_or(Format::Yaml) {
            Format::Table => print(&table(item)),
            format => print(&encode(format, item)?),
        }
    }

    /// Says that something was done; shows the thing itself if a format was asked for.
    pub(crate) fn done<T: Table + Serialize>(self, text: &str, item: &T) -> Result<(), Failure> {
        self.say(text);
        match self.format {
            Some(_) => self.item(item),
            None => Ok(()),
        }
    }

    /// Says nothing; shows a list if a format was asked for.
    pub(crate) fn done_list<T: Table + Serialize>(self, items: &[T]) -> Result<(), Failure> {
        match self.format {
            Some(_) => self.list(items),
            None => Ok(()),
        }
    }

    /// Says something to the person, not to the next program.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            // What the command is for is done; that nobody hears of it is no failure.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Whether people read it, not programs.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self.format, None | Some(Format::Table))
    }

    /// Shows one of many things that come one after the other: a line of JSON, or a document of YAML.
    pub(crate) fn document<T: Serialize>(self, item: &T) -> Result<(), Failure> {
        match self.format {
            Some(Format::Yaml) => print(&format!("---\n{}", encode(Format::Yaml, item)?)),
            _ => {
                let line = serde_json::to_string(item)
                    .map_err(|error| Failure::new(format!("cannot show the answer: {error}")))?;
                print(&(line + "\n"))
            }
        }
    }

    /// Shows a text that is for people, or the thing itself if a format was asked for.
    pub(crate) fn text_or<T: Serialize>(self, text: &str, item: &T) -> Result<(), Failure> {
        match self.format {
            None | Some(Format::Table) => print(text),
            Some(format) => print(&encode(format, item)?),
        }
    }
}

/// A time in a table: to the second, which is what people compare.
pub(crate) fn time(time: Option<Timestamp>) -> String {
    time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// Writes data to stdout.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::output(&error))
}

fn encode<T: Serialize + ?Sized>(format: Format, item: &T) -> Result<String, Failure> {
    let failed = |error: String| Failure::new(format!("cannot show the answer: {error}"));
    match format {
        Format::Yaml => {
            // One line a value, however long: it can be selected, compared and searched.
            let options = ser_options! { prefer_block_scalars: false };
            let mut text = serde_saphyr::to_string_with_options(&item, options)
                .map_err(|e| failed(e.to_string()))?;
            if !text.ends_with('\n') {
                text.push('\n');
            }
            Ok(text)
        }
        Format::Json | Format::Table => {
            let text = serde_json::to_string_pretty(item).map_err(|e| failed(e.to_string()))?;
            Ok(text + "\n")
        }
    }
}

/// Columns as kubectl draws them: capitals above, three spaces between, no lines.
fn table<T: Table + ?Sized>(item: &T) -> String {
    let mut grid = Grid::new();
    grid.load_preset(presets::NOTHING).set_header(T::HEADERS);
    for row in item.rows() {
        // A cell is one line, whatever somebody wrote into a description.
        grid.add_row(row.iter().map(|cell| match cell.as_str() {
            "" => "-".to_owned(),
            cell => cell.replace(|c: char| c.is_control(), " "),
        }));
    }
    for column in grid.column_iter_mut() {
        column.set_padding((0, 3));
    }
    let lines: Vec<_> = grid
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[derive(Serialize)]
    struct Thing {
        name: &'static str,
        number: u64,
    }

    impl Table for Thing {
        const HEADERS: &'static [&'static str] = &["NAME", "NUMBER"];

        fn rows(&self) -> Vec<Vec<String>> {
            vec![vec![self.name.to_owned(), self.number.to_string()]]
        }
    }

    const THINGS: [Thing; 2] = [
        Thing {
            name: "my-project",
            number: 1,
        },
        Thing {
            name: "",
            number: 20,
        },
    ];

    #[test]
    fn tables_are_plain() {
        let text = table(THINGS.as_slice());
        assert_eq!(
            text,
            "NAME         NUMBER\nmy-project   1\n-            20\n"
        );
    }

    #[test]
    fn a_cell_stays_on_its_line() {
        let thing = Thing {
            name: "a\nb\u{1b}[31m",
            number: 1,
        };
        assert_eq!(table(&thing), "NAME       NUMBER\na b [31m   1\n");
    }

    #[test]
    fn times_are_shown_to_the_second() {
        let moment = "2026-11-24T09:21:44.985666Z".parse().unwrap();
        assert_eq!(time(Some(moment)), "2026-11-24T09:21:44Z");
        assert_eq!(time(None), "");
    }

    #[test]
    fn yaml_gives_back_every_text_on_one_line() {
        for text in [
            "a".repeat(300),
            "two  spaces and a long line that somebody might want to fold, right  here ".repeat(4),
            "line\nbreak\n\nand \ttab".to_owned(),
            "- : # ' \" {} []".to_owned(),
            "2026-11-24".to_owned(),
            "resource.type == \"x\" && resource.name.startsWith('y')".repeat(3),
        ] {
            let yaml = encode(
                Format::Yaml,
                &std::collections::BTreeMap::from([("key", &text)]),
            )
            .unwrap();
            assert_eq!(yaml.lines().count(), 1, "{yaml}");
            let back: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(back["key"], text.as_str(), "{yaml}");
        }
    }

    #[test]
    fn json_and_yaml_are_the_apis_own() {
        let json = encode(Format::Json, &THINGS[0]).unwrap();
        assert_eq!(json, "{\n  \"name\": \"my-project\",\n  \"number\": 1\n}\n");
        let yaml = encode(Format::Yaml, THINGS.as_slice()).unwrap();
        let back: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(back[0]["name"], "my-project");
        assert!(
            yaml.ends_with('\n') && yaml.contains("- name: my-project"),
            "{yaml}"
        );
    }
}
