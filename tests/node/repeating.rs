//! What is protected in one part and said again in a freer one is stopped, and what attachments tell about themselves is shown before it goes.

use serde_json::Value;

use crate::kit::{note, pair, watchfire};

/// A green note with this headline, and a source that is named for somebody else alone.
fn draft(headline: &str) -> String {
    note(headline, "BF").replace("\"AMBER\"", "\"GREEN\"")
        + "\n[[portion]]\nkind = \"source\"\ntext = \"Our source is the nurse Halima Djouma, who keeps the lists.\"\n\
           marking = { tlp = \"RED\", releasable_to = [\"se.example\"], onward = \"none\" }\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_named_again_in_a_freer_headline_stops_at_publication_and_an_officer_may_accept_it() {
    let (gb, no) = pair().await;
    let slip = gb.file("slip.toml", &draft("A nurse, Halima, fears attacks before the rains"));
    let accept = ["assess", "publish", &slip, "--accept", "said-lower-too"];

    for arguments in [&["--as", "ana", "assess", "publish", &slip][..], &[&["--as", "ana"][..], &accept].concat()] {
        let refused = gb.run(arguments).await;
        assert_eq!((refused.code != 0, refused.reason().as_str()), (true, "LINT_FAILED"), "{}", refused.stdout);
        let said = refused.stdout.clone() + &refused.stderr;
        assert!(said.contains("said-lower-too: no.example would read a name"), "{said}");
        assert!(said.contains("have an officer publish it") && !said.contains("Halima"), "{said}");
    }
    assert!(!gb.log().contains("Halima"), "{}", gb.log());

    // Both passages are shown to the author, with who reads them.
    let shown = gb.one(&["--as", "ana", "assess", "preview", &slip]).await;
    let passages: Vec<String> = shown["findings"][0]["passages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| format!("{}: {}", p["readers"].as_str().unwrap(), p["text"].as_str().unwrap()))
        .collect();
    assert_eq!(passages.len(), 2, "{shown}");
    assert!(
        passages[0].starts_with("RED, read by nobody: ") && passages[0].contains("the nurse Halima Djouma"),
        "{passages:?}"
    );
    assert!(
        passages[1].starts_with("GREEN, read by no.example: ") && passages[1].contains("A nurse, Halima"),
        "{passages:?}"
    );
    // Without a node, the markings are compared.
    let lint = gb.run(&["assess", "lint", &slip]).await;
    assert!(
        lint.code != 0 && lint.lines().iter().any(|f| f["code"] == "said-lower-too" && f["severity"] == "officer"),
        "{}",
        lint.stdout
    );

    // An officer accepts it, and it is recorded.
    let accepted = gb.one(&[&["--as", "olu"][..], &accept].concat()).await;
    let ledger = watchfire(&gb.dir, &["--json", "--as", "olu", "ledger", "list"]).await;
    assert!(ledger.stdout.contains("said-lower-too"), "{}", ledger.stdout);
    // A text that repeats nothing needs nobody.
    let mended = gb.file("mended.toml", &draft("Health workers fear attacks before the rains"));
    let published = gb.one(&["--as", "ana", "assess", "publish", &mended]).await;
    let both = [accepted, published].map(|answer| answer["assessment"].as_str().unwrap().to_owned());
    no.has("gb.example", &both).await;
}

/// A picture of one grey point, taken at 12.37 N, 1.53 W.
fn picture() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let place = |degrees: u32, minutes: u32, seconds: u32| {
        [degrees, 1, minutes, 1, seconds, 1].iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>()
    };
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    exif.extend([entry(0x8825, 4, 1, 26u32.to_be_bytes()), vec![0; 4], b"\0\x04".to_vec()].concat());
    exif.extend([entry(1, 2, 2, *b"N\0\0\0"), entry(2, 5, 3, 80u32.to_be_bytes())].concat());
    exif.extend([entry(3, 2, 2, *b"W\0\0\0"), entry(4, 5, 3, 104u32.to_be_bytes()), vec![0; 4]].concat());
    exif.extend([place(12, 22, 12), place(1, 31, 48)].concat());
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let image =
        b"\xff\xdb\0\x03\0\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\xd9";
    [b"\xff\xd8\xff\xe1".as_slice(), &length, &exif, image].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_picture_tells_is_listed_before_it_goes_and_its_cleaned_copy_tells_nothing() {
    let (gb, no) = pair().await;
    std::fs::write(gb.dir.join("photo.jpg"), picture()).unwrap();
    let with = |file: &str| {
        note("with a photo", "BF")
            + &format!("\n[[portion]]\nkind = \"attachment\"\nfile = \"{file}\"\nmedia_type = \"image/jpeg\"\n")
    };
    let draft = gb.file("photo.toml", &with("photo.jpg"));
    let told = |lines: Vec<Value>| lines.into_iter().find_map(|line| line.get("attachment").cloned()).unwrap();
    let listed = told(gb.ask(&["assess", "lint", &draft]).await);
    let place = listed["traces"].as_array().unwrap().iter().find(|t| t["what"] == "place (GPS)").unwrap();
    assert_eq!(place["says"], "12.37000 N, 1.53000 W");
    for command in [&["preview", &draft][..], &["publish", &draft, "--accept", "attachment", "--dry-run"]] {
        let shown = gb.run(&[&["--as", "ana", "assess"][..], command].concat()).await;
        assert!(shown.code == 0 && shown.stderr.contains("place (GPS): 12.37000 N, 1.53000 W"), "{}", shown.stderr);
        assert!(shown.stderr.contains("watchfire assess clean photo.jpg"), "{}", shown.stderr);
    }

    let (photo, clean) = (gb.dir.join("photo.jpg"), gb.place("clean.jpg"));
    let cleaned = gb.one(&["assess", "clean", &photo.to_string_lossy(), "--out", &clean]).await;
    assert_eq!(cleaned["remains"]["traces"], serde_json::json!([]));
    assert!(cleaned["removed"].as_array().unwrap().iter().any(|t| t["what"] == "place (GPS)"), "{cleaned}");
    assert_eq!(std::fs::read(&photo).unwrap(), picture(), "the file itself is as it was");
    let again = gb.run(&["assess", "clean", &photo.to_string_lossy(), "--out", &clean]).await;
    assert!(again.code != 0, "an existing file is not overwritten");
    let draft = gb.file("clean.toml", &with("clean.jpg"));
    assert_eq!(told(gb.ask(&["assess", "lint", &draft]).await)["traces"], serde_json::json!([]));
    let published = gb.one(&["--as", "ana", "assess", "publish", &draft, "--accept", "attachment"]).await;
    no.has("gb.example", &[published["assessment"].as_str().unwrap().to_owned()]).await;
}
