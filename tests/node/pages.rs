//! Lists in pages, and streams that continue where a program was cut off.

use watchfire::{domain::fault::Reason, wire::proto, wire::status::to_fault};

use crate::kit::{Org, note, pair};

/// The next assessments that a follower gets, and the cursor of the last one.
async fn follow(org: &Org, cursor: String, many: usize) -> (Vec<String>, String) {
    let mut desk = org.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { cursor, ..Default::default() };
    let mut items = desk.assessments.follow_feed(request).await.unwrap().into_inner();
    let (mut ids, mut last) = (vec![], String::new());
    while ids.len() < many {
        let proto::FollowFeedResponse { item, cursor } = items.message().await.unwrap().unwrap();
        ids.push(hex::encode(item.unwrap().assessment_id));
        last = cursor;
    }
    (ids, last)
}

/// Assessments of a list, and the cursor of the last one.
async fn list(org: &Org, cursor: String, limit: u32) -> (Vec<String>, String) {
    let mut desk = org.connect("analyst-ana").await;
    let request = proto::ListAssessmentsRequest { limit, cursor, ..Default::default() };
    let mut answers = desk.assessments.list_assessments(request).await.unwrap().into_inner();
    let (mut headlines, mut last) = (vec![], String::new());
    while let Some(proto::ListAssessmentsResponse { assessment, cursor, .. }) = answers.message().await.unwrap() {
        headlines.push(hex::encode(assessment.unwrap().manifest.unwrap().payload));
        last = cursor;
    }
    (headlines, last)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_and_a_list_go_on_where_a_program_was_cut_off() {
    let (gb, no) = pair().await;
    let mut author = gb.author().await;
    let mut published = vec![];
    for n in 0..5 {
        published.push(author.publish(&note(&format!("note {n}"), "BF")).await);
    }
    no.has(gb.domain, &published).await;
    let (all, _) = follow(&no, String::new(), 5).await;
    let (first, cursor) = follow(&no, String::new(), 2).await;
    let (rest, end) = follow(&no, cursor.clone(), 3).await;
    assert_eq!([first, rest].concat(), all);
    published.push(author.publish(&note("a later note", "BF")).await);
    assert_eq!(follow(&no, end, 1).await.0, published[5..]);

    let (whole, _) = list(&no, String::new(), 0).await;
    let (newest, last) = list(&no, String::new(), 2).await;
    let (older, _) = list(&no, last.clone(), 0).await;
    assert_eq!((whole.len(), [newest, older].concat()), (6, whole));

    // Neither cursor is accepted for the other call, or by another organisation's node.
    let mut desk = no.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { cursor: last, ..Default::default() };
    let refused = to_fault(&desk.assessments.follow_feed(request).await.unwrap_err());
    assert_eq!((refused.reason, refused.field.as_deref()), (Reason::InvalidArgument, Some("cursor")));
    let mut desk = gb.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { cursor, ..Default::default() };
    let refused = to_fault(&desk.assessments.follow_feed(request).await.unwrap_err());
    assert_eq!(refused.reason, Reason::InvalidArgument);
    assert!(refused.message.contains("by another organisation's node"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_list_together_are_the_list() {
    let (gb, _no) = pair().await;
    let mut officer = gb.connect("officer-olu").await;
    let (mut pages, mut entries, mut page_token) = (0, vec![], String::new());
    loop {
        let request = proto::ListLedgerRequest { page_size: 3, page_token, padding: true, ..Default::default() };
        let page = officer.ledger.list_ledger(request).await.unwrap().into_inner();
        assert!(page.entries.len() <= 3);
        pages += 1;
        entries.extend(page.entries.into_iter().map(|entry| entry.index));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(pages > 2 && entries.iter().copied().eq(0..entries.len() as u64), "{pages} pages: {entries:?}");

    let request = proto::ListPeopleRequest { page_size: 1, ..Default::default() };
    let first = officer.people.list_people(request).await.unwrap().into_inner();
    let people = officer.all_people().await.unwrap();
    assert!(first.people.len() == 1 && people.len() > 1 && people[0] == first.people[0]);
    let request = proto::GetFeedStatusRequest { page_size: 1, page_token: first.next_page_token };
    let refused = to_fault(&officer.assessments.get_feed_status(request).await.unwrap_err());
    assert_eq!((refused.reason, refused.field.as_deref()), (Reason::InvalidArgument, Some("page_token")));
    assert_eq!(officer.all_feeds().await.unwrap().len(), 2);
    assert_eq!(officer.all_agreements().await.unwrap().len(), 1);
}
