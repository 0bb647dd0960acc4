//! The finding `said-lower-too`: sentence pairs in several languages, generated drafts with and without a planted slip, and real texts.

use std::collections::BTreeSet;

use super::*;
use crate::domain::{
    assessment::MAX_PORTIONS_BYTES,
    draft::Draft,
    lint::{Finding, REPEATED, Readership, lint, lint_for},
    marking::Marking,
    place::OwnNames,
};

/// A draft about Sudan with these portions after the subject: kind, marking, text.
fn draft(portions: &[(&str, &str, &str)]) -> Draft {
    let mut text = "[assessment]\nlevel = 3\nexpires = \"90 days\"\n[default.marking]\ntlp = \"AMBER\"\nonward = \"within-organisation\"\n\
         [[portion]]\nkind = \"subject\"\nplaces = [\"SD\", \"SD-DN\"]\nperiod = { from = \"2026-05-01\", until = \"2026-12-31\" }\n\
         groups = [\"Masalit\"]\nactors = [{ name = \"Rapid Support Forces\" }]\nrisk_of = [\"mass-killing\"]\nmarking = { tlp = \"GREEN\" }\n\
         cap = { urgency = \"Future\", severity = \"Extreme\", certainty = \"Possible\" }\n"
        .to_owned();
    for (kind, marking, said) in portions {
        let field = if *kind == "evidence" { "what" } else { "text" };
        text += &format!("[[portion]]\nkind = \"{kind}\"\n{field} = '''{said}'''\nmarking = {{ {marking} }}\n");
        text += if *kind == "evidence" { "grade = \"B2\"\n" } else { "" };
    }
    parse(&text, Format::Toml, day()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

const RED: &str = "tlp = \"RED\", releasable_to = [\"no.example\"]";
const GREEN: &str = "tlp = \"GREEN\"";
const AMBER: &str = "tlp = \"AMBER\"";
const STRICT: &str = "tlp = \"AMBER+STRICT\"";

fn repeated(draft: &Draft) -> Vec<Finding> {
    lint(draft, now()).into_iter().filter(|f| f.code == REPEATED).collect()
}

fn is_found(held: &str, free: &str) -> bool {
    !repeated(&draft(&[("source", RED, held), ("headline", GREEN, free)])).is_empty()
}

#[test]
fn what_a_red_part_says_is_found_again_in_a_green_one() {
    for (held, free) in [
        ("Our source is the nurse Halima, who treats the wounded.", "Halima in danger: clinic must be reached"),
        ("Halima Djouma works at the clinic.", "Warning passed on by a woman named DJOUMA"),
        ("She lives in Tawila and travels by bus.", "Attack on Tawila expected"),
        ("They counted 143 bodies.", "143 dead after an attack"),
        ("They counted 1,437 bodies.", "1 437 morts après une attaque"),
        ("The convoy left on 11 April at 05:30.", "Le convoi est parti le 11 avril à 5h30"),
        ("He was told \"burn the market first\".", "Fighters are told to burn the market first"),
        ("Les listes sont gardées par l'infirmière Aïssata.", "L’infirmière AISSATA menacée"),
        ("La maestra Ximena Quispe guarda la lista.", "Peligro para Quispe y su familia"),
        ("O médico Joaquim viu os corpos.", "Joaquim relata ataques"),
        ("قالت الممرضة حليمة إن القافلة غادرت", "خطر على حليمة في المدينة"),
        ("غادرت القافلة مدينة طويلة قبل الفجر مع ثلاثين مسلحا ملثما", "القافلة مدينة طويلة قبل الفجر مع ثلاثين مسلحا"),
        ("شوهدت ١٤٣ جثة", "143 قتيلا"),
        ("A driver carried petrol drums past the grain silo at dusk.", "Petrol drums past the grain silo seen"),
        ("Our source ZULU-7 moves daily.", "Warning of ZULU-7 for the north"),
        ("一名护士在塔维拉诊所照顾伤员并保存名单和照片", "护士在塔维拉诊所照顾伤员并保存名单"),
    ] {
        assert!(is_found(held, free), "{held} | {free}");
    }
}

#[test]
fn what_anybody_might_say_is_no_repetition() {
    for (held, free) in [
        ("Masalit elders in El Geneina fear the Rapid Support Forces.", "Risk of mass killing of Masalit in Sudan"),
        ("Risk of mass killing in the next six months.", "The risk of mass killing in the next six months is rising"),
        ("About 50 houses and 1,000 people.", "50 dead, 1,000 displaced"),
        ("It happened in 2025, on 11 April.", "Outlook of 11 April 2025"),
        ("The United Nations and the Red Cross were told in Khartoum.", "Ask the United Nations and the Red Cross"),
        ("Villagers say so.", "Villagers need help."),
        ("Le risque de massacre dans les prochains mois.", "Le risque de massacre dans les prochains mois augmente"),
        ("El riesgo de una matanza en los próximos meses.", "El riesgo de una matanza en los próximos meses sube"),
        ("خطر القتل الجماعي في الأشهر المقبلة", "خطر القتل الجماعي مرتفع"),
        ("Der Händler hat im Dorf die Liste gesehen.", "Händler und Dorf sind in Gefahr, und die Lage ist ernst"),
        ("The convoy left at 05:30.", "Report of 05:30"),
    ] {
        assert!(!is_found(held, free), "{held} | {free}");
    }
    // Nobody who reads the headline reads the subject.
    let mut hidden = draft(&[("source", RED, "Masalit elders"), ("headline", GREEN, "Fear among the Masalit")]);
    hidden.portions[0].marking = Marking::new(Tlp::Amber);
    assert!(repeated(&hidden).iter().any(|f| f.portion == Some(2)));
    assert!(!is_found(".", "Halima") && !is_found("Halima", "."));
}

#[test]
fn both_passages_are_shown_with_their_readers_and_the_message_quotes_nothing() {
    let draft = draft(&[("source", RED, "Our source is the nurse Halima."), ("headline", GREEN, "Halima in danger")]);
    let mut readership = Readership::new(draft.portions.len());
    for (partner, reads) in
        [("no.example", vec![0, 1, 2]), ("gh.example", vec![0, 2]), ("ke.example", vec![2]), ("ml.example", vec![])]
    {
        readership.add(domain(partner), reads);
    }
    let found: Vec<Finding> =
        lint_for(&draft, now(), &OwnNames::none(), &readership).into_iter().filter(|f| f.code == REPEATED).collect();
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((finding.severity, finding.portion), (Severity::Officer, Some(2)));
    assert_eq!(
        finding.message,
        "gh.example and ke.example would read a name of a part that they do not get (RED, read by no.example)"
    );
    let shown: Vec<String> = finding.passages.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "RED, read by no.example: “Our source is the nurse Halima.”",
            "GREEN, read by no.example and 2 others: “Halima in danger”"
        ]
    );
    assert!(!finding.to_string().contains("Halima"));
    // Whoever gets the one gets the other.
    let mut alike = Readership::new(draft.portions.len());
    alike.add(domain("no.example"), [0, 1, 2]);
    assert!(lint_for(&draft, now(), &OwnNames::none(), &alike).iter().all(|f| f.code != REPEATED));
}

