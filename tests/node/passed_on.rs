//! Revocation lists that partners pass on: they revoke, do nothing else, and reveal nothing.

use watchfire::{
    identity::{
        crl::Revocation,
        devca::{DevCa, Purpose},
        files::to_pem,
    },
    telemetry::SystemClock,
};

use watchfire::domain::time::Clock;

use crate::{
    hostile_kit::Rogue,
    kit::{Org, until},
};

fn list(of: &Rogue, number: u64, revoked: &[&[u8]], days_ago: i64) -> Vec<u8> {
    let now = SystemClock.now();
    let entry = |serial: &&[u8]| (serial.to_vec(), Revocation { at: now, invalid_since: None });
    let revoked: Vec<_> = revoked.iter().map(entry).collect();
    of.ca.revocation_list(number, &revoked, now.plus_seconds(-86_400 * days_ago), 2).unwrap()
}

async fn pass_on(hub: &Rogue, to: &Org, of: &Rogue, number: u8, list: &[u8]) -> bool {
    hub.hand_over_of(to, Some(of.domain), (of.ca.certificate(), vec![]), (number, list)).await.unwrap()
}

async fn may_speak(org: &Org, rogue: &Rogue) -> bool {
    rogue.exchange(org).hello(crate::hostile_kit::hello()).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_a_partner_passes_on_revokes_and_does_nothing_else() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (hub, fr, unknown) = (Rogue::new("hub.example"), Rogue::new("fr.example"), Rogue::new("xx.example"));
    for partner in [&hub, &fr] {
        partner.get_accepted(&gb, "127.0.0.1:1").await;
    }
    let ca = DevCa::load(&fr.domain.parse().unwrap(), &fr.ca.certificate_pem(), &fr.ca.key_pem()).unwrap();
    let stolen = Rogue { ca, tls: fr.issue("node/n2", Purpose::NodeTls), ..Rogue::new(fr.domain) };
    assert!(may_speak(&gb, &fr).await && may_speak(&gb, &stolen).await);
    // A list that is long past its next update has no other effect.
    assert!(pass_on(&hub, &gb, &fr, 1, &list(&fr, 1, &[], 30)).await);
    // Neither has one that no CA of its organisation has signed, or one of an unknown organisation. Each is asked for once, in the same way.
    let forged = list(&unknown, 9, &[&fr.tls.serial], 0);
    for (of, number, list) in [(&fr, 9, &forged), (&unknown, 9, &list(&unknown, 9, &[], 0))] {
        assert!(
            hub.hand_over_of(&gb, Some(of.domain), (unknown.ca.certificate(), vec![]), (number, list)).await.is_ok()
        );
        let again = hub.hand_over_of(&gb, Some(of.domain), (unknown.ca.certificate(), vec![]), (number, list)).await;
        assert!(!again.unwrap(), "{}", of.domain);
    }
    assert!(may_speak(&gb, &fr).await);
    // Two administrators have put list 3 in the place of list 200, whose number its CA lost. A hub that still has 200 changes nothing.
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    let write = |name: &str, list: &[u8]| gb.file(name, &to_pem("X509 CRL", list));
    let (high, low, next) = (list(&fr, 200, &[], 0), list(&fr, 3, &[], 0), list(&fr, 4, &[&stolen.tls.serial], 0));
    gb.one(&["--as", "root", "partner", "crl", &write("high.pem", &high)]).await;
    for who in ["root", "rita"] {
        gb.one(&["--as", who, "partner", "crl", &write("low.pem", &low), "--replace"]).await;
    }
    assert!(pass_on(&hub, &gb, &fr, 200, &high).await);
    assert!(fr.hand_over(&gb, 4, &next).await.unwrap(), "list 4 follows list 3");
    until("the stolen key is out", async || (!may_speak(&gb, &stolen).await).then_some(())).await;
    assert!(may_speak(&gb, &fr).await);
    // A hub is enough for revoking, because the organisation's CA has signed the list.
    assert!(pass_on(&hub, &gb, &fr, 5, &list(&fr, 5, &[&fr.tls.serial], 0)).await);
    until("what the hub has told counts", async || (!may_speak(&gb, &fr).await).then_some(())).await;
    let shown = gb.run(&["--as", "root", "ledger", "verify"]).await;
    assert_eq!(shown.code, 0, "{}", shown.stderr);
}
