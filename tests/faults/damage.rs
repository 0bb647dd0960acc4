//! Bytes are changed in the database: in a page of each table and index, in its header, in the log. Whatever is served verifies. Damage that is
//! read takes one item out of service, or ends all writing if everything depends on it. Log, health and doctor name it. Undamaged content can be
//! read.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tonic::Code;
use watchfire::{
    domain::body::Body,
    seal::open::open_listed,
    wire::{self, proto},
};

use crate::{
    disk::{says_read_only, with_health},
    form::Form,
    kit::{Org, note, publication},
    outcome::Outcome,
    promises::Promises,
    world::{Door, Template, settled, stop},
};

const PAGE: u64 = 4096;
/// How many assessments the partner has before anything is damaged. As many more wait for it.
const BEFORE: usize = 4;
/// How long the partner may take to get what a damaged node still gives.
const A_WHILE: Duration = Duration::from_secs(2);
/// How many places the short form damages.
const SHORT: usize = 12;

/// The place and the kind of damage.
#[derive(Clone)]
struct Place {
    name: String,
    at: u64,
    length: usize,
}

/// The places: for a page of each table and index, its head and the middle of its content.
fn places(store: &Path) -> Vec<Place> {
    let conn = Connection::open(store).unwrap();
    let sql = "SELECT name, pageno, ncell FROM dbstat WHERE pagetype = 'leaf' AND ncell > 0 ORDER BY name, ncell DESC";
    let mut pages: BTreeMap<String, u64> = BTreeMap::new();
    let mut rows = conn.prepare(sql).unwrap();
    let found = rows.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?))).unwrap();
    for (name, page) in found.flatten() {
        pages.entry(name).or_insert((page as u64 - 1) * PAGE);
    }
    let mut places = vec![Place { name: "the file's header".to_owned(), at: 0, length: 24 }];
    for (name, start) in pages {
        let head = if start == 0 { 100 } else { 0 };
        places.push(Place { name: format!("the head of a page of {name}"), at: start + head, length: 8 });
        places.push(Place { name: format!("the rows of {name}"), at: start + PAGE - 180, length: 150 });
    }
    places
}

/// Flips bits.
fn damage(file: &Path, place: &Place) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut bytes = vec![0; place.length];
    file.read_exact_at(&mut bytes, place.at).unwrap();
    bytes.iter_mut().for_each(|b| *b ^= 0x5a);
    file.write_all_at(&bytes, place.at).unwrap();
}

/// The results for the damaged stores.
#[derive(Default)]
struct Tally {
    not_started: usize,
    named: usize,
    /// Of the reported damages, those that took one item out of service and nothing else.
    local: usize,
    by_doctor: usize,
    harmless: usize,
    readable: usize,
    /// How many assessments arrived at the partner after the damage and were checked there.
    copies: usize,
}

pub async fn of_pages(form: Form) -> Outcome {
    let template = Template::make().await;
    let (dir, mut gb, mut no) = template.copy("filled");
    let promises = fill(&mut gb, &mut no).await;
    let places = places(&gb.dir.join("store.db"));
    // An odd step, because heads and rows alternate, and some of both must be damaged.
    let step = if form.long { 1 } else { places.len().div_ceil(SHORT) | 1 };
    let (mut outcome, mut tally, mut tried) = (Outcome::default(), Tally::default(), 0);
    for (i, place) in places.iter().enumerate().step_by(step) {
        let to = dir.join(format!("damaged-{i}"));
        let mut damaged = gb.copied(&to.join(gb.domain), (gb.peer.clone(), gb.desk.clone()));
        let mut reader = no.copied(&to.join(no.domain), (no.peer.clone(), no.desk.clone()));
        damage(&damaged.dir.join("store.db"), place);
        let mut found = Outcome::default();
        let before = (tally.not_started, tally.named, tally.by_doctor, tally.harmless);
        one(&mut damaged, &mut reader, &promises, (&mut tally, &mut found)).await;
        let after = (tally.not_started, tally.named, tally.by_doctor, tally.harmless);
        form.tell(|| format!("{}: {before:?} -> {after:?}: {}", place.name, found.in_short()));
        if !found.is_well() {
            found.wrong.push(format!("the above was found after damage to {}", place.name));
        }
        outcome.take(found);
        damaged.kill().await;
        reader.kill().await;
        drop((damaged, reader));
        let _ = std::fs::remove_dir_all(&to);
        tried += 1;
    }
    outcome.acknowledged = promises.kept.len();
    let Tally { not_started, named, local, by_doctor, harmless, readable, copies } = tally;
    outcome.expect(named > 0 && copies > 0 && 2 * harmless < tried, || {
        format!(
            "too little came of it to say anything: of {tried} damages {named} were named and {harmless} met by nobody, and the \
             partner got {copies} assessments after them"
        )
    });
    outcome.done = format!(
        "bytes changed in {tried} places: {not_started} stores are refused at the start, {named} were named with DATA_LOSS, {local} of them as one thing that is out of service, the others turned read-only ({readable} \
         assessments still read), {by_doctor} named by doctor's look alone, {harmless} met by nobody; {copies} copies that came to the partner after it verify"
    );
    outcome
}

