//! Attachments: large, separate from the feed, resumed where the link broke, and only for partners to whom the portion was released.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tonic::Status;
use watchfire::{
    domain::ids::Sha256,
    seal::hash::sha256,
    wire::proto::{self, exchange_service_client::ExchangeServiceClient},
};

use crate::{
    hostile_kit::{Rogue, credentials, serve},
    kit::{Org, free_port, note, pair, pair_by, terms, until},
};

const SIZE: usize = 3 << 20;

/// Bytes that can't be compressed, and that differ at every offset.
fn bytes() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let step = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(step).take(SIZE).collect()
}

/// Publishes a note with the bytes attached. Returns their digest in hexadecimal.
async fn publish(gb: &Org, bytes: &[u8]) -> String {
    std::fs::write(gb.dir.join("map.bin"), bytes).unwrap();
    let attachment =
        "\n[[portion]]\nkind = \"attachment\"\nfile = \"map.bin\"\nmedia_type = \"application/octet-stream\"\n";
    let draft = gb.file("draft.toml", &(note("with a map", "BF") + attachment));
    gb.one(&["--as", "ana", "assess", "publish", &draft, "--accept", "attachment"]).await;
    Sha256(sha256(&[bytes])).to_string()
}

/// Waits until it is complete, saves it, and returns its bytes.
async fn fetched(no: &Org, digest: &str) -> Vec<u8> {
    let out = no.dir.join("fetched.bin");
    let path = out.to_string_lossy().into_owned();
    until("the attachment is complete", async || {
        let answer = no.run(&["--as", "ana", "assess", "fetch", digest, "--out", &path]).await;
        assert!(answer.code == 0 || answer.reason() == "NOT_FOUND", "{}", answer.stderr);
        (answer.code == 0).then_some(())
    })
    .await;
    std::fs::read(out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_arrives_byte_for_byte() {
    let (gb, no) = pair().await;
    let bytes = bytes();
    let digest = publish(&gb, &bytes).await;
    assert!(fetched(&no, &digest).await == bytes, "other bytes came");
    let path = no.dir.join("fetched.bin");
    let again = no.run(&["--as", "ana", "assess", "fetch", &digest, "--out", &path.to_string_lossy()]).await;
    assert_eq!(again.code, 3, "an existing file was overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_without_bytes_is_complete_too() {
    let (gb, no) = pair().await;
    let digest = publish(&gb, b"").await;
    assert_eq!(fetched(&no, &digest).await, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_is_cut_off_leaves_nothing_and_can_be_made_again() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let all = bytes().repeat(8);
    let digest = publish(&gb, &all).await;
    let fetches = gb.dir.join("fetches");
    std::fs::create_dir(&fetches).unwrap();
    let (out, names) = (fetches.join("map.bin"), || std::fs::read_dir(&fetches).unwrap().count());
    let path = out.to_string_lossy().into_owned();
    let fetch = ["--as", "ana", "assess", "fetch", &digest, "--out", &path];
    let cut_off = until("a fetch is cut off", async || {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_watchfire"));
        let mut fetching = command.arg("--dir").arg(&gb.dir).args(fetch).kill_on_drop(true).spawn().unwrap();
        until("it has begun", async || (names() > 0).then_some(())).await;
        gb.signal("STOP");
        let whole = out.exists();
        let kill = ["-s", "TERM", &fetching.id().unwrap().to_string()];
        std::process::Command::new("kill").args(kill).status().unwrap();
        let code = fetching.wait().await.unwrap().code();
        gb.signal("CONT");
        if whole {
            // The command was too fast.
            std::fs::remove_file(&out).unwrap();
            return None;
        }
        Some(code)
    })
    .await;
    assert_eq!((cut_off, names()), (Some(1), 0));
    gb.one(&fetch).await;
    assert!(std::fs::read(&out).unwrap() == all && names() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_takes_no_file_of_this_machine_along() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let work = gb.dir.join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(gb.dir.join("secret.txt"), "secret").unwrap();
    assert!(std::process::Command::new("mkfifo").arg(work.join("pipe")).status().unwrap().success());
    let secret = gb.dir.join("secret.txt");
    for (place, named, why) in [
        ("work/draft.toml", secret.to_str().unwrap(), "files in its own directory"),
        ("work/draft.toml", "../secret.txt", "files in its own directory"),
        ("work/draft.toml", "../storage.key", "files in its own directory"),
        ("work/draft.toml", "/dev/zero", "files in its own directory"),
        ("work/draft.toml", "pipe", "it is not a file"),
        // A draft of somebody else, saved in the node's own directory.
        ("draft.toml", "storage.key", "it is a key or the store"),
        ("draft.toml", "store.db", "it is a key or the store"),
        ("draft.toml", "store.db-wal", "it is a key or the store"),
        ("draft.toml", "node/signing.key", "it is a key or the store"),
        ("draft.toml", "ca/ca.key", "it is a key or the store"),
        ("draft.toml", "persons/analyst-ana/signing.key", "it is a key or the store"),
    ] {
        let attachment =
            format!("\n[[portion]]\nkind = \"attachment\"\nfile = \"{named}\"\nmedia_type = \"text/plain\"\n");
        let draft = gb.file(place, &(note("with a file", "BF") + &attachment));
        for command in
            [&["assess", "lint", &draft][..], &["--as", "ana", "assess", "publish", &draft, "--accept", "attachment"]]
        {
            let refused = gb.run(command).await;
            assert!(refused.code == 3 && refused.stderr.contains(why), "{named}: {}", refused.stderr);
        }
    }
    assert!(gb.ask(&["--as", "ana", "assess", "list"]).await.is_empty());
}

/// A relay that lets only this many bytes through to the dialler, and then breaks the connection.
struct Relay {
    address: String,
    /// How many bytes may still pass.
    allowance: Arc<AtomicU64>,
    passed: Arc<AtomicU64>,
}

impl Relay {
    async fn to(target: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", free_port())).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let relay =
            Self { address, allowance: Arc::new(AtomicU64::new(u64::MAX)), passed: Arc::new(AtomicU64::new(0)) };
        let (allowance, passed) = (relay.allowance.clone(), relay.passed.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(carry(near, far, allowance.clone(), passed.clone()));
            }
        });
        relay
    }
}

async fn carry(near: TcpStream, far: TcpStream, allowance: Arc<AtomicU64>, passed: Arc<AtomicU64>) {
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let up = tokio::io::copy(&mut near_in, &mut far_out);
    let down = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let read = far_in.read(&mut buffer).await.unwrap_or(0);
            let cost = read as u64;
            let paid = allowance.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |a| a.checked_sub(cost));
            if read == 0 || paid.is_err() || near_out.write_all(&buffer[..read]).await.is_err() {
                return;
            }
            passed.fetch_add(cost, Ordering::SeqCst);
        }
    };
    tokio::select! {
        _ = up => {}
        () = down => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_whose_link_breaks_in_the_middle_goes_on_from_there() {
    let mut relay = None;
    let by = async |gb: &Org| relay.insert(Relay::to(gb.peer.clone()).await).address.clone();
    let (gb, no, _) = pair_by(by, "").await;
    let relay = relay.unwrap();
    let bytes = bytes();
    let most = (SIZE / 4 * 3) as u64;
    relay.passed.store(0, Ordering::SeqCst);
    relay.allowance.store(most, Ordering::SeqCst);
    let digest = publish(&gb, &bytes).await;
    let out = no.dir.join("too-early.bin");
    until("the link broke", async || (relay.passed.load(Ordering::SeqCst) + (16 << 10) > most).then_some(())).await;
    let early = no.run(&["--as", "ana", "assess", "fetch", &digest, "--out", &out.to_string_lossy()]).await;
    assert_eq!((early.code, early.reason().as_str()), (1, "NOT_FOUND"));
    assert!(!out.exists());
    relay.allowance.store(u64::MAX / 2, Ordering::SeqCst);
    assert!(fetched(&no, &digest).await == bytes, "other bytes came");
    // Bytes in transit when the link broke pass twice, but not bytes that had arrived.
    let passed = relay.passed.load(Ordering::SeqCst);
    assert!(passed < (SIZE + SIZE / 2) as u64, "{passed} bytes passed for an attachment of {SIZE}");
}

async fn asked(rogue: &Rogue, gb: &Org, digest: [u8; 32]) -> Result<usize, Status> {
    let mut exchange: ExchangeServiceClient<_> = rogue.exchange(gb);
    let request = proto::FetchAttachmentRequest { sha256: digest.to_vec().into(), offset: 0 };
    let mut chunks = exchange.fetch_attachment(request).await?.into_inner();
    let mut length = 0;
    while let Some(chunk) = chunks.message().await? {
        length += chunk.data.len();
    }
    Ok(length)
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_portion_was_not_released_to_learns_nothing_of_the_attachment() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    // One may have attachments. The other may have everything except attachments.
    let mut partners = vec![];
    for (domain, without) in [("has.example", "no such text"), ("hasnot.example", ", \"attachment\"")] {
        let rogue = Rogue::new(domain);
        let (address, served, stop) = serve(&rogue, credentials(&rogue.tls), &gb).await;
        rogue.befriend(&gb, &address, &terms("gb.example", domain, "").replace(without, "")).await;
        partners.push((rogue, served, stop));
    }
    let bytes = bytes();
    publish(&gb, &bytes).await;
    let digest = sha256(&[&bytes]);
    for (rogue, ..) in &partners {
        let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
        let mut feed = rogue.exchange(&gb).subscribe(request).await.unwrap().into_inner();
        let entry = feed.message().await.unwrap().unwrap();
        assert_eq!(entry.portions.len(), if rogue.domain == "has.example" { 4 } else { 3 });
    }
    assert_eq!(asked(&partners[0].0, &gb, digest).await.unwrap(), SIZE);
    let withheld = asked(&partners[1].0, &gb, digest).await.unwrap_err();
    let absent = asked(&partners[1].0, &gb, [9; 32]).await.unwrap_err();
    assert_eq!(watchfire::wire::status::to_fault(&withheld).reason.as_str(), "NOT_FOUND");
    // The two can't be told apart by any byte.
    assert_eq!((withheld.code(), withheld.message()), (absent.code(), absent.message()));
    assert_eq!(withheld.details(), absent.details());
    let names = |s: &Status| s.metadata().clone().into_headers().keys().map(|k| k.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&withheld), names(&absent));
    // After the agreement is over, a partner that had a right to it has none.
    let agreements = gb.ask(&["--as", "root", "agreement", "list"]).await;
    let of = |a: &&serde_json::Value| a["parties"].as_array().unwrap().iter().any(|p| p == "has.example");
    let id = agreements.iter().find(of).unwrap()["id"].as_str().unwrap().to_owned();
    gb.ask(&["--as", "root", "--yes", "agreement", "terminate", &id]).await;
    let ended = asked(&partners[0].0, &gb, digest).await.unwrap_err();
    assert_eq!((ended.code(), ended.message()), (absent.code(), absent.message()));
}
