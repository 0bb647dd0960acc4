//! What to write instead of something that is not a place. These functions are slow, and run only on a refusal.

use super::{Country, Fit, FoundPlace, Place, Region, Subdivision, find_places, mention, rows};
use crate::domain::ids::shorten;

/// The refusal of `text`, with the right spelling if it can be guessed.
pub(super) fn place(text: &str) -> String {
    let told = shorten(text);
    let generic = || {
        format!(
            "`{told}` is not a place; write a country as `BF`, a part of one as `BF-SOM` or a UN M49 region as `M49:011`; \
             `watchfire place NAME` finds codes"
        )
    };
    // No place has such a long name. The input may come from a partner and must not cause much work.
    if text.len() > 80 {
        return generic();
    }
    let trimmed = text.trim();
    let upper = trimmed.to_uppercase();
    if let Some(own) = Subdivision::twin(&upper) {
        return format!("`{told}` has another code of its own; write `{own}`");
    }
    if upper != text
        && let Some(place) = Place::by_code(&upper)
        && !matches!(place, Place::Subdivision(part) if part.is_former())
    {
        return format!("`{told}` is not a place; write `{place}`");
    }
    if let Some(country) = Country::all().find(|c| c.iso3() == Some(upper.as_str())) {
        return format!("`{told}` is an ISO-3 code; write `{country}`");
    }
    if let Some(country) = other_code(&upper) {
        return format!("`{told}` is not its ISO 3166-1 code; write `{country}`");
    }
    if let Some(part) = other_part(&upper) {
        return format!("`{told}` is not a code of ISO 3166-2; write `{part}` ({})", part.name());
    }
    if let Some(today) = former_country(&upper) {
        return format!("`{told}` is a country code that ISO has withdrawn; write {}", or(&today));
    }
    if let Some(answer) = number(&told, upper.strip_prefix("M49:").unwrap_or(&upper)) {
        return answer;
    }
    let named = by_name(trimmed);
    if !named.is_empty() {
        return format!("`{told}` is a name; write {}", or(&named));
    }
    if let Some(country) = upper.split_once('-').and_then(|(country, _)| Country::by_code(country)) {
        return subdivision(&told, &upper, country);
    }
    generic()
}

/// Country codes in wide use that are not the ISO 3166-1 code.
fn other_code(upper: &str) -> Option<Country> {
    let code = match upper {
        "UK" => "GB",
        "EL" => "GR",
        "XKX" => "XK",
        _ => return None,
    };
    Country::by_code(code)
}

/// Codes in use that ISO does not list: parts that are missing there, and codes by the state that holds a part of another.
fn other_part(upper: &str) -> Option<Subdivision> {
    let code = match upper {
        "ET-CE" | "ET-SE" => "ET-SN",
        "IQ-HA" => "IQ-SU",
        "RU-CR" => "UA-43",
        "RU-SEV" => "UA-40",
        _ => return None,
    };
    Subdivision::by_code(code)
}

/// The present countries on the territory of one whose code ISO has withdrawn.
fn former_country(upper: &str) -> Option<Vec<Place>> {
    let today: &[&str] = match upper {
        "AN" => &["BQ", "CW", "SX"],
        "BU" => &["MM"],
        "CS" | "YU" => &["ME", "RS"],
        "DD" => &["DE"],
        "DY" => &["BJ"],
        "FX" => &["FR"],
        "HV" => &["BF"],
        "NH" => &["VU"],
        "RH" => &["ZW"],
        "TP" => &["TL"],
        "VD" => &["VN"],
        "YD" => &["YE"],
        "ZR" => &["CD"],
        _ => return None,
    };
    Some(today.iter().filter_map(|code| Country::by_code(code)).map(Place::Country).collect())
}

/// The refusal of a code that ISO has withdrawn.
pub(super) fn successors(part: Subdivision) -> String {
    let today: Vec<Place> = part.successors().iter().copied().map(Place::Subdivision).collect();
    let when = part.withdrawn().map(|day| format!(" on {day}")).unwrap_or_default();
    format!("`{part}` ({}) is a code that ISO has withdrawn{when}; write {}", part.name(), with_names(&today))
}

/// Suggests a code for three digits, which are a region without its prefix, or a country.
fn number(told: &str, digits: &str) -> Option<String> {
    if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(region) = Region::by_code(digits) {
        return Some(format!("`{told}` is not a place; write `{region}`"));
    }
    if let Some(country) = Country::all().find(|c| c.m49() == Some(digits)) {
        return Some(format!("`{told}` is the number of a country; write `{country}`"));
    }
    Some(format!("`{told}` is not a region of UN M49; write e.g. `M49:011` for Western Africa"))
}

/// The places with that name, at most three.
fn by_name(name: &str) -> Vec<Place> {
    let wanted = name.to_lowercase();
    let same = |other: &str| other.to_lowercase() == wanted;
    // A part that people know by that name is meant rather than its country, of which the name is an alias in texts.
    let is_known_so = |part: &Subdivision| part.usual_name() != part.name() && same(part.usual_name());
    let mut places: Vec<Place> = Subdivision::all().filter(is_known_so).map(Place::Subdivision).collect();
    places.extend(mention::named(name).into_iter().map(Place::Country));
    if places.is_empty() {
        places.extend(Region::all().filter(|r| same(r.name())).map(Place::Region));
        places.extend(Subdivision::all().filter(|s| same(s.name())).map(Place::Subdivision));
    }
    let aliases = rows(include_str!("../data/part_aliases.tsv")).filter_map(|line| line.split_once('\t'));
    for (_, code) in aliases.filter(|(alias, _)| same(alias)) {
        let place = Subdivision::by_code(code).map(Place::Subdivision).filter(|place| !places.contains(place));
        places.extend(place);
    }
    if places.is_empty() {
        let exact = |found: &FoundPlace| found.fit == Fit::Name;
        places.extend(find_places(name, 3).into_iter().take_while(exact).map(|found| found.place));
    }
    places.truncate(3);
    places
}

/// The refusal of an unknown part of a known country, with the most similar parts by code or name.
fn subdivision(told: &str, upper: &str, country: Country) -> String {
    let tail = upper.split_once('-').map_or("", |(_, tail)| tail);
    let short: Vec<char> = tail.chars().take(24).collect();
    let distance = |part: &Subdivision| {
        let code: Vec<char> = part.code().chars().skip(3).collect();
        let name: Vec<char> = part.name().to_uppercase().chars().collect();
        edits(&short, &code).min(edits(&short, &name))
    };
    let mut parts: Vec<Subdivision> = Subdivision::all().filter(|s| s.country() == country).collect();
    if parts.is_empty() {
        return format!("`{told}` is not a place: ISO 3166-2 lists no parts of {}; write `{country}`", country.name());
    }
    parts.sort_by_cached_key(distance);
    let near: Vec<String> = parts.iter().take(3).map(|s| format!("`{s}` ({})", s.name())).collect();
    format!("`{told}` is not a part of {}; near it are {}", country.name(), near.join(", "))
}

/// `PH-MGN` (Maguindanao del Norte) and `PH-MGS` (Maguindanao del Sur).
fn with_names(places: &[Place]) -> String {
    let all: Vec<String> = places.iter().map(|p| format!("`{p}` ({})", p.name())).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => all.join(""),
    }
}

fn or(places: &[Place]) -> String {
    let quoted: Vec<String> = places.iter().map(|p| format!("`{p}`")).collect();
    quoted.join(" or ")
}

/// The Levenshtein distance.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for ((y, above_left), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            left = (above_left + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