/// Some assessments that have arrived, and some that wait for the partner. Both nodes are stopped, and the log is copied into the database.
async fn fill(gb: &mut Org, no: &mut Org) -> Promises {
    let mut promises = Promises::default();
    gb.start().await;
    no.start().await;
    let mut author = gb.author().await;
    for number in 0..2 * BEFORE {
        if number == BEFORE {
            settled(gb, no).await.unwrap();
            stop(no).await;
        }
        let headline = format!("note {number} before the damage");
        promises.kept.insert(author.publish(&note(&headline, "BF")).await, headline);
    }
    stop(gb).await;
    promises
}

async fn one(gb: &mut Org, no: &mut Org, promises: &Promises, (tally, outcome): (&mut Tally, &mut Outcome)) {
    let ops = with_health(gb);
    if let Err(said) = gb.try_start().await {
        let is_named = said.contains("\"reason\"") && said.contains("store") && said.contains("restore a backup");
        outcome.expect(is_named, || format!("the node does not start, and says: {said}"));
        tally.not_started += 1;
        return;
    }
    // If the analyst's entry can't be read any more, nobody may act under that name.
    if let Err(refused) = gb.try_connect("analyst-ana").await {
        let is_named = refused.to_string().contains("your entry in the register");
        outcome.expect(is_named && gb.log().contains("is out of service"), || format!("refused to sign in: {refused}"));
        (tally.named, tally.local) = (tally.named + 1, tally.local + 1);
        return;
    }
    no.start().await;
    let (mut met, readable, absent) = read_all(gb, promises, outcome).await;
    met |= publishes(gb, outcome).await;
    until_come(no, promises).await;
    for reason in ["SIGNATURE_INVALID", "DIGEST_NOT_LISTED", "UNKNOWN_OR_NON_CANONICAL", "DIGEST_REPEATED"] {
        outcome
            .expect(!no.log().contains(reason), || format!("the partner got something that does not verify: {reason}"));
    }
    tally.copies += copies_verify(no, promises, outcome).await;
    let writes_no_more = gb.log().contains("the store writes no more");
    let one_thing = gb.log().contains("is out of service");
    if met || writes_no_more || one_thing {
        tally.named += 1;
        tally.readable += readable;
        tally.local += usize::from(!writes_no_more);
        outcome.expect(writes_no_more || one_thing, || {
            "the answer was DATA_LOSS, but the log does not name the damage".to_owned()
        });
        if writes_no_more {
            says_read_only(gb, &ops, "STORE_CORRUPT", outcome).await;
            let again = publishes(gb, outcome).await;
            outcome.expect(again, || {
                "something that everything depends on is damaged, but the node still writes".to_owned()
            });
        }
        return;
    }
    let doctor = gb.run(&["--as", "root", "doctor"]).await;
    let verify = gb.run(&["--as", "root", "ledger", "verify"]).await;
    let is_named = doctor.stdout.contains("STORE_CORRUPT") || verify.code != 0;
    outcome.expect(absent == 0 || is_named, || format!("{absent} are not found, and nothing says why"));
    match is_named {
        true => tally.by_doctor += 1,
        false => tally.harmless += 1,
    }
}

/// Reads each assessment. What is given must be what was written, and what is not given must be refused as damaged. Returns whether damage was
/// found, how many can be read, and how many are reported as missing.
async fn read_all(org: &Org, promises: &Promises, outcome: &mut Outcome) -> (bool, usize, usize) {
    let mut analyst = org.connect("analyst-ana").await;
    let (mut met, mut readable, mut absent) = (false, 0, 0);
    for (id, headline) in &promises.kept {
        let request =
            proto::GetAssessmentRequest { assessment_id: hex::decode(id).unwrap().into(), ..Default::default() };
        match analyst.assessments.get_assessment(request).await {
            Ok(answer) => {
                readable += 1;
                let view = answer.into_inner().assessment.unwrap();
                if let Err(why) = is_as_written(&view, headline) {
                    outcome.wrong.push(format!("{id} was served and does not verify: {why}"));
                }
            }
            Err(status) if status.code() == Code::DataLoss => met = true,
            Err(status) if status.code() == Code::NotFound => absent += 1,
            Err(status) => outcome.wrong.push(format!("{id}: {:?} {}", status.code(), status.message())),
        }
    }
    (met, readable, absent)
}

