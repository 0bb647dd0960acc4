//! Dates with an hour, as people write them in several languages: `11 April at 05:30`, `le 11 avril à 5h30`, `2026-04-11, 5.30 am`.

use super::words::{Text, Word};

/// A day of the year, and a minute of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Moment {
    month: u32,
    day: u32,
    minute: u32,
}

/// A moment, with the first word and the end of the passage that states it.
pub(super) type Placed = (Moment, usize, usize);

/// The names of each month, folded, in English, French, Spanish, Portuguese, German and Arabic, with usual short forms.
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "janvier", "enero", "janeiro", "januar", "يناير"],
    &["february", "feb", "fevrier", "febrero", "fevereiro", "februar", "فبراير"],
    &["march", "mars", "marzo", "marco", "marz", "مارس"],
    &["april", "apr", "avril", "abril", "ابريل"],
    &["may", "mai", "mayo", "maio", "مايو"],
    &["june", "jun", "juin", "junio", "junho", "juni", "يونيو"],
    &["july", "jul", "juillet", "julio", "julho", "juli", "يوليو"],
    &["august", "aug", "aout", "agosto", "اغسطس"],
    &["september", "sep", "sept", "septembre", "septiembre", "setiembre", "setembro", "سبتمبر"],
    &["october", "oct", "octobre", "octubre", "outubro", "oktober", "اكتوبر"],
    &["november", "nov", "novembre", "noviembre", "novembro", "نوفمبر"],
    &["december", "dec", "decembre", "diciembre", "dezembro", "dezember", "ديسمبر"],
];

/// The number of a month by its name.
pub(super) fn month(word: &str) -> Option<u32> {
    MONTHS.iter().position(|names| names.contains(&word)).and_then(|i| u32::try_from(i + 1).ok())
}

/// How many words a date and its hour may be apart.
const REACH: usize = 10;

/// The moments that a text states.
pub(super) fn moments(text: &Text<'_>) -> Vec<Placed> {
    let (mut days, mut hours) = (vec![], vec![]);
    for i in 0..text.words.len() {
        days.extend(day(text, i).map(|(month, day, length)| (month, day, i, i + length)));
        hours.extend(hour(text, i).map(|(minute, length)| (minute, i, i + length)));
    }
    let mut all = vec![];
    let mut first = 0;
    for (minute, begin, end) in hours {
        while days.get(first).is_some_and(|(.., until): &(u32, u32, usize, usize)| until + REACH < begin) {
            first += 1;
        }
        let near = days.iter().skip(first).take_while(|(_, _, from, _)| *from <= end + REACH).take(REACH);
        for (month, day, from, until) in near {
            all.push((Moment { month: *month, day: *day, minute }, begin.min(*from), end.max(*until)));
        }
    }
    all
}

fn number(word: Option<&Word>, most: u32) -> Option<u32> {
    let digits = word?.folded.trim_end_matches(|c: char| c.is_alphabetic());
    (digits.len() <= 2).then(|| digits.parse().ok()).flatten().filter(|n| *n <= most)
}

/// A date that begins with this word: month, day and how many words it takes.
fn day(text: &Text<'_>, i: usize) -> Option<(u32, u32, usize)> {
    let word = |ahead: usize| text.word(i + ahead);
    let named = |ahead: usize| word(ahead).and_then(|w| month(&w.folded));
    // 2026-04-11
    if word(0)?.folded.len() == 4 && word(1).is_some_and(|w| w.is_joined) && word(2).is_some_and(|w| w.is_joined) {
        return Some((number(word(1), 12)?, number(word(2), 31)?, 3));
    }
    // 11 April, 11 de abril, 11th of April
    if let Some(day) = number(word(0), 31).filter(|day| *day > 0) {
        if let Some(month) = named(1) {
            return Some((month, day, 2));
        }
        return Some((named(2).filter(|_| word(1).is_some_and(|w| w.is_near))?, day, 3));
    }
    // April 11
    Some((named(0)?, number(word(1), 31)?, 2))
}

/// An hour that begins with this word: its minute of the day and how many words it takes.
fn hour(text: &Text<'_>, i: usize) -> Option<(u32, usize)> {
    let (word, next) = (text.word(i)?, text.word(i + 1));
    let after = |length: usize| text.word(i + length).map(|w| w.folded.as_str());
    // 14h, 14h30, 5am, and 0530z
    let digits: String = word.folded.chars().take_while(char::is_ascii_digit).collect();
    let rest = word.folded.get(digits.len()..).unwrap_or_default();
    let hours: u32 = digits.parse().ok().filter(|h| *h < 24 && digits.len() <= 2).unwrap_or(24);
    if let Some(minutes) = rest.strip_prefix('h').filter(|_| hours < 24) {
        let minutes = if minutes.is_empty() { Some(0) } else { minutes.parse().ok().filter(|m| *m < 60) };
        return Some((hours * 60 + minutes?, 1));
    }
    if let Some(half) = half_of_day(Some(rest)).filter(|_| !digits.is_empty()) {
        return clock(hours, 0, Some(half)).map(|minute| (minute, 1));
    }
    // 05:30, 5.30 am
    let gap = next.and_then(|next| text.raw.get(word.at.end..next.at.start)).unwrap_or_default();
    if let (":", Some(next)) = (gap, next)
        && rest.is_empty()
        && next.folded.len() >= 2
        && let Ok(minutes) = next.folded.chars().take(2).collect::<String>().parse::<u32>()
    {
        return clock(hours, minutes, half_of_day(after(2))).map(|minute| (minute, 2));
    }
    if let Some((hours, minutes)) = word.folded.split_once('.')
        && minutes.len() == 2
        && let (Ok(hours), Ok(minutes), Some(half)) = (hours.parse(), minutes.parse(), half_of_day(after(1)))
    {
        return clock(hours, minutes, Some(half)).map(|minute| (minute, 2));
    }
    // 5 am, 14 heures, 14 Uhr
    let said = ["hours", "heures", "heure", "horas", "uhr", "hrs", "o'clock"];
    let is_said = rest.is_empty() && after(1).is_some_and(|w| said.contains(&w));
    let half = half_of_day(after(1)).filter(|_| rest.is_empty());
    (is_said || half.is_some()).then(|| clock(hours, 0, half)).flatten().map(|minute| (minute, 2))
}

/// The hours to add, if the word says which half of the day is meant.
fn half_of_day(word: Option<&str>) -> Option<u32> {
    match word? {
        "am" | "a.m" => Some(0),
        "pm" | "p.m" => Some(12),
        _ => None,
    }
}

fn clock(hours: u32, minutes: u32, half: Option<u32>) -> Option<u32> {
    let hours = half.map_or(hours, |half| hours % 12 + half);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_the_same_however_it_is_written() {
        let same = Moment { month: 4, day: 11, minute: 17 * 60 + 30 };
        for text in [
            "on 11 April at 17:30",
            "at 5.30 pm on April 11",
            "2026-04-11, 17:30 UTC",
            "le 11 avril à 17h30",
            "el 11 de abril a las 17:30 horas",
            "am 11. April um 17:30 Uhr",
            "يوم 11 أبريل الساعة 17:30",
            "يوم ١١ أبريل الساعة ١٧:٣٠",
        ] {
            let found: Vec<Moment> = moments(&Text::new(text)).into_iter().map(|(m, ..)| m).collect();
            assert_eq!(found, [same], "{text}");
        }
        for text in ["on 11 April", "at 17:30", "ratio 3:45 of 11 villages", "from 11 April to 12 May"] {
            assert_eq!(moments(&Text::new(text)), [], "{text}");
        }
    }
}