#[test]
fn what_is_concluded_from_evidence_may_repeat_it_but_no_name() {
    let pair =
        |held: &str, free: &str| !repeated(&draft(&[("evidence", STRICT, held), ("headline", AMBER, free)])).is_empty();
    assert!(!pair(
        "143 bodies were carried past the grain silo at dusk",
        "143 bodies were carried past the grain silo at dusk"
    ));
    assert!(pair("the nurse Halima saw it", "as Halima says"));
    // A hub passes on the freer one.
    let onward = "tlp = \"AMBER\", onward = [\"ecowas\"]";
    let text = draft(&[("evidence", AMBER, "the nurse Halima saw it"), ("narrative", AMBER, "as Halima says")]);
    assert!(repeated(&text).is_empty());
    let mut text = text;
    text.portions[2].marking = Marking {
        onward: Onward::Named(vec![Audience::Organisation(domain("gh.example"))]),
        ..Marking::new(Tlp::Amber)
    };
    assert_eq!(repeated(&text).len(), 1, "{onward}");
}

/// Takes one of some, by a number that each call changes.
fn pick<'a>(seed: &mut u64, from: &[&'a str]) -> &'a str {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    from[usize::try_from(*seed >> 33).unwrap() % from.len()]
}

const FIRST: &[&str] =
    &["Halima", "Yusuf", "Mariam", "Ibrahim", "Aïssata", "Joaquim", "Ximena", "Chidi", "Nyandeng", "Oumar"];
const LAST: &[&str] =
    &["Djouma", "Abakar", "Tounkara", "Quispe", "Figueira", "Okonkwo", "Deng", "Diakité", "Balde", "Mbuyi"];
