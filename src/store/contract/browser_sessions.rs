//! Stories of sessions in a browser, and of the links that open them.

use super::{Home, kit::*};
use crate::{
    domain::{
        browser_session::{BrowserSession, SessionEnd, SignInLink},
        event::{Deed, Event},
        ids::{SessionId, Sha256, SpiffeId},
    },
    store::browser_sessions::StoredSession,
};

fn person(name: &str) -> SpiffeId {
    format!("spiffe://gb.example/analyst/{name}").parse().unwrap()
}

fn link(name: &str, second: i64) -> SignInLink {
    SignInLink { who: person(name), certificate: Sha256([9; 32]), made_at: at(second) }
}

fn session(name: &str, n: u8, second: i64) -> StoredSession {
    let (opened_at, seen_at) = (at(second), at(second));
    let session =
        BrowserSession { id: SessionId([n; 16]), who: person(name), certificate: Sha256([9; 32]), opened_at, seen_at };
    StoredSession { token: Sha256([n; 32]), session }
}

fn opened(n: u8) -> Event {
    Event::of_node(at(1), Deed::SessionOpened { session: SessionId([n; 16]) })
}

fn ended(n: u8) -> Event {
    Event::of_node(at(1), Deed::SessionEnded { session: SessionId([n; 16]), because: SessionEnd::SignedOut })
}

fn made() -> Event {
    Event::of_node(at(1), Deed::SignInLinkMade { person: person("alice") })
}

pub(crate) async fn a_link_opens_one_session(home: &dyn Home) {
    let store = home.open();
    let (first, second, unknown) = (Sha256([1; 32]), Sha256([2; 32]), Sha256([3; 32]));
    store.keep_link(&first, link("alice", 1), made()).await.unwrap();
    assert_eq!(store.link(&first).await.unwrap(), Some(link("alice", 1)));
    store.keep_link(&second, link("alice", 2), made()).await.unwrap();
    assert_eq!(store.link(&first).await.unwrap(), None, "the earlier link of the same person is gone");
    store.keep_link(&unknown, link("bob", 2), made()).await.unwrap();
    drop(store);
    let store = home.open();
    let entries = store.ledger().await.unwrap().size;
    assert!(!store.open_session(&first, session("alice", 11, 3), opened(11)).await.unwrap());
    assert_eq!(store.ledger().await.unwrap().size, entries, "a link that is gone leaves no entry");
    assert!(store.open_session(&second, session("alice", 11, 3), opened(11)).await.unwrap());
    assert!(!store.open_session(&second, session("alice", 12, 3), opened(12)).await.unwrap(), "used up");
    assert_eq!(store.session(&Sha256([11; 32])).await.unwrap(), Some(session("alice", 11, 3).session));
    assert_eq!(store.session(&Sha256([12; 32])).await.unwrap(), None);
    assert_eq!(store.link(&unknown).await.unwrap(), Some(link("bob", 2)), "another person's link stays");
}

pub(crate) async fn sessions_last_until_they_are_ended(home: &dyn Home) {
    let store = home.open();
    for (name, n) in [("alice", 21), ("alice", 22), ("bob", 23)] {
        let token = Sha256([n + 100; 32]);
        store.keep_link(&token, link(name, 1), made()).await.unwrap();
        assert!(store.open_session(&token, session(name, n, i64::from(n)), opened(n)).await.unwrap());
    }
    let used = StoredSession {
        session: BrowserSession { seen_at: at(90), ..session("alice", 21, 21).session },
        ..session("alice", 21, 21)
    };
    store.change_session(used.clone()).await.unwrap();
    drop(store);
    let store = home.open();
    assert_eq!(store.sessions(Some(&person("alice"))).await.unwrap(), [used.clone(), session("alice", 22, 22)]);
    assert_eq!(store.sessions(None).await.unwrap().len(), 3);
    let entries = store.ledger().await.unwrap().size;
    assert!(store.end_session(&used.token, ended(21)).await.unwrap());
    assert!(!store.end_session(&used.token, ended(21)).await.unwrap(), "it ends once");
    assert_eq!(store.ledger().await.unwrap().size, entries + 1);
    store.change_session(used.clone()).await.unwrap();
    assert_eq!(store.session(&used.token).await.unwrap(), None, "what has ended does not come back");
    assert_eq!(store.sessions(None).await.unwrap().len(), 2);
}
