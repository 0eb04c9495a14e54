//! Tables without borders, as kubectl draws them.

use super::line::{CUT, Line, Look, Tone};

/// Between two columns.
const GAP: usize = 2;
/// A column is not cut to fewer columns of the terminal than this.
const NARROWEST: usize = 10;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Column {
    pub(in crate::cli) title: &'static str,
    /// Whether it gives room where there is not enough.
    pub(in crate::cli) gives: bool,
}

/// A column that is always whole.
pub(in crate::cli) const fn whole(title: &'static str) -> Column {
    Column {
        title,
        gives: false,
    }
}

/// A column that is cut where there is not enough room; a mark says so.
pub(in crate::cli) const fn giving(title: &'static str) -> Column {
    Column { title, gives: true }
}

/// Draws rows below titles.
pub(in crate::cli) fn table(columns: &[Column], rows: Vec<Vec<Line>>, look: Look) -> Vec<Line> {
    let titles = columns
        .iter()
        .map(|column| Line::of(Tone::Dim, column.title));
    let mut lines = vec![titles.collect()];
    lines.extend(rows);
    grid(columns, lines, look)
}

/// Draws rows without titles.
pub(in crate::cli) fn grid(columns: &[Column], rows: Vec<Vec<Line>>, look: Look) -> Vec<Line> {
    let mut widths: Vec<usize> = Vec::with_capacity(columns.len());
    for at in 0..columns.len() {
        let cells = rows.iter().filter_map(|row| row.get(at));
        widths.push(cells.map(Line::width).max().unwrap_or_default());
    }
    if let Some(room) = look.width {
        let gaps = GAP
            * widths
                .iter()
                .filter(|width| **width > 0)
                .count()
                .saturating_sub(1);
        narrow(columns, &mut widths, room.saturating_sub(gaps));
    }
    rows.into_iter().map(|row| drawn(row, &widths)).collect()
}

/// Takes room from the widest of the columns that give until all fit.
fn narrow(columns: &[Column], widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let giving = columns.iter().zip(widths.iter_mut());
        let widest = giving.filter(|(column, width)| column.gives && **width > NARROWEST);
        let Some((_, width)) = widest.max_by_key(|(_, width)| **width) else {
            return;
        };
        *width = width.saturating_sub(1);
    }
}

fn drawn(row: Vec<Line>, widths: &[usize]) -> Line {
    let mut out = Line::new();
    for (cell, width) in row.into_iter().zip(widths).filter(|(_, width)| **width > 0) {
        if !out.is_empty() {
            out = out.and(Tone::Plain, " ".repeat(GAP));
        }
        out = out.join(cell.cut(*width).padded(*width));
    }
    out
}

/// What says that so many rows are not shown, and how to see them.
pub(in crate::cli::show) fn more(count: usize, hint: &str) -> Line {
    Line::of(Tone::Dim, format!("{CUT} and {count} more{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_room_first() {
        let columns = [whole("ID"), giving("TEXT"), giving("OTHER"), whole("EMPTY")];
        let row = |id: &str, text: &str| {
            let cells = [id, text, "twelve chars", ""];
            cells.iter().map(Line::plain).collect::<Vec<_>>()
        };
        let rows = vec![
            row("a", "short"),
            row("bcdef", "a text that is much too long"),
        ];
        let draw = |width| {
            let look = Look {
                width,
                ..Look::default()
            };
            let lines = grid(&columns, rows.clone(), look);
            lines
                .iter()
                .map(|line| line.text(false))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            draw(Some(40)),
            [
                "a      short                twelve chars",
                "bcdef  a text that is muc…  twelve chars"
            ]
        );
        assert_eq!(
            draw(None)[1],
            "bcdef  a text that is much too long  twelve chars"
        );
        assert_eq!(draw(Some(5))[1], "bcdef  a text th…  twelve ch…");
    }
}