const TOWNS: &[&str] = &["Tawila", "Kutum", "Zalingei", "Mornei", "Kabkabiya", "Um Baru", "Tina", "Kornoi"];
const NUMBERS: &[&str] = &["143", "37", "1,437", "2,613", "89", "412", "5,281"];
const QUOTES: &[&str] =
    &["burn the silo first", "no witness stays alive", "take the well and wait", "sweep it like dust"];
const ROWS: &[&str] = &[
    "petrol drums stacked beside the grain silo",
    "two lorries painted white wait under tamarind trees",
    "a list read aloud at the well",
];
const SOURCES: &[&str] = &[
    "Our source is {F} {L}, who lives in {T}; {N} names stand on the list; “{Q}” was said; {R}; on 11 April at 05:30.",
    "Notre source est {F} {L}, de {T} ; la liste a {N} noms ; « {Q} », a-t-on dit ; {R} ; le 11 avril à 5h30.",
    "Nuestra fuente es {F} {L}, de {T}; la lista tiene {N} nombres; dijeron “{Q}”; {R}; el 11 de abril a las 05:30.",
    "A nossa fonte é {F} {L}, de {T}; a lista tem {N} nomes; disseram “{Q}”; {R}; em 11 de abril, 05:30.",
];
const SLIPS: &[&str] = &[
    "Warning from {F}: attack expected",
    "Attaque attendue, selon {L}",
    "Ataque esperado, dice {F} {L}",
    "Attack near {T} expected",
    "Une attaque contre {T} se prépare",
    "{N} civilians on a list",
    "{N} civis numa lista",
    "Order given: {Q}",
    "Seen: {R}",
    "Attack planned since April 11, 5.30 am",
];
const HONEST: &[&str] = &[
    "Risk of mass killing in North Darfur rises before the dry season",
    "Le risque de massacre au Darfour augmente",
    "El riesgo de atrocidades sube en Sudán",
    "O risco de atrocidades aumenta no Sudão",
    "Stability outlook: Sudan, second half of 2026",
    "Ask the mission which districts it can still reach",
    "Civilians in the north are at risk; a list of names was read out",
    "Deploy monitors and open a line to the governor by 20 May",
    "About 1,000 people displaced, 61 of them injured, in April",
    "Masalit civilians fear the Rapid Support Forces",
    "Les civils fuient vers le Tchad ; 230 blessés",
    "Attack expected at dawn; move food and water to the towns further west",
    "Se espera un ataque antes de la estación seca",
    "خطر القتل الجماعي في دارفور يرتفع",
];

fn filled(template: &str, seed: u64) -> String {
    let mut seed = seed;
    [("{F}", FIRST), ("{L}", LAST), ("{T}", TOWNS), ("{N}", NUMBERS), ("{Q}", QUOTES), ("{R}", ROWS)]
        .into_iter()
        .fold(template.to_owned(), |text, (mark, from)| text.replace(mark, pick(&mut seed, from)))
}

#[test]
fn of_a_thousand_drafts_slips_are_found_and_honest_ones_left_alone() {
    let (mut found, mut disturbed, mut missed, mut why) = (0, 0, vec![], BTreeSet::new());
    for n in 0..1_000_u64 {
        let mut seed = n;
        let (source, slip, honest) = (pick(&mut seed, SOURCES), pick(&mut seed, SLIPS), pick(&mut seed, HONEST));
        let said = filled(source, n);
        let strict = pick(&mut seed, HONEST);
        let rest = [("source", RED, said.as_str()), ("headline", AMBER, strict), ("evidence", STRICT, strict)];
        let planted = filled(slip, n);
        match repeated(&draft(&[&rest[..], &[("headline", GREEN, &planted)]].concat())).is_empty() {
            true => missed.push(format!("{said} | {planted}")),
            false => found += 1,
        }
        if is_found(&said, honest) {
            disturbed += 1;
            why.insert(format!("{said} | {honest}"));
        }
        disturbed +=
            usize::from(!repeated(&draft(&[("evidence", STRICT, strict), ("headline", AMBER, strict)])).is_empty());
    }
    println!("planted: {found} of 1000 found; honest: {disturbed} of 2000 disturbed");
    assert!(found >= 950, "{found}: {:#?}", &missed[..missed.len().min(10)]);
    assert!(disturbed <= 20, "{disturbed}: {:#?}", why.iter().take(10).collect::<Vec<_>>());
}

