//! One warning as two partners read it, side by side.

use serde_json::{Value, json};

use super::{
    narrator::{Narrator, failed},
    organisation::{Organisation, text},
    report::{portions, released_to},
    world::World,
};
use crate::{
    cli::{CliError, output},
    render::text::{columns, shortened},
};

/// The partners whose readings are compared: the one with the fuller agreement first.
const READERS: [&str; 2] = ["no.example", "witness.example"];
/// The left margin, below the time of a step.
const MARGIN: &str = "          ";
/// What stands between the two columns.
const GAP: &str = "   ";

/// A row: a portion's name, and what each reader has of it.
struct Row {
    name: String,
    cells: [Option<String>; 2],
}

/// Prints what two partners read of the last warning of which they got different portions.
pub async fn tell(narrator: &Narrator<'_>, world: &World) -> Result<(), CliError> {
    let differs = |p: &&super::world::Published| {
        let [fuller, other] = READERS.map(|reader| released_to(p, reader));
        fuller.is_some() && other.is_some() && fuller != other
    };
    let Some(published) = world.published.iter().rev().find(differs) else {
        return Err(failed(format!("{} and {} read the same of every warning", READERS[0], READERS[1])));
    };
    let id = &published.assessment;
    let explained = world.publisher.ask_one(&["--as", "ana", "policy", "explain", id]).await?;
    let held = [read(world, READERS[0], id).await?, read(world, READERS[1], id).await?];
    let rows = rows(&explained, &held)?;
    let counts =
        [0, 1].map(|reader| rows.iter().filter(|row| row.cells.get(reader).is_some_and(Option::is_some)).count());
    let words = format!("one warning of gb.example, as {} and {} read it:", READERS[0], READERS[1]);
    let facts = json!({ "assessment": id, "readers": READERS, "portions": counts, "of": rows.len() });
    narrator.step("side-by-side", &words, facts);
    print(narrator, &rows, counts);
    Ok(())
}

/// What a partner's own node shows of an assessment.
async fn read(world: &World, partner: &str, id: &str) -> Result<Value, CliError> {
    let partner: &Organisation = world.partner_named(partner)?;
    partner.ask_one(&["assess", "show", id]).await
}

/// A row for each portion of the author's assessment. The handles of what a partner holds are read from the partner's node.
fn rows(explained: &Value, held: &[Value; 2]) -> Result<Vec<Row>, CliError> {
    portions(explained)
        .map(|portion| {
            let (handle, says) = (text(portion, "handle")?, text(portion, "text")?);
            let cells = [0, 1].map(|reader| {
                let mut held = held.get(reader).into_iter().flat_map(portions);
                held.any(|p| p.get("handle").and_then(Value::as_str) == Some(&*handle)).then(|| says.clone())
            });
            Ok(Row { name: text(portion, "name")?, cells })
        })
        .collect()
}

fn print(narrator: &Narrator<'_>, rows: &[Row], counts: [usize; 2]) {
    let name = rows.iter().map(|row| columns(&row.name)).max().unwrap_or_default();
    let taken = columns(MARGIN) + name + 2 + columns(GAP);
    let room = (output::options().columns().saturating_sub(taken) / 2).clamp(16, 60);
    let line = |name_of: &str, cells: [&str; 2]| {
        let [left, right] = cells.map(|cell| shortened(cell, room));
        let line = format!("{MARGIN}{}  {}{GAP}{right}", padded(name_of, name), padded(&left, room));
        narrator.words(line.trim_end());
    };
    line("", READERS);
    for row in rows {
        line(&row.name, [0, 1].map(|i| row.cells.get(i).and_then(Option::as_deref).unwrap_or("-")));
    }
    let of = rows.len();
    let [left, right] = counts.map(|count| format!("{count} of {of} portions"));
    line("", [&left, &right]);
    narrator.words(&format!(
        "{MARGIN}Nothing tells either of them how many portions there are. Both verify the author's signature."
    ));
}

fn padded(cell: &str, width: usize) -> String {
    format!("{cell}{}", " ".repeat(width.saturating_sub(columns(cell))))
}
