//! A person's keys on the person's own machine. One file takes them there.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::kit::{Answer, Org, note, until, watchfire};

/// A command on a person's own machine.
async fn on(machine: &Path, arguments: &[&str]) -> Answer {
    watchfire(machine, &[&["--json"], arguments].concat()).await
}

async fn well(machine: &Path) {
    let answer = on(machine, &["doctor"]).await;
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
}

async fn pack(gb: &Org, name: &str, more: &[&str]) -> String {
    let file = gb.place(&format!("{name}-{}.person", more.len()));
    let packed = gb.run(&[&["person", "pack", name, "--desk", &gb.desk, "--out", &file], more].concat()).await;
    assert_eq!(packed.code, 0, "{}", packed.stderr);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_sets_a_machine_up_and_renews_it_and_its_person_is_revoked_from_afar() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let machine = elsewhere.path().join("deep/ana");
    let file = pack(&gb, "ana", &["--move"]).await;
    let set_up = on(&machine, &["person", "unpack", &file]).await;
    assert_eq!((set_up.code, set_up.lines()[0]["renewed"].as_bool()), (0, Some(false)), "{}", set_up.stderr);
    // Both sides are well: the machine without a node, and the node without the keys.
    well(&machine).await;
    well(&gb.dir).await;
    assert_eq!(on(&machine, &["config", "check"]).await.code, 0);
    assert_eq!(on(&machine, &["serve"]).await.code, 3, "there is no node");
    let away = gb.run(&["--as", "ana", "assess", "list"]).await;
    assert!(away.code == 3 && away.stderr.contains("not in this directory"), "{}", away.stderr);
    let draft = gb.file("draft.toml", &note("From afar", "BF"));
    let published = on(&machine, &["assess", "publish", &draft]).await;
    assert_eq!(published.code, 0, "{}", published.stderr);

    // Renewed where the certificates are, and taken to the machine by a file without keys.
    gb.one(&["ca", "renew", "--all"]).await;
    let renewed = pack(&gb, "ana", &[]).await;
    assert!(!fs::read_to_string(&renewed).unwrap().contains("PRIVATE"));
    let before = fs::read(machine.join("persons/analyst-ana/tls.pem")).unwrap();
    let taken = on(&machine, &["person", "unpack", &renewed]).await;
    assert_eq!(taken.lines()[0]["renewed"], true, "{}", taken.stderr);
    assert_ne!(before, fs::read(machine.join("persons/analyst-ana/tls.pem")).unwrap());
    well(&machine).await;
    let new = elsewhere.path().join("new");
    assert_eq!(on(&new, &["person", "unpack", &renewed]).await.code, 3, "no keys anywhere");
    assert!(!new.exists(), "a failed set-up must leave nothing behind");

    gb.one(&["person", "revoke", "ana"]).await;
    until("she is refused", async || (on(&machine, &["assess", "list"]).await.code == 5).then_some(())).await;
}

#[tokio::test]
async fn a_file_that_is_not_whole_is_refused_and_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let (ana, olu) = (pack(&gb, "ana", &[]).await, pack(&gb, "olu", &[]).await);
    let elsewhere = tempfile::tempdir().unwrap();
    let machine = elsewhere.path().join("ana");
    let text = fs::read_to_string(&ana).unwrap();
    let of_olu = fs::read_to_string(&olu).unwrap();
    let key = |text: &str| text.split("signing_key = ").nth(1).unwrap().to_owned();
    let wrong = [
        text[..text.len() / 2].to_owned(),
        text.replace("watchfire-person/1", "watchfire-person/2"),
        text.replace("name = \"ana\"", "name = \"olu\""),
        text.replace("gb.example\"", "no.example\""),
        text.replace("\ndesk", "\nhost = \"x\"\ndesk"),
        text.replace(&format!("desk = \"{}\"", gb.desk), "desk = \"nowhere\""),
        text.replace(&key(&text), &key(&of_olu)),
        text.replace("role = \"analyst\"", "role = \"admin\""),
        String::new(),
        // No value in it can set an option that it is not for.
        text.replace("kind = \"state\"", "kind = \"ngo\\\"\\nbundle = \\\"../stolen\""),
        text.replace(&format!("desk = \"{}\"", gb.desk), &format!("desk = \"{}\\\"\\nops = \\\"0.0.0.0:1\"", gb.desk)),
        text.replace("country = \"GB\"", "country = \"GB\\\"\\nbundle = \\\"../stolen\""),
    ];
    for (number, text) in wrong.into_iter().enumerate() {
        let file = elsewhere.path().join(format!("wrong-{number}"));
        fs::write(&file, &text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = on(&machine, &["person", "unpack", &file.display().to_string()]).await;
        assert!([2, 3].contains(&refused.code), "{number}: {} {}", refused.stdout, refused.stderr);
        assert!(!refused.stderr.contains("BEGIN") && !refused.stdout.contains("BEGIN"), "{number}: {}", refused.stderr);
        assert!(!machine.join("watchfire.toml").exists(), "{number}");
        assert!(!machine.join("persons/analyst-ana/tls.key").exists(), "{number}");
    }
    assert!(!elsewhere.path().join("stolen").exists());
    // Text around the certificates is not copied.
    let noted = elsewhere.path().join("noted");
    fs::write(&noted, text.replace("bundle = \"\"\"\n", "bundle = \"\"\"\nssh-ed25519 AAAA\n")).unwrap();
    fs::set_permissions(&noted, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(on(&machine, &["person", "unpack", &noted.display().to_string()]).await.code, 0);
    assert!(!fs::read_to_string(machine.join("bundle.pem")).unwrap().contains("ssh"));
    // Other keys of the same person, and other roots, have to be confirmed.
    let other = Org::make(&root.path().join("other"), "gb.example", "state", Some("GB")).await;
    let false_ana = pack(&other, "ana", &[]).await;
    let asked = on(&machine, &["person", "unpack", &false_ana]).await;
    assert!(asked.code == 5 && asked.stderr.contains("another key"), "{}", asked.stderr);
    assert_eq!(on(&machine, &["person", "unpack", &ana]).await.code, 0, "the same file again must change nothing");
    // A name with a dot can't be the directory of another person.
    for name in ["a.b", "a.draft", "a"] {
        gb.one(&["person", "add", name, "--role", "analyst"]).await;
        let file = pack(&gb, name, &[]).await;
        assert_eq!(on(&machine, &["person", "unpack", &file]).await.code, 0, "{name}");
    }
    assert_eq!(fs::read_dir(machine.join("persons")).unwrap().count(), 4);
    let renewing = on(&machine, &["ca", "renew"]).await;
    assert!(renewing.code == 3 && renewing.stderr.contains("own machine"), "{}", renewing.stderr);
    fs::set_permissions(&ana, fs::Permissions::from_mode(0o644)).unwrap();
    let open = on(&machine, &["person", "unpack", &ana]).await;
    assert!(open.code == 3 && open.stderr.contains("chmod 600"), "{}", open.stderr);
    // A node's directory accepts nobody's file.
    let node = gb.run(&["person", "unpack", &olu]).await;
    assert!(node.code == 3 && node.stderr.contains("there is a node in"), "{}", node.stderr);
}