#[test]
fn the_demos_warnings_and_the_shipped_example_repeat_nothing() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    let files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|f| f.extension().is_some_and(|e| e == "toml"))
        .collect();
    assert_eq!(files.len(), 29);
    for file in files {
        let draft = parse(&std::fs::read_to_string(&file).unwrap(), Format::Toml, day()).unwrap();
        assert_eq!(repeated(&draft), [], "{}", file.display());
        // The worst case: each partner's agreement gives other kinds.
        let mut readership = Readership::new(draft.portions.len());
        let of = |kinds: &[Kind]| {
            draft
                .portions
                .iter()
                .enumerate()
                .filter(|(_, p)| kinds.contains(&p.body.kind()))
                .map(|(i, _)| i)
                .collect::<Vec<_>>()
        };
        readership
            .add(domain("no.example"), of(&[Kind::Headline, Kind::Subject, Kind::Judgement, Kind::Recommendation]));
        readership.add(domain("gh.example"), of(&[Kind::Headline, Kind::Subject, Kind::Evidence]));
        let found: Vec<_> = lint_for(&draft, now(), &OwnNames::none(), &readership)
            .into_iter()
            .filter(|f| f.code == REPEATED)
            .collect();
        assert_eq!(found, [], "{}", file.display());
    }
    assert_eq!(repeated(&parse(EXAMPLE, Format::Toml, day()).unwrap()), []);
}

#[test]
fn published_warnings_about_other_things_repeat_nothing_of_each_other() {
    let lines = include_str!("reports.tsv").lines().filter(|line| !line.starts_with('#'));
    let reports: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    assert_eq!(reports.len(), 29);
    let (mut pairs, mut alarms) = (0, BTreeSet::new());
    for one in &reports {
        // The title is what a freer headline says of the same report.
        alarms.extend(is_found(one[2], one[1]).then(|| format!("{} | {}", one[2], one[1])));
        for other in reports.iter().filter(|other| other[0] != one[0] && !other[0].is_empty() && !one[0].is_empty()) {
            pairs += 1;
            alarms.extend(is_found(one[2], other[2]).then(|| format!("{} | {}", one[2], other[2])));
        }
    }
    println!("{} alarms in {pairs} pairs of reports: {alarms:#?}", alarms.len());
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn a_hostile_draft_takes_no_longer_than_its_length_asks() {
    let size = MAX_PORTIONS_BYTES / 240;
    for words in ["Aa ", "a \"b\" ", "11 April 05:30 ", "Halima Djouma \n", "1.1 "] {
        let text = words.repeat(size / words.len());
        let portions: Vec<(String, &str)> =
            (0..60).map(|i| (format!("tlp = \"RED\", releasable_to = [\"p{i}.example\"]"), text.as_str())).collect();
        let all: Vec<(&str, &str, &str)> =
            portions.iter().map(|(marking, text)| ("narrative", marking.as_str(), *text)).collect();
        let draft = draft(&all);
        let begun = std::time::Instant::now();
        assert!(repeated(&draft).len() <= 20, "{words}");
        println!("{words:?}: {:?}", begun.elapsed());
        assert!(begun.elapsed().as_secs() < 120, "{words}: {:?}", begun.elapsed());
    }
    // More readerships than are compared can't be said to be free of repetitions.
    let portions: Vec<String> = (0..70).map(|i| format!("tlp = \"RED\", releasable_to = [\"p{i}.example\"]")).collect();
    let all: Vec<(&str, &str, &str)> = portions.iter().map(|marking| ("gap", marking.as_str(), "a")).collect();
    assert_eq!(repeated(&draft(&all)).len(), 1);
}

proptest! {
    #[test]
    fn any_texts_are_compared(held: String, free: String, more in "[A-Z][a-z]{1,5}( [A-Za-z0-9:\"“”.-]{1,6}){0,20}") {
        let mut draft = draft(&[("source", RED, "x"), ("headline", GREEN, "y"), ("narrative", STRICT, "z")]);
        for (portion, text) in draft.portions.iter_mut().skip(1).zip([&held, &free, &more]) {
            portion.body = Body::Narrative { text: text.clone() };
        }
        repeated(&draft);
        // What is protected and has a name is always found in its own copy.
        for portion in draft.portions.iter_mut().skip(1) {
            portion.body = Body::Narrative { text: format!("{more} Zebedee Quux") };
        }
        prop_assert!(!repeated(&draft).is_empty());
    }
}