fn is_as_written(view: &proto::AssessmentView, headline: &str) -> Result<(), String> {
    if let Some(bad) = view.signatures.iter().find(|s| !s.valid) {
        return Err(format!("a signature: {}", bad.reason));
    }
    let envelope = wire::envelope::from_proto(view.manifest.clone().unwrap()).map_err(|f| f.to_string())?;
    let manifest = wire::manifest::decode(&envelope.payload).map_err(|f| f.to_string())?;
    let opened = open_listed(&manifest, &view.portions).map_err(|f| f.to_string())?;
    let is_it = |b: &Body| matches!(b, Body::Headline { text } if text == headline);
    if opened.iter().any(|o| is_it(&o.portion().body)) { Ok(()) } else { Err("another headline".to_owned()) }
}

/// Waits for the partner to get what it can get, and no longer than until it has everything.
async fn until_come(no: &Org, promises: &Promises) {
    let started = Instant::now();
    while started.elapsed() < A_WHILE {
        let here = no.assessments("gb.example").await;
        if promises.kept.keys().all(|id| here.contains(id)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Checks that what the partner has of it verifies there. Returns how many more it has than before.
async fn copies_verify(no: &Org, promises: &Promises, outcome: &mut Outcome) -> usize {
    let here = no.assessments("gb.example").await;
    let come = here.len().saturating_sub(BEFORE);
    for id in here {
        let shown = no.run(&["--as", "ana", "assess", "show", &id]).await;
        let headline = promises.kept.get(&id);
        let is_it = headline.is_none_or(|h| shown.stdout.contains(h.as_str()));
        outcome.expect(shown.code == 0 && is_it, || format!("the partner has {id} as {}", shown.stdout));
    }
    come
}

/// Tries to publish. Returns whether it was refused as damage.
async fn publishes(org: &Org, outcome: &mut Outcome) -> bool {
    let door = Door::of(org);
    let (mut desk, key) = (door.connect("analyst-ana").await.unwrap(), door.key("analyst-ana"));
    match desk.assessments.publish_assessment(publication(org.domain, &key, &note("after the damage", "BF"))).await {
        Ok(_) => false,
        Err(status) => {
            let fault = wire::status::to_fault(&status);
            let is_named = status.code() == Code::DataLoss && fault.reason.as_str() == "STORE_CORRUPT";
            outcome.expect(is_named, || format!("publishing on a damaged store: {status:?}"));
            is_named
        }
    }
}

/// The log is damaged after `kill -9`. Everything after the damage is lost with it, and SQLite takes it for a log that ended there. The head in
/// the file next to the store reveals the loss, and the node accepts no changes until that is settled.
pub async fn of_the_log(_form: Form) -> Outcome {
    let template = Template::make().await;
    let (_, mut gb, _no) = template.copy("log");
    let config = gb.dir.join("watchfire.toml");
    let text = std::fs::read_to_string(&config).unwrap() + "\n[ledger]\ninterval_seconds = 1\n";
    std::fs::write(&config, text).unwrap();
    gb.start().await;
    let (mut author, mut published) = (gb.author().await, vec![]);
    for number in 0..6 {
        published.push(author.publish(&note(&format!("note {number} in the log"), "BF")).await);
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    gb.kill().await;
    damage(&gb.dir.join("store.db-wal"), &Place { name: String::new(), at: 32 + 24 + 4096 * 2, length: 60 });
    let mut outcome = Outcome { acknowledged: published.len(), ..Outcome::default() };
    match gb.try_start().await {
        Ok(()) => {
            let here = gb.assessments("gb.example").await;
            let refused = gb.try_connect("analyst-ana").await.unwrap();
            let mut desk = refused;
            let key = Door::of(&gb).key("analyst-ana");
            let answer = desk.assessments.publish_assessment(publication(gb.domain, &key, &note("after", "BF"))).await;
            let reason = answer.err().map(|s| wire::status::to_fault(&s).reason.as_str());
            let is_lost = published.iter().any(|p| !here.contains(p));
            outcome.expect(is_lost, || "the log was damaged, but nothing is missing".to_owned());
            outcome.expect(reason == Some("BEHIND_WITNESSES"), || {
                format!("entries are lost, but a change is answered with {reason:?}")
            });
        }
        Err(said) => outcome.expect(said.contains("\"reason\""), || format!("the node does not start; it says {said}")),
    }
    outcome.done = "the head next to the store must reveal what a damaged log lost: BEHIND_WITNESSES".to_owned();
    gb.kill().await;
    outcome
}
