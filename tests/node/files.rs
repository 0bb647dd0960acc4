//! A node's own files: written by other tools, renewed one after the other, ended before the start, accessible to others.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::Command,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use watchfire::{
    domain::time::{Clock, Time},
    identity::{
        certificate::serial,
        crl::Revocation,
        devca::{DevCa, IssuedCertificate, Purpose},
        files::{Existing, read_chain, to_pem, write_public, write_secret},
    },
    telemetry::SystemClock,
};

use crate::kit::{Org, note, pair, until};

const DAY: i64 = 86_400;

/// The organisation's CA. It is moved out of the node's directory, so that the node renews nothing by itself.
fn take_ca(org: &Org) -> DevCa {
    let ca = ca_of(org);
    fs::remove_dir_all(org.dir.join("ca")).unwrap();
    ca
}

fn ca_of(org: &Org) -> DevCa {
    let text = |name: &str| fs::read_to_string(org.dir.join(name)).unwrap();
    DevCa::load(&org.domain.parse().unwrap(), &text("ca/ca.pem"), &text("ca/ca.key")).unwrap()
}

fn node(org: &Org, ca: &DevCa, purpose: Purpose, from: Time) -> IssuedCertificate {
    let id = format!("spiffe://{}/node/n1", org.domain).parse().unwrap();
    ca.issue(&id, purpose, from, 30).unwrap()
}

fn put_key(org: &Org, file: &str, issued: &IssuedCertificate) {
    write_secret(&org.dir.join(file), issued.key_pem.as_bytes(), Existing::Replace).unwrap();
}

fn put_certificate(org: &Org, file: &str, issued: &IssuedCertificate) {
    write_public(&org.dir.join(file), issued.certificate_pem.as_bytes(), Existing::Replace).unwrap();
}

async fn logged(org: &Org, words: &str) {
    until(&format!("{}: the log says {words}", org.domain), async || org.log().contains(words).then_some(())).await;
}

/// A node that is not running, with health and metrics at the returned address.
pub async fn with_ops(root: &Path) -> (Org, String) {
    let org = Org::make(root, "gb.example", "state", Some("GB")).await;
    let (ops, _) = Org::free_ports();
    let config = org.dir.join("watchfire.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(config, text.replace("ops = \"off\"", &format!("ops = \"{ops}\""))).unwrap();
    (org, ops)
}

pub async fn readyz(ops: &str) -> String {
    asked(ops, "/readyz").await
}

