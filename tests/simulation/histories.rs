//! Histories of an organisation's roots, over whole nodes and three hops: random ones, and the ones that everybody asks about.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::{
    book::Broken,
    cast::Org,
    plan::mishaps,
    rng::Rng,
    rotation::{ALONE, Chain, FIRST, Forgery, LINKS, OTHERS, Turn},
    run::{THREADS, runtime},
    trace::Trace,
};

/// For how many days a partner is away.
const AWAY: u32 = 30;

fn rounds(count: usize) -> impl Iterator<Item = Turn> {
    let links = (0..LINKS.len()).map(|link| Turn::Connect { link, mishaps: vec![] });
    let round: Vec<Turn> = links.chain(Org::ALL.into_iter().map(|of| Turn::Work { of })).collect();
    std::iter::repeat_n(round, count).flatten()
}

/// Every false bundle that there is, at each hop.
fn lies() -> impl Iterator<Item = Turn> {
    let hops = [(Org::Gh, Org::Ecowas), (Org::Bf, Org::Gh), (Org::Gh, Org::Bf)];
    Forgery::ALL.into_iter().flat_map(move |forgery| hops.map(|(by, to)| Turn::Lie { by, to, forgery }))
}

/// A root is added, and later the old one retired, while a partner is away for thirty days and another one lies. With `is_late`, the old root is
/// retired before the partner is back.
fn asked_about(is_late: bool) -> Vec<Turn> {
    let mut all = vec![Turn::Publish];
    all.extend(rounds(5));
    all.extend([Turn::ListsHaveCome, Turn::Leave { of: ALONE }, Turn::Publish, Turn::Change { retire: false }]);
    all.extend(lies().chain(rounds(3)).chain(lies()));
    all.push(Turn::Wait { days: AWAY });
    if is_late {
        all.extend([Turn::Change { retire: true }, Turn::Return { of: ALONE }]);
    } else {
        all.push(Turn::Return { of: ALONE });
        all.extend(rounds(2));
        all.extend([Turn::Wait { days: 7 }, Turn::Change { retire: true }]);
    }
    all.extend(lies());
    all
}

/// The history for a seed.
fn history(seed: u64) -> Vec<Turn> {
    let mut chance = Rng::new(seed ^ 0xB0_0B1E5);
    let rough = chance.pick(&[0, 10, 30]);
    let length = 25 + chance.below(35);
    (0..length).map(|_| turn(&mut chance, rough)).collect()
}

fn turn(chance: &mut Rng, rough: usize) -> Turn {
    let of = chance.pick(&OTHERS);
    match chance.weighted(&[(6, 0), (14, 1), (8, 2), (3, 3), (2, 4), (2, 5), (2, 6), (1, 7), (6, 8)]) {
        0 => Turn::Change { retire: chance.percent(45) },
        1 => Turn::Connect { link: chance.below(LINKS.len()), mishaps: mishaps(chance, rough) },
        2 => Turn::Work { of: chance.pick(&Org::ALL) },
        3 => Turn::Publish,
        4 => Turn::Leave { of },
        5 => Turn::Return { of },
        6 => Turn::Wait { days: chance.pick(&[1, 8, AWAY]) },
        7 => Turn::Restart { of: chance.pick(&Org::ALL) },
        _ => {
            let liars =
                LINKS.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).filter(|(by, to)| *by != FIRST && *to != FIRST);
            let (by, to) = chance.pick(&liars.collect::<Vec<_>>());
            Turn::Lie { by, to, forgery: chance.pick(&Forgery::ALL) }
        }
    }
}

fn carried_out(folder: &Path, turns: &[Turn]) -> (Result<usize, Broken>, String) {
    let trace = Arc::<Trace>::default();
    let done = runtime().block_on(async {
        let mut chain = Chain::begin(folder, trace.clone()).await;
        for turn in turns {
            chain.turn(turn).await?;
        }

        chain.end().await?;
        Ok(chain.files)
    });
    let _ = std::fs::remove_dir_all(folder);
    (done, trace.text())
}

fn failed(name: &str, broken: &Broken, trace: &str) -> String {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulation");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.txt"));
    std::fs::write(&file, trace).unwrap();
    format!("{name}: {}: {}\n    what happened: {}", broken.invariant, broken.what, file.display())
}

/// An organisation that was away while a root was added follows by itself. One that is back only after the old root was retired needs a file.
pub fn who_was_away_follows(folder: &Path) -> Result<String, String> {
    for (name, is_late, files) in [("in-time", false, 0), ("late", true, 1)] {
        let (done, trace) = carried_out(&folder.join(name), &asked_about(is_late));
        let needed = done.map_err(|broken| failed(name, &broken, &trace))?;
        if needed != files {
            let broken = Broken {
                invariant: "a file for who is late, and for nobody else",
                what: format!("{needed} were needed"),
            };
            return Err(failed(name, &broken, &trace));
        }
    }
    Ok(format!("{} turns, twice", asked_about(true).len()))
}

/// Each of these histories ends with everybody holding the newest bundle and no other.
pub fn hold(folder: &Path, count: u64) -> Result<String, String> {
    let (next, files, failure) = (AtomicU64::new(1), AtomicUsize::new(0), Mutex::new(None));
    let carry_out = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed <= count) {
            let (done, trace) = carried_out(&folder.join(format!("history-{seed}")), &history(seed));
            match done {
                Ok(needed) => _ = files.fetch_add(needed, Ordering::Relaxed),
                Err(broken) => {
                    failure.lock().unwrap().get_or_insert(failed(&format!("history-{seed}"), &broken, &trace));
                    return;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(carry_out);
        }
    });
    let failed = failure.into_inner().unwrap();
    let files = files.into_inner();
    failed.map_or_else(|| Ok(format!("{count} histories, in which {files} files were needed")), Err)
}
