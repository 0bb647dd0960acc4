//! The table of portions and partners: who gets what, with a letter for each clause that decided. Below it the clauses in words, each once.

use super::{
    Options,
    style::Style,
    text::{columns, one_line, shortened, wrap},
};
use crate::domain::marking::Tlp;

/// A row: one portion.
#[derive(Debug, Clone)]
pub struct Row {
    /// What people call it, such as `evidence 2`.
    pub name: String,
    /// Its TLP level.
    pub tlp: Tlp,
    /// How its text begins. May be empty.
    pub text: String,
}

/// Whether a partner gets a portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The partner gets it.
    Gets,
    /// The partner is sent it, and its users could not read what was sent last.
    Unread,
    /// The partner gets it from this time on.
    Later(String),
    /// It is withheld.
    Withheld,
    /// Nothing was decided.
    Open,
}

/// The decision for one portion and one partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Whether the partner gets it.
    pub mark: Mark,
    /// The clauses that decided, in words.
    pub because: Vec<String>,
}

/// A column: one partner, with a decision for each row.
#[derive(Debug, Clone)]
pub struct Column {
    /// The partner.
    pub name: String,
    /// The decisions, in the order of the rows.
    pub cells: Vec<Cell>,
}

impl Column {
    /// The decisions in words that name no partner, so that those of several partners can be compared.
    fn for_any_partner(&self) -> Vec<Cell> {
        let told = |because: &String| {
            let words = because.split(' ').map(|word| {
                let name = word.trim_matches(|c: char| !c.is_alphanumeric());
                if name == self.name { word.replace(name, "the partner") } else { word.to_owned() }
            });
            words.collect::<Vec<_>>().join(" ")
        };
        let cell = |cell: &Cell| Cell { mark: cell.mark.clone(), because: cell.because.iter().map(told).collect() };
        self.cells.iter().map(cell).collect()
    }
}

/// The clauses by letter, in the order in which they first occurred.
#[derive(Debug, Default)]
pub struct Clauses(Vec<String>);

impl Clauses {
    fn place(&mut self, clause: String) -> usize {
        self.0.iter().position(|c| *c == clause).unwrap_or_else(|| {
            self.0.push(clause);
            self.0.len() - 1
        })
    }

    fn of(&mut self, cell: &Cell) -> String {
        let mut places: Vec<usize> = cell.because.iter().map(|why| self.place(clause(&cell.mark, why))).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(letter).collect()
    }

    /// All clauses in words, each once.
    pub fn text(&self, options: &Options) -> String {
        let mut out = String::new();
        for (place, clause) in self.0.iter().enumerate() {
            let lines = wrap(&one_line(clause), options.columns(), "     ");
            for (i, line) in lines.iter().enumerate() {
                let head = if i == 0 { format!("  {:<3}", letter(place)) } else { "     ".to_owned() };
                out.push_str(&format!("{head}{}\n", line.trim_start()));
            }
        }
        out
    }
}

/// `A` to `Z`, then `a` to `z`, then `1.` and so on.
fn letter(place: usize) -> String {
    let letters = ('A'..='Z').chain('a'..='z');
    letters.clone().nth(place).map_or_else(|| format!("{}.", place - letters.count() + 1), String::from)
}

/// A clause as people read it. In `id: grant id gives ..` the grant would be named twice.
pub fn tidy(because: &str) -> &str {
    let twice = because.split_once(": ").filter(|(id, words)| words.starts_with(&format!("grant {id} ")));
    twice.map_or(because, |(_, words)| words)
}

fn clause(mark: &Mark, because: &str) -> String {
    let words = tidy(because);
    match mark {
        Mark::Later(from) => format!("from {from} on: {words}"),
        Mark::Gets | Mark::Unread | Mark::Withheld | Mark::Open => words.to_owned(),
    }
}

/// The least number of columns in which the beginning of a portion is worth showing.
const TEXT: usize = 16;

/// The table, in as many blocks as the width requires. Adds its clauses to `clauses`. Partners with the same decisions share a column, and are
/// named below the table.
pub fn matrix(rows: &[Row], partners: &[Column], clauses: &mut Clauses, options: &Options) -> String {
    let (partners, groups) = alike(partners, options);
    format!("{}{groups}", grid(rows, &partners, clauses, options))
}

/// The longest names of several partners that stand above their column. Longer ones stand below the table.
const SIDE_BY_SIDE: usize = 32;

/// One column for all partners with the same decisions, in the order of the first of them, and the names of the partners of each such column.
fn alike(partners: &[Column], options: &Options) -> (Vec<Column>, String) {
    let mut found: Vec<(Vec<Cell>, Vec<&Column>)> = vec![];
    for column in partners {
        let cells = column.for_any_partner();
        match found.iter_mut().find(|(same, _)| *same == cells) {
            Some((_, columns)) => columns.push(column),
            None => found.push((cells, vec![column])),
        }
    }
    let (mut shared, mut text) = (vec![], String::new());
    for (cells, alike) in found {
        if let [one] = alike.as_slice() {
            shared.push((*one).clone());
            continue;
        }
        let names = alike.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
        if columns(&names) <= SIDE_BY_SIDE {
            shared.push(Column { name: names, cells });
            continue;
        }
        let number = text.matches("\n[").count() + 1;
        for (i, line) in wrap(&one_line(&names), options.columns(), "     ").iter().enumerate() {
            let head = if i == 0 { format!("[{number}]") } else { String::new() };
            text.push_str(&format!("\n{head:<5}{}", line.trim_start()));
        }
        shared.push(Column { name: format!("{} partners [{number}]", alike.len()), cells });
    }
    if !text.is_empty() {
        text.push('\n');
    }
    (shared, text)
}

