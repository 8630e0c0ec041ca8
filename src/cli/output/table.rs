//! Aligned columns for people.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::cells::{cut, find, shown};
use super::{Out, Shape};

/// On a terminal a text takes no more room than this, so that the columns after it are seen.
const TEXT_AT_MOST: usize = 40;

/// Rows below each other, without rules; on a terminal what is too wide is cut with `…`.
pub fn rows(columns: &[(String, String)], rows: Vec<Vec<String>>, header: bool, out: &Out) -> String {
    let mut table = plain();
    if header {
        table.set_header(columns.iter().map(|(title, _)| title.to_uppercase()));
    }
    let last = columns.len().saturating_sub(1);
    for row in rows {
        // An id that is cut is of no use, and after the last column nothing is left to be seen.
        let is_short = |index: usize| !out.is_terminal || index == last || columns[index].1 == "id";
        let cells = row.into_iter().enumerate();
        table.add_row(cells.map(|(index, text)| if is_short(index) { text } else { cut(&text, TEXT_AT_MOST) }));
    }
    let width = if out.is_terminal { out.width() } else { None };
    let mut text = String::new();
    for (index, line) in lines(&table).enumerate() {
        let line = width.map_or_else(|| line.clone(), |width| cut(&line, width));
        text.push_str(&if header && index == 0 { bold(&line, out) } else { line });
        text.push('\n');
    }
    text
}

/// The members of one object below each other; absent ones are left out.
pub fn members(value: &Value, shape: &Shape, out: &Out) -> String {
    let names: Vec<&str> = match &out.style.fields {
        Some(fields) => fields.iter().map(String::as_str).collect(),
        None => shape.members.to_vec(),
    };
    let cell = |name: &&str| {
        let text = find(value, name).map(|value| shown(value, shape.times.contains(name), &out.zone));
        text.filter(|text| !text.is_empty() || out.style.fields.is_some()).map(|text| ((*name).to_owned(), text))
    };
    let cells: Vec<(String, String)> = names.iter().filter_map(cell).collect();
    let widest = cells.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, text): &(String, String)| {
        let pad = " ".repeat(widest - name.len());
        format!("{}{pad}  {text}\n", bold(name, out))
    };
    cells.iter().map(line).collect()
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn bold(text: &str, out: &Out) -> String {
    if out.has_colour() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// The style pads every cell; neither the left margin nor spaces at the end of a line are wanted.
fn lines(table: &Table) -> impl Iterator<Item = String> {
    table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
}
