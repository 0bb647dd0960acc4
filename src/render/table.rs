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

/// A column of a table from which columns are left out where the terminal is narrow.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// The title.
    pub title: &'static str,
    /// The fewest columns of the terminal in which a longer cell is worth showing.
    pub least: usize,
    /// Of the columns that don't fit, the one with the highest rank is left out first. A column of rank 0 always stays.
    pub rank: u8,
}

impl Heading {
    /// A column whose cells are whole or not there: names, and whatever else says something wrong when it is cut.
    pub const fn whole(title: &'static str, rank: u8) -> Self {
        Self { title, least: usize::MAX, rank }
    }

    fn is_whole(&self) -> bool {
        self.least == usize::MAX
    }
}

/// As [`table`], with as many columns as fit. The last one is narrowed last.
pub fn fitted(headings: &[Heading], rows: &[Vec<String>], width: usize) -> String {
    let widest = |place: usize| rows.iter().filter_map(|row| row.get(place)).map(|cell| columns(&one_line(cell))).max();
    let needed = |place: usize, heading: &Heading| {
        widest(place).unwrap_or_default().min(heading.least).max(columns(heading.title))
    };
    let mut shown: Vec<(usize, &Heading)> = headings.iter().enumerate().collect();
    while shown.iter().map(|(place, heading)| needed(*place, heading) + 2).sum::<usize>() > width + 2 {
        let last = shown.iter().enumerate().max_by_key(|(_, (_, heading))| heading.rank);
        match last.filter(|(_, (_, heading))| heading.rank > 0).map(|(at, _)| at) {
            Some(at) => drop(shown.remove(at)),
            None => break,
        }
    }
    let natural = |place: usize, heading: &Heading| widest(place).unwrap_or_default().max(columns(heading.title));
    let all: usize = shown.iter().map(|(place, heading)| natural(*place, heading) + 2).sum();
    let (mut over, mut rooms) = (all.saturating_sub(width + 2), vec![]);
    for (place, heading) in &shown {
        let (natural, needed) = (natural(*place, heading), needed(*place, heading));
        // The last column says most, so the others give way before it.
        let given = over.min(natural - needed);
        over -= given;
        rooms.push(natural - given);
    }
    let whole: Vec<bool> = shown.iter().map(|(_, heading)| heading.is_whole()).collect();
    narrow_by(&mut rooms, &whole, over);
    let titles: Vec<&str> = shown.iter().map(|(_, heading)| heading.title).collect();
    let cell = |row: &Vec<String>, place: usize, room: usize| Some(shortened(&one_line(row.get(place)?), room));
    let cells = |row: &Vec<String>| {
        shown.iter().zip(&rooms).filter_map(|((place, _), room)| cell(row, *place, *room)).collect()
    };
    // Whole cells stay whole, even if the line is longer than the terminal is wide.
    table(&titles, &rows.iter().map(cells).collect::<Vec<_>>(), usize::MAX)
}

/// Narrows the widest column by one, again and again, until the table fits or no column is wider than 8.
fn narrow(widths: &mut [usize], width: usize) {
    let gaps = 2 * widths.len().saturating_sub(1);
    let over = (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
    let none = vec![false; widths.len()];
    narrow_by(widths, &none, over);
}

/// Narrows the widest column by one, as many times as `over` says, as long as one is wider than 8. Whole columns stay.
fn narrow_by(widths: &mut [usize], whole: &[bool], over: usize) {
    for _ in 0..over {
        let narrower = widths.iter_mut().zip(whole).filter(|(_, whole)| !**whole).map(|(wide, _)| wide);
        match narrower.max() {
            Some(widest) if *widest > 8 => *widest -= 1,
            _ => return,
        }
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
    fn columns_that_do_not_fit_are_left_out_by_their_rank() {
        let heading = |title, least, rank| Heading { title, least, rank };
        let headings =
            [heading("id", 8, 0), heading("place", 12, 1), heading("from", 10, 2), heading("headline", 20, 0)];
        let row = vec!["0a1b2c3d".to_owned(), "South Kordofan".to_owned(), "no.example".to_owned(), "h".repeat(50)];
        let titles =
            |width| fitted(&headings, std::slice::from_ref(&row), width).lines().next().unwrap_or_default().to_owned();
        let words = |width| titles(width).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(60), ["ID", "PLACE", "FROM", "HEADLINE"]);
        assert_eq!(words(50), ["ID", "PLACE", "HEADLINE"]);
        assert_eq!(words(30), ["ID", "HEADLINE"]);
        assert_eq!(words(10), ["ID", "HEADLINE"], "these stay");
        for width in [30, 50, 60, 200] {
            assert!(
                fitted(&headings, std::slice::from_ref(&row), width).lines().all(|line| columns(line) <= width),
                "{width}"
            );
        }
    }

    #[test]
    fn names_that_must_be_whole_are_never_cut() {
        let headings =
            [Heading::whole("partner", 0), Heading { title: "note", least: 10, rank: 0 }, Heading::whole("last at", 1)];
        let names = ["ministry-of-foreign-affairs-one.example", "ministry-of-foreign-affairs-two.example"];
        let rows = names.map(|name| vec![name.to_owned(), "n".repeat(40), "2026-12-01".to_owned()]);
        for width in [20, 40, 60, 80, 200] {
            let text = fitted(&headings, &rows, width);
            assert!(names.iter().all(|name| text.contains(name)), "{width}: {text}");
            assert_eq!(text.contains("2026-12-01"), width >= 63, "{width}: {text}");
            assert!(width < 60 || text.lines().all(|line| columns(line) <= width), "{width}: {text}");
        }
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        assert_eq!(table(&["a", "b"], &[], 80), "A  B\n");
        assert_eq!(table(&[], &[vec!["x".to_owned()]], 80), "\n\n");
    }
}
