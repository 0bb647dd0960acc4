//! Tests of the watch itself: it notices a victim that stops, dies, or answers wrongly.

use std::time::Duration;

use crate::arena::{Arena, Facing};

#[tokio::test(flavor = "multi_thread")]
async fn a_victim_that_stops_or_dies_is_found_out() {
    let mut arena = Arena::new().await;
    let (stopped, killed) = (arena.gb.clone(), arena.gb.clone());
    let facing = |name, answer, logged| Facing { name, answer, logged };
    arena.face(facing("the control: nothing happens", "", ""), || async { "nothing".to_owned() }).await;
    assert_eq!(arena.faults(), Vec::<String>::new());

    arena
        .face(facing("the control: stopped for 4 s", "", ""), move || async move {
            stopped.signal("STOP");
            tokio::time::sleep(Duration::from_secs(4)).await;
            stopped.signal("CONT");
            "nothing".to_owned()
        })
        .await;
    assert!(arena.faults().iter().any(|f| f.contains("honest calls took")), "{:?}", arena.faults());

    let wrong = facing("the control: another answer", "GOAWAY", "a line that is never written");
    arena.face(wrong, || async { "kept".to_owned() }).await;
    assert!(arena.faults().iter().any(|f| f.contains("`GOAWAY` was wanted")), "{:?}", arena.faults());
    assert!(arena.faults().iter().any(|f| f.contains("is missing in the log")), "{:?}", arena.faults());

    arena
        .face(facing("the control: killed", "", ""), move || async move {
            killed.signal("KILL");
            tokio::time::sleep(Duration::from_secs(1)).await;
            "nothing".to_owned()
        })
        .await;
    let found = |what: &str| arena.faults().iter().any(|f| f.contains(what));
    assert!(found("honest errors") && found("recovered after"), "{:?}", arena.faults());
}