/// The table without the names of groups.
fn grid(rows: &[Row], partners: &[Column], clauses: &mut Clauses, options: &Options) -> String {
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); partners.len()];
    for place in 0..rows.len() {
        for (partner, texts) in partners.iter().zip(&mut cells) {
            texts.push(partner.cells.get(place).map(|c| clauses.of(c)).unwrap_or_default());
        }
    }
    let step = 3 + cells.iter().flatten().map(|c| columns(c)).max().unwrap_or_default();
    let grid = Grid::new(rows, partners.len(), step, options);
    let mut out = String::new();
    for (partners, cells) in partners.chunks(grid.block).zip(cells.chunks(grid.block)) {
        if !out.is_empty() {
            out.push('\n');
        }
        grid.heading(partners, &mut out);
        for (place, row) in rows.iter().enumerate() {
            grid.label(row, &mut out);
            for (partner, texts) in partners.iter().zip(cells) {
                let mark = partner.cells.get(place).map_or(&Mark::Open, |c| &c.mark);
                grid.cell(mark, texts.get(place).map(String::as_str).unwrap_or_default(), &mut out);
            }
            let kept = out.trim_end().len();
            out.truncate(kept);
            out.push('\n');
        }
    }
    out
}

/// What the marks in these columns mean, in as many lines as the width requires.
pub fn legend(partners: &[Column], options: &Options) -> String {
    let mut meanings = vec!["● gets it", "◐ gets it later", "○ withheld", "A, B ..: the clauses that decided"];
    if partners.iter().flat_map(|p| &p.cells).any(|cell| cell.mark == Mark::Unread) {
        meanings.push("◌ is sent it, and its users can't read what was sent last");
    }
    let mut lines: Vec<String> = vec![];
    for meaning in meanings {
        match lines.last_mut().filter(|line| columns(line) + 3 + columns(meaning) <= options.columns()) {
            Some(line) => line.push_str(&format!("   {meaning}")),
            None => lines.push(meaning.to_owned()),
        }
    }
    lines.join("\n")
}

/// The positions of the columns.
struct Grid {
    style: Style,
    name: usize,
    tlp: usize,
    text: usize,
    /// The width of one partner's column.
    step: usize,
    /// How many partners are in one block.
    block: usize,
}

impl Grid {
    /// As few blocks as possible, with room for how the portions begin.
    fn new(rows: &[Row], partners: usize, step: usize, options: &Options) -> Self {
        let widest = |of: &dyn Fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or_default();
        let (name, tlp) = (widest(&|r| columns(&r.name)), widest(&|r| r.tlp.as_str().len()));
        let wanted = widest(&|r| columns(&one_line(&r.text))).min(60);
        let room = options.columns().saturating_sub(name + tlp + 4);
        let least = if wanted > 0 { wanted.min(TEXT) + 2 } else { 0 };
        let most = (room.saturating_sub(least) / step).max(1);
        // Blocks of the same size read better than a last block with a single partner.
        let block = partners.div_ceil(partners.div_ceil(most).max(1)).max(1);
        let text = wanted.min(room.saturating_sub(block * step + 2));
        Self { style: Style { color: options.color }, name, tlp, text, step, block }
    }

    /// Where the first partner's column begins.
    fn start(&self) -> usize {
        self.name + self.tlp + 4 + if self.text > 0 { self.text + 2 } else { 0 }
    }

    /// The partners' names, the last one on top, each with a line down to its column.
    fn heading(&self, partners: &[Column], out: &mut String) {
        for (place, partner) in partners.iter().enumerate().rev() {
            let at = self.start() + place * self.step;
            let name = shortened(&one_line(&partner.name), at.saturating_sub(1));
            let before = at.saturating_sub(columns(&name) + 1);
            out.push_str(&format!("{}{name} ┐", " ".repeat(before)));
            for _ in place + 1..partners.len() {
                out.push_str(&format!("{}│", " ".repeat(self.step - 1)));
            }
            out.push('\n');
        }
    }

    fn label(&self, row: &Row, out: &mut String) {
        let pad = |wide: usize, text: &str| " ".repeat(wide.saturating_sub(columns(text)) + 2);
        out.push_str(&format!("{}{}", row.name, pad(self.name, &row.name)));
        let tlp = row.tlp.as_str();
        out.push_str(&format!("{}{}", self.style.tlp(row.tlp, tlp), pad(self.tlp, tlp)));
        if self.text > 0 {
            let text = shortened(&one_line(&row.text), self.text);
            out.push_str(&format!("{}{}", self.style.faint(&text), pad(self.text, &text)));
        }
    }

    fn cell(&self, mark: &Mark, letters: &str, out: &mut String) {
        let glyph = match mark {
            Mark::Gets => self.style.bold("●"),
            Mark::Unread => self.style.bold("◌"),
            Mark::Later(_) => self.style.bold("◐"),
            Mark::Withheld => self.style.faint("○"),
            Mark::Open => " ".to_owned(),
        };
        let rest = self.step.saturating_sub(1 + columns(letters));
        out.push_str(&format!("{glyph}{letters}{}", " ".repeat(rest)));
    }
}

#[cfg(test)]
mod tests;