/// The answer at a path, with its headers.
pub async fn asked(ops: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(ops).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_as_openssl_writes_them_are_read_or_told_with_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: there is no `openssl` here, so its forms of keys were not tried");
        return;
    }
    let (key, plain) = (org.dir.join("node/tls.key"), org.dir.join("plain.key"));
    fs::copy(&key, &plain).unwrap();
    for (command, code, words) in [
        ("{ openssl ecparam -name prime256v1; openssl ec -in plain.key; } > node/tls.key", 0, ""),
        ("sed 's/$/\\r/' plain.key > node/tls.key", 0, ""),
        ("openssl pkcs8 -topk8 -in plain.key -passout pass:x > node/tls.key", 3, "is encrypted; "),
        ("openssl ec -aes256 -in plain.key -passout pass:x > node/tls.key", 3, "is encrypted; "),
        ("openssl pkey -in plain.key -outform DER > node/tls.key", 3, "openssl pkey -inform DER"),
        ("openssl genpkey -algorithm ED25519 > node/tls.key", 3, "is not the key of the certificate in"),
        ("cat node/tls.pem plain.key > node/tls.key", 0, ""),
    ] {
        let ran = Command::new("sh").args(["-e", "-c", command]).current_dir(&org.dir).output().unwrap();
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
        let checked = org.run(&["config", "check"]).await;
        assert_eq!(checked.code, code, "{command}: {}{}", checked.stdout, checked.stderr);
        assert!(checked.stderr.contains(words), "{command}: {}", checked.stderr);
        assert!(code == 0 || checked.stderr.contains("node/tls.key"), "{command}: {}", checked.stderr);
    }
    // The other way round: openssl reads the keys that `init` makes, of every kind.
    for made in ["node/signing.key", "node/ledger.key", "ca/ca.key", "plain.key"] {
        let read =
            Command::new("openssl").args(["pkey", "-noout", "-in", made]).current_dir(&org.dir).output().unwrap();
        assert!(read.status.success(), "{made}: {}", String::from_utf8_lossy(&read.stderr));
    }
    // A key in the file of its certificate works. If others may read the file, the node says so.
    let both = fs::read_to_string(&plain).unwrap() + &fs::read_to_string(org.dir.join("node/tls.pem")).unwrap();
    fs::write(org.dir.join("node/tls.pem"), both).unwrap();
    let told = org.one(&["config", "check"]).await["to_mend"][0].as_str().unwrap().to_owned();
    assert!(told.contains("chmod 600") && told.contains("node/tls.pem"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_domain_is_told_with_the_file_of_the_other_one() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let config = org.dir.join("watchfire.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(config, text.replace("domain = \"gb.example\"", "domain = \"uk.example\"")).unwrap();
    for command in [["config", "check"].as_slice(), &["serve"]] {
        let answer = org.run(command).await;
        assert_eq!(answer.code, 3, "{command:?}: {}", answer.stderr);
        for words in ["node/tls.pem", "`gb.example`", "domain = \"uk.example\""] {
            assert!(answer.stderr.contains(words), "{command:?} does not say {words}: {}", answer.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_and_certificate_that_come_one_after_the_other_are_taken_together() {
    let root = tempfile::tempdir().unwrap();
    let mut org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let ca = take_ca(&org);
    org.start().await;
    for (purpose, stem, what) in
        [(Purpose::NodeTls, "node/tls", "TLS certificate"), (Purpose::Signing, "node/signing", "signing key")]
    {
        let issued = node(&org, &ca, purpose, SystemClock.now());
        let before = org.log().matches("NOT in force").count();
        put_key(&org, &format!("{stem}.key"), &issued);
        until("the half set is told", async || (org.log().matches("NOT in force").count() > before).then_some(()))
            .await;
        // What was in force stays in force meanwhile, and the log is not filled.
        tokio::time::sleep(Duration::from_millis(2500)).await;
        org.ask(&["--as", "ana", "assess", "list"]).await;
        assert_eq!(org.log().matches("NOT in force").count(), before + 1, "{}", org.log());
        put_certificate(&org, &format!("{stem}.pem"), &issued);
        logged(&org, &format!("renewed what=\"{what}\" was_refused=true")).await;
        org.ask(&["--as", "ana", "assess", "list"]).await;
    }
    // If a file can't be read, what is in force stays. This is reported once, and so is the file's return.
    let bundle = org.dir.join("bundle.pem");
    let text = fs::read(&bundle).unwrap();
    fs::remove_file(&bundle).unwrap();
    logged(&org, "bundle.pem` is missing").await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(org.log().matches("bundle.pem` is missing").count(), 1, "{}", org.log());
    fs::write(&bundle, text).unwrap();
    logged(&org, "the files on disk are the ones in force again").await;
}

/// Two lists of one length: nobody is on the first, the analyst on the second.
fn lists(org: &Org, ca: &DevCa) -> [Vec<u8>; 2] {
    let now = SystemClock.now();
    let entry = |serial: Vec<u8>| [(serial, Revocation { at: now, invalid_since: None })];
    let ana = serial(&read_chain(&org.dir.join("persons/analyst-ana/tls.pem")).unwrap()[0]).unwrap();
    let nobody: Vec<u8> = ana.iter().map(|byte| byte ^ 1).collect();
    let number = u64::try_from(now.unix_nanos()).unwrap();
    // ECDSA signatures differ in length by a byte or two.
    let list = |serial: &Vec<u8>, number| ca.revocation_list(number, &entry(serial.clone()), now, 30).unwrap();
    let first = list(&nobody, number);
    let second = (1..).map(|n| list(&ana, number + n)).find(|list| list.len() == first.len()).unwrap();
    [first, second]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_turned_to_a_list_of_the_same_time_and_length_revokes() {
    let root = tempfile::tempdir().unwrap();
    let mut org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let ca = take_ca(&org);
    for (name, list) in ["one.pem", "two.pem"].into_iter().zip(lists(&org, &ca)) {
        let path = org.dir.join(name);
        fs::write(&path, to_pem("X509 CRL", &list)).unwrap();
        let times = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1));
        fs::File::options().write(true).open(path).unwrap().set_times(times).unwrap();
    }
    let (crl, new) = (org.dir.join("crl.pem"), org.dir.join("new"));
    fs::remove_file(&crl).unwrap();
    symlink("one.pem", &crl).unwrap();
    org.start().await;
    org.ask(&["--as", "ana", "assess", "list"]).await;
    symlink("two.pem", &new).unwrap();
    fs::rename(&new, &crl).unwrap();
    until("the analyst is refused", async || {
        (org.run(&["--as", "ana", "assess", "list"]).await.code != 0).then_some(())
    })
    .await;
    org.ask(&["--as", "olu", "assess", "list"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_does_not_wait_for_a_certificate_that_is_copied_half() {
    let root = tempfile::tempdir().unwrap();
    let mut org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let ca = take_ca(&org);
    org.start().await;
    put_key(&org, "node/tls.key", &node(&org, &ca, Purpose::NodeTls, SystemClock.now()));
    let [_, list] = lists(&org, &ca);
    write_public(&org.dir.join("crl.pem"), to_pem("X509 CRL", &list).as_bytes(), Existing::Replace).unwrap();
    until("the analyst is refused", async || {
        (org.run(&["--as", "ana", "assess", "list"]).await.code != 0).then_some(())
    })
    .await;
    org.ask(&["--as", "olu", "assess", "list"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_certificate_has_ended_starts_and_waits_for_a_new_one() {
    let root = tempfile::tempdir().unwrap();
    let (mut org, ops) = with_ops(root.path()).await;
    let ca = take_ca(&org);
    let old = node(&org, &ca, Purpose::NodeTls, SystemClock.now().plus_seconds(-40 * DAY));
    put_key(&org, "node/tls.key", &old);
    put_certificate(&org, "node/tls.pem", &old);
    let ended = old.not_after.to_string();
    let checked = org.one(&["config", "check"]).await;
    let told = checked["to_mend"][0].as_str().unwrap();
    assert!(told.contains("node/tls.pem") && told.contains(&ended), "{checked}");
    org.start().await;
    logged(&org, &format!("a certificate expired on {ended}")).await;
    let answer = readyz(&ops).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("TLS certificate"), "{answer}");
    let new = node(&org, &ca, Purpose::NodeTls, SystemClock.now());
    put_key(&org, "node/tls.key", &new);
    put_certificate(&org, "node/tls.pem", &new);
    until("it is ready", async || readyz(&ops).await.starts_with("HTTP/1.1 200").then_some(())).await;
    org.ask(&["--as", "ana", "assess", "list"]).await;
    // A certificate that has ended does not replace a valid one.
    put_key(&org, "node/tls.key", &old);
    put_certificate(&org, "node/tls.pem", &old);
    logged(&org, "the new files are NOT in force").await;
    org.ask(&["--as", "ana", "assess", "list"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_while_the_signing_certificate_had_ended_arrives_after_the_renewal() {
    let (gb, no) = pair().await;
    let mut author = gb.author().await;
    let mut published = vec![author.publish(&note("before", "BF")).await];
    no.has("gb.example", &published).await;
    let ca = take_ca(&gb);
    let der = read_chain(&gb.dir.join("node/signing.pem")).unwrap()[0].to_vec();
    let end = SystemClock.now().plus_seconds(4);
    let short = ca.reissue(&der, SystemClock.now(), end).unwrap();
    write_public(&gb.dir.join("node/signing.pem"), short.as_bytes(), Existing::Replace).unwrap();
    logged(&gb, "renewed what=\"signing key\"").await;
    until("the certificate has ended", async || (SystemClock.now() > end.plus_seconds(1)).then_some(())).await;
    published.push(author.publish(&note("meanwhile", "BF")).await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(no.assessments("gb.example").await.len(), 1, "something was signed with a certificate that had ended");
    let long = ca.reissue(&der, SystemClock.now(), end.plus_seconds(30 * DAY)).unwrap();
    write_public(&gb.dir.join("node/signing.pem"), long.as_bytes(), Existing::Replace).unwrap();
    no.has("gb.example", &published).await;
    published.push(author.publish(&note("after", "BF")).await);
    no.has("gb.example", &published).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_development_ca_renews_before_the_end_and_when_it_is_told_to() {
    let root = tempfile::tempdir().unwrap();
    let mut org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    org.ask(&["person", "add", "bob", "--role", "analyst"]).await;
    org.ask(&["person", "revoke", "bob"]).await;
    assert!(org.ask(&["ca", "renew"]).await.is_empty(), "nothing ends yet");
    // In this order: ended, ends in 20 days, valid for long.
    let dir = org.dir.clone();
    let file = |name: &str| dir.join(name);
    let ca = ca_of(&org);
    for (name, days) in [("node/tls.pem", -1), ("persons/analyst-ana/tls.pem", 20)] {
        let der = read_chain(&file(name)).unwrap()[0].to_vec();
        let from = SystemClock.now().plus_seconds(-300 * DAY);
        let pem = ca.reissue(&der, from, SystemClock.now().plus_seconds(days * DAY)).unwrap();
        write_public(&file(name), pem.as_bytes(), Existing::Replace).unwrap();
    }
    fs::set_permissions(file("node/tls.pem"), fs::Permissions::from_mode(0o640)).unwrap();
    let list = ca.revocation_list(1, &[], SystemClock.now(), 29).unwrap();
    let revoking = fs::read(file("crl.pem")).unwrap();
    org.start().await;
    // A running node renews them by itself, and loads the new files.
    until("the desk answers", async || (org.run(&["--as", "ana", "assess", "list"]).await.code == 0).then_some(()))
        .await;
    assert_eq!(org.log().matches("renewed by the development CA").count(), 2, "{}", org.log());
    assert_eq!(fs::metadata(file("node/tls.pem")).unwrap().mode() & 0o777, 0o640);
    // All of them: the node's two, two for each of three persons, and the list.
    let renewed = org.ask(&["ca", "renew", "--all"]).await;
    assert_eq!(renewed.len(), 9, "{renewed:?}");
    assert!(renewed.iter().any(|r| r["what"] == "spiffe://gb.example/officer/olu"), "{renewed:?}");
    logged(&org, "renewed what=\"trust bundle and revocation lists, TLS certificate, signing key\"").await;
    org.ask(&["--as", "ana", "assess", "list"]).await;
    // A revoked person stays revoked, and the number has risen.
    assert_ne!(fs::read(file("crl.pem")).unwrap(), revoking);
    let der = &watchfire::identity::files::read_crls(&file("crl.pem")).unwrap()[0];
    assert_eq!(watchfire::identity::crl::Crl::entries(der).unwrap().len(), 2);
    assert!(ca.list_facts(der).unwrap().number > ca.list_facts(&list).unwrap().number);
    // Also if the file is lost.
    fs::remove_file(file("crl.pem")).unwrap();
    org.ask(&["ca", "renew"]).await;
    let der = &watchfire::identity::files::read_crls(&file("crl.pem")).unwrap()[0];
    assert_eq!(watchfire::identity::crl::Crl::entries(der).unwrap().len(), 2);
    fs::remove_dir_all(file("ca")).unwrap();
    let refused = org.run(&["ca", "renew"]).await;
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("no development CA") && refused.stderr.contains("certs/README.md"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careless_umask_opens_nothing_and_a_second_node_is_told_of_the_first() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("a dir/nœud ü");
    let (peer, desk) = Org::free_ports();
    let program = env!("CARGO_BIN_EXE_watchfire");
    let script = format!(
        "umask 000; \"$0\" --dir \"$1\" init --org gb.example --kind ngo --peer {peer} --desk {desk} --ops off && \
         \"$0\" --dir \"$1\" person add ana --role analyst && exec \"$0\" --dir \"$1\" --json serve"
    );
    let mut node = Command::new("sh").args(["-c", &script, program]).arg(&dir).spawn().unwrap();
    until("it listens", async || TcpStream::connect(&desk).await.ok()).await;
    let link = root.path().join("link");
    symlink(&dir, &link).unwrap();
    let (peer, desk) = Org::free_ports();
    let second = Command::new(program)
        .args(["--dir", link.to_str().unwrap(), "serve"])
        .envs([("WATCHFIRE_LISTEN_PEER", peer), ("WATCHFIRE_LISTEN_DESK", desk)])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    let open = open_to_others(&dir);
    node.kill().unwrap();
    node.wait().unwrap();
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains("is in use by another process"), "{said}");
    assert!(open.iter().all(|(name, mode)| mode & 0o033 == 0 && (name.ends_with(".pem") || name == "watchfire.toml")));
    assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
    assert_eq!(
        fs::metadata(root.path().join("a dir")).unwrap().mode() & 0o022,
        0,
        "others than the owner can replace the directory"
    );
}

/// Every file that others than the owner may access, with its mode.
fn open_to_others(dir: &Path) -> Vec<(String, u32)> {
    let mut open = vec![];
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let (mode, name) = (entry.metadata().unwrap().mode() & 0o777, entry.file_name().to_string_lossy().into_owned());
        if mode & 0o077 != 0 {
            open.push((name, mode));
        }
        if entry.path().is_dir() {
            open.extend(open_to_others(&entry.path()));
        }
    }
    open
}
