//! `docs/tutorial.md`, from the script that runs it: one source, so that the page cannot be wrong.

use std::fmt::Write as _;

/// Where the page begins.
const TITLE: &str = "# # ";
/// How lines begin that see whether something is true.
const HIDDEN: &[&str] = &["check ", "eventually ", "set "];

/// What a line of the script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'l> {
    Prose(&'l str),
    Command(&'l str),
    Blank,
}

/// The page of a script: its comments from the title on are the text, its commands are shown as they stand, and its checks
/// are left out.
pub(crate) fn page(script: &str) -> String {
    let mut page = String::new();
    let mut commands: Vec<&str> = Vec::new();
    let mut is_blank = false;
    for line in lines(script) {
        match line {
            Line::Command(command) => {
                if is_blank && !commands.is_empty() {
                    commands.push("");
                }
                commands.push(command);
            }
            Line::Prose(text) => {
                show(&mut commands, &mut page);
                // Writing into a string does not fail.
                let _ = writeln!(page, "{text}");
            }
            Line::Blank => {}
        }
        is_blank = line == Line::Blank;
    }
    show(&mut commands, &mut page);
    let _ = writeln!(
        page,
        "\nThis page is `e2e/tutorial.sh`, which the tests run. It is written by `cargo xtask docs`."
    );
    page
}

/// The lines from the title on, without checks.
fn lines(script: &str) -> impl Iterator<Item = Line<'_>> {
    let mut is_continued = false;
    let mut end_of_input = None;
    script
        .lines()
        .skip_while(|line| !line.starts_with(TITLE))
        .filter_map(move |line| {
            if let Some(end) = end_of_input {
                end_of_input = (line != end).then_some(end);
                return Some(Line::Command(line));
            }
            let is_hidden = is_continued || HIDDEN.iter().any(|start| line.starts_with(start));
            is_continued = is_hidden && line.ends_with('\\');
            if is_hidden {
                return None;
            }
            if line.is_empty() {
                return Some(Line::Blank);
            }
            if let Some(text) = line.strip_prefix('#') {
                return Some(Line::Prose(text.strip_prefix(' ').unwrap_or(text)));
            }
            let input = line
                .split_once("<<'")
                .and_then(|(_, rest)| rest.split_once('\''));
            end_of_input = input.map(|(end, _)| end);
            Some(Line::Command(line))
        })
}

fn show(commands: &mut Vec<&str>, page: &mut String) {
    if commands.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n```sh\n{}\n```\n", commands.join("\n"));
    commands.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_text_commands_are_shown_and_checks_are_not() {
        let script = "#!/bin/sh\n# Of no concern.\nset -e\ncheck() { :; }\n\n# # Title\n#\n# Text.\n\nset +e\nfirst --flag\n\
            second <<'END'\n# content\nEND\ncheck 'it is so' \\\n  test 1\n\nthird\n\n# ## More\n";
        assert_eq!(
            page(script),
            "# Title\n\nText.\n\n```sh\nfirst --flag\nsecond <<'END'\n# content\nEND\n\nthird\n```\n\n## More\n\n\
            This page is `e2e/tutorial.sh`, which the tests run. It is written by `cargo xtask docs`.\n"
        );
    }
}
