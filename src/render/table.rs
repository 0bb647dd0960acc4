//! Tables.

use super::text::{columns, one_line, shortened};

/// A table with a heading and two spaces between the columns. If it is wider than `width`, its widest columns are narrowed. Cells are escaped
/// for terminals.
pub fn table(heading: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let mut widths: Vec<usize> = heading.iter().map(|title| columns(title)).collect();
    for row in &rows {
        for (wide, cell) in widths.iter_mut().zip(row) {
            *wide = (*wide).max(columns(cell));
        }
    }
    narrow(&mut widths, width);
    let mut out = String::new();
    let titles: Vec<String> = heading.iter().map(|title| title.to_uppercase()).collect();
    for row in std::iter::once(&titles).chain(&rows) {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, wide)| padded(cell, *wide)).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// Narrows the widest column by one, again and again, until the table fits or no column is wider than 8.
fn narrow(widths: &mut [usize], width: usize) {
    let gaps = 2 * widths.len().saturating_sub(1);
    let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
    while over > 0 {
        let Some(widest) = widths.iter_mut().max() else { return };
        if *widest <= 8 {
            return;
        }
        *widest -= 1;
        over -= 1;
    }
}

fn padded(cell: &str, wide: usize) -> String {
    let cell = shortened(cell, wide);
    let rest = wide.saturating_sub(columns(&cell));
    cell + &" ".repeat(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_the_widest_gives_way() {
        let rows = vec![
            vec!["gb.example".to_owned(), "active".to_owned(), "a".repeat(60)],
            vec!["ecowas.example".to_owned(), "susp\u{202e}ended".to_owned(), "b\nc".to_owned()],
        ];
        let text = table(&["domain", "state", "note"], &rows, 50);
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| columns(line) <= 50));
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        assert_eq!(table(&["a", "b"], &[], 80), "A  B\n");
        assert_eq!(table(&[], &[vec!["x".to_owned()]], 80), "\n\n");
    }
}
