//! Aligned columns for people.

use comfy_table::{Attribute, Cell, ColumnConstraint, ContentArrangement, Row, Table, presets};
use serde_json::Value;

use super::cells::{find, shown};
use super::{Out, Shape};

/// Rows below each other, without rules; on a terminal what is too wide is cut with `…`.
pub fn rows(columns: &[(String, String)], rows: Vec<Vec<String>>, header: bool, out: &Out) -> String {
    let mut table = plain(out);
    if header {
        let titles = columns.iter().map(|(title, _)| bold(&title.to_uppercase(), out));
        table.set_header(Row::from(titles.collect::<Vec<_>>()));
    }
    for row in rows {
        let mut row = Row::from(row);
        if out.is_terminal {
            row.max_height(1);
        }
        table.add_row(row);
    }
    // An id that is cut is of no use.
    for (index, (_, member)) in columns.iter().enumerate() {
        if member == "id"
            && let Some(column) = table.column_mut(index)
        {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    lines(&table)
}

/// The members of one object below each other; absent ones are left out.
pub fn members(value: &Value, shape: &Shape, out: &Out) -> String {
    let mut table = plain(out);
    let names: Vec<String> = match &out.style.fields {
        Some(fields) => fields.clone(),
        None => shape.members.iter().map(|member| (*member).to_owned()).collect(),
    };
    for name in names {
        let text = find(value, &name).map(|value| shown(value, shape.times.contains(&name.as_str()), &out.zone));
        if let Some(text) = text.filter(|text| !text.is_empty() || out.style.fields.is_some()) {
            table.add_row(vec![bold(&name, out), Cell::new(text)]);
        }
    }
    lines(&table)
}

fn plain(out: &Out) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_truncation_indicator("…");
    if out.is_terminal {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
    }
    if out.has_colour() {
        table.enforce_styling();
    }
    table
}

fn bold(text: &str, out: &Out) -> Cell {
    let cell = Cell::new(text);
    if out.has_colour() { cell.add_attribute(Attribute::Bold) } else { cell }
}

fn lines(table: &Table) -> String {
    // The style pads every cell; neither the left margin nor spaces at the end of a line are wanted.
    table.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end())).collect()
}
