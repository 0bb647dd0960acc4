//! The web console, as a browser without script sees it.

use crate::{
    console_kit::{Browser, encoded, signed_in, with_console},
    kit::{Org, note, pair_by, until},
    recall::publish,
};

async fn alone() -> (Org, String) {
    let mut org = Org::found("gb.example", "state", Some("GB")).await;
    let origin = with_console(&mut org).await;
    (org, origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_once_and_looking_at_it_uses_nothing_up() {
    let (gb, origin) = alone().await;
    let mut browser = Browser::at(&origin);
    assert_eq!(browser.get("/").await.leads_to(), "/sign-in");
    assert!(browser.get("/sign-in").await.text.contains("watchfire console link"));
    let made = gb.one(&["--as", "ana", "console", "link"]).await;
    let path = made["url"].as_str().unwrap().strip_prefix(&origin).unwrap().to_owned();
    for _ in 0..3 {
        let page = browser.get(&path).await;
        assert!(page.text.contains("ana (analyst)") && browser.cookies.is_empty(), "{}", page.text);
    }
    let link = browser.get(&path).await.field("link");
    let opened = browser.post("/sign-in", &[("link", &link)]).await;
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && opened.leads_to() == "/", "{cookie}");
    let today = browser.get("/").await;
    assert!(today.text.contains("Nothing waits for you") && today.text.contains("ana"), "{}", today.text);
    let again = Browser::at(&origin).post("/sign-in", &[("link", &link)]).await;
    assert!(again.text.contains("does not work any more") && again.header("set-cookie").is_empty());
    assert!(Browser::at(&origin).get(&path).await.text.contains("does not work any more"));
    // A new link takes the place of the one before.
    let first = gb.one(&["--as", "ana", "console", "link"]).await["url"].as_str().unwrap().to_owned();
    gb.one(&["--as", "ana", "console", "link"]).await;
    let page = browser.get(first.strip_prefix(&origin).unwrap()).await;
    assert!(page.text.contains("does not work any more"), "{}", page.text);
    let events = gb.ask(&["--as", "olu", "ledger", "list", "--limit", "1000"]).await;
    let named = |name: &str| events.iter().filter(|e| e["event"]["event"] == name).count();
    assert_eq!([named("sign-in-link-made"), named("session-opened"), named("sign-in-refused")], [3, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_come_from_the_console_s_own_pages_is_refused() {
    let (gb, origin) = alone().await;
    let mut ana = signed_in(&gb, "ana").await;
    let page = ana.get("/sessions").await;
    for (name, value) in [
        ("content-security-policy", "default-src 'none'"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert!(page.header(name).starts_with(value), "{name}: {}", page.header(name));
    }
    let token = page.field("token");
    for (name, value) in [
        ("origin", "http://evil.example".to_owned()),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("host", "evil.example".to_owned()),
    ] {
        ana.instead = vec![(name, value)];
        assert_eq!(ana.post("/sign-out", &[("token", &token)]).await.status, 403, "{name}");
    }
    ana.instead = vec![("host", "evil.example:7445".to_owned())];
    let other = ana.get("/").await;
    assert!(other.status == 403 && !other.text.contains("Watchfire"), "a name that only resolves to this address");
    ana.instead.clear();
    assert_eq!(ana.post("/sign-out", &[("token", "guessed")]).await.status, 409);
    let mut olu = signed_in(&gb, "olu").await;
    assert_eq!(olu.post("/sign-out", &[("token", &token)]).await.status, 409, "another session's form");
    assert_eq!(ana.get("/").await.status, 200, "none of this has ended the session");
    let cookies = ana.cookies.clone();
    assert_eq!(ana.post("/sign-out", &[("token", &token)]).await.leads_to(), "/sign-in");
    let mut thief = Browser { cookies, ..Browser::at(&origin) };
    assert_eq!(thief.get("/").await.leads_to(), "/sign-in", "a cookie of a session that has ended");
    let style = olu.get("/").await.text.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let style = olu.get(&format!("/assets/{style}")).await;
    assert!(style.status == 200 && style.header("cache-control").contains("immutable"), "{:?}", style.headers);
    assert_eq!(olu.get("/assets/../watchfire.toml").await.status, 404);
    assert_eq!(olu.get("/nowhere").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_survives_a_restart_and_ends_with_the_certificate() {
    let (mut gb, origin) = alone().await;
    let (mut ana, mut olu) = (signed_in(&gb, "ana").await, signed_in(&gb, "olu").await);
    gb.kill().await;
    gb.start().await;
    assert_eq!(ana.get("/").await.status, 200);
    assert_eq!(gb.ask(&["--as", "ana", "console", "sessions"]).await.len(), 1);
    gb.ask(&["person", "revoke", "ana"]).await;
    until("the session of a revoked person is over", async || (ana.get("/").await.status == 303).then_some(())).await;
    assert_eq!(olu.get("/").await.status, 200);
    // Ended from the command line.
    let mut second = signed_in(&gb, "olu").await;
    gb.ask(&["--as", "olu", "console", "end", "--all"]).await;
    assert_eq!((olu.get("/").await.status, second.get("/").await.status), (303, 303));
    let root = signed_in(&gb, "root").await;
    let stolen = root.cookies.values().next().unwrap().clone();
    for file in ["store.db", "store.db-wal"] {
        let bytes = std::fs::read(gb.dir.join(file)).unwrap_or_default();
        let raw: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&stolen[2 * i..2 * i + 2], 16).unwrap()).collect();
        assert!(
            memchr::memmem::find(&bytes, &raw).is_none() && memchr::memmem::find(&bytes, stolen.as_bytes()).is_none()
        );
    }
    assert!(!gb.log().contains(&stolen) && !origin.is_empty());
}

const NASTY: &str = "<script>alert(1)</script> \\u202E \\\"><img src=x onerror=alert(2)> &amp; </bdi>";

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_is_found_read_and_acknowledged() {
    let duties = "\n[duties]\nacknowledge = [{ min_level = 3, within = \"1h\" }]\n";
    let (gb, mut no, _) = pair_by(async |gb: &Org| gb.peer.clone(), duties).await;
    with_console(&mut no).await;
    let first = publish(&gb, &note("Killings near Djibo", "BF-SOM")).await;
    let draft = gb.file("nasty.toml", &note(NASTY, "SO"));
    let nasty = ["--as", "ana", "assess", "publish", &draft, "--accept", "direction-override"];
    let second = gb.one(&nasty).await["assessment"].as_str().unwrap().to_owned();
    no.has(gb.domain, &[first.clone(), second.clone()]).await;
    let mut ana = signed_in(&no, "ana").await;
    let today = ana.get("/").await;
    assert!(
        today.text.contains("2 things wait for you") && today.text.contains(&format!("/assessments/{first}")),
        "{}",
        today.text
    );

    let list = ana.get("/assessments").await;
    for shown in ["Killings near Djibo", "Soum", "warning", "gb.example", "unread", "TLP:AMBER", "to acknowledge in"] {
        assert!(list.text.contains(shown), "{shown}: {}", list.text);
    }
    assert!(
        !list.text.contains("<script") && !list.text.contains("<img") && !list.text.contains('\u{202E}'),
        "{}",
        list.text
    );
    let filtered = ana.get(&format!("/assessments?place={}", encoded("Burkina Faso"))).await;
    assert!(filtered.text.contains("Djibo") && !filtered.text.contains(&second), "{}", filtered.text);
    assert!(ana.get("/assessments?place=nowhereland").await.text.contains("no place called"));
    assert!(ana.get("/assessments?from=gb.exmaple").await.text.contains("Did you mean gb.example?"));

    let page = ana.get(&format!("/assessments/{first}")).await;
    for shown in ["Killings near Djibo", "Written for a test; nobody is in danger.", "spiffe://gb.example/analyst/ana"]
    {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let hostile = ana.get(&format!("/assessments/{second}")).await;
    assert!(!hostile.text.contains("<script") && !hostile.text.contains("<img"), "{}", hostile.text);
    let answers = format!("/assessments/{first}/acknowledge");
    let token = page.field("token");
    let refused = ana.post(&answers, &[("token", &token), ("kind", "declined"), ("text", "")]).await;
    assert!(
        refused.text.contains("needs a reason") && refused.text.contains("value=\"declined\" checked"),
        "{}",
        refused.text
    );
    let sent = ana.post(&answers, &[("token", &token), ("kind", "acting"), ("text", "two observers go there")]).await;
    assert_eq!((sent.status, sent.leads_to()), (303, format!("/assessments/{first}").as_str()), "{}", sent.text);
    until("the sender knows", async || {
        let holders = gb.one(&["--as", "olu", "assess", "holders", &first]).await.to_string();
        holders.contains("two observers go there").then_some(())
    })
    .await;
    assert!(ana.get("/").await.text.contains("One thing waits for you"));
    assert!(!ana.get("/assessments?unread=1").await.text.contains("Djibo"), "what was read is not unread");

    let mut root = signed_in(&no, "root").await;
    assert_eq!(root.get("/assessments").await.status, 403);
    assert_eq!(root.get(&format!("/assessments/{first}")).await.status, 403);
    let administrator = root.get("/").await.text;
    assert!(!administrator.contains("Djibo") && !administrator.contains("href=\"/assessments\""), "{administrator}");
    ana.language = "fr";
    assert!(ana.get("/assessments").await.text.contains("Évaluations"));
}
