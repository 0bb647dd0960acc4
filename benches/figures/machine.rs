//! What the machine says: CPU time, memory, the disk, and what a row of times amounts to.

use std::{
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// CPU time of a process, seconds: user and system, all threads. The kernel counts in hundredths.
pub fn cpu_seconds(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // utime and stime are fields 14 and 15 of the whole, so 11 and 12 after the name.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Resident memory of a process, KiB.
pub fn resident_kib(pid: u32) -> f64 {
    of_status(pid, "VmRSS:")
}

/// The part of it that is its own, KiB: all but the program's pages, which the system can read again from the disk.
pub fn own_kib(pid: u32) -> f64 {
    of_status(pid, "RssAnon:")
}

fn of_status(pid: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The median time of one appended page and its fdatasync in that directory, milliseconds.
pub fn fdatasync_ms(dir: &Path, times: usize) -> f64 {
    let path = dir.join("fdatasync.probe");
    let mut file = std::fs::File::create(&path).unwrap();
    let page = [7; 8192];
    let took = (0..times)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&page).unwrap();
            file.sync_data().unwrap();
            start.elapsed()
        })
        .collect();
    std::fs::remove_file(&path).unwrap();
    percentile(took, 50.0)
}

/// A percentile in milliseconds, by nearest rank.
pub fn percentile(mut took: Vec<Duration>, percent: f64) -> f64 {
    took.sort_unstable();
    let rank = (percent / 100.0 * took.len() as f64).ceil() as usize;
    took[rank.clamp(1, took.len()) - 1].as_secs_f64() * 1000.0
}
