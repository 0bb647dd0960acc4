use super::*;

const PAGE_BYTES: usize = 1 << 20;

fn request(page_size: i32, page_token: &str) -> proto::ListRequestsRequest {
    proto::ListRequestsRequest { open_only: false, page_size, page_token: page_token.to_owned() }
}

fn page(request: &proto::ListRequestsRequest) -> Result<RequestedPage<u64>, Fault> {
    RequestedPage::new("gb.example/ledger", PAGE_BYTES, &mut request.clone())
}

/// A page over numbers, and the token of the next one.
fn cut(request: &proto::ListRequestsRequest, all: &[u64]) -> (Vec<u64>, String) {
    let message = |index: u64| proto::LedgerEntryView { index, ..Default::default() };
    let (entries, next) = page(request).unwrap().cut(all.iter().copied(), |n| *n, message);
    (entries.into_iter().map(|entry| entry.index).collect(), next)
}

#[test]
fn pages_follow_each_other_in_order_and_end_with_an_empty_token() {
    let all = [5, 3, 1, 4, 2];
    let (first, next) = cut(&request(2, ""), &all);
    assert_eq!(first, [1, 2]);
    let (second, next) = cut(&request(2, &next), &all);
    assert_eq!(second, [3, 4]);
    assert_eq!(cut(&request(2, &next), &all), (vec![5], String::new()));
    assert_eq!(cut(&request(5, ""), &all), (vec![1, 2, 3, 4, 5], String::new()));
    assert_eq!(cut(&request(0, ""), &[]), (vec![], String::new()));
}

#[test]
fn items_that_come_and_go_between_two_pages_move_no_other() {
    let (_, next) = cut(&request(2, ""), &[1, 2, 4, 6]);
    // The item where the page ended is gone, and there are new ones on both sides of it.
    assert_eq!(cut(&request(0, &next), &[0, 1, 3, 4, 6]).0, [3, 4, 6]);
}

#[test]
fn a_page_has_100_items_if_nobody_says_otherwise_and_1000_at_most() {
    let all: Vec<u64> = (0..3_000).collect();
    assert_eq!(cut(&request(0, ""), &all).0.len(), 100);
    assert_eq!(cut(&request(i32::MAX, ""), &all).0.len(), 1_000);
    let refused = page(&request(-1, "")).err().unwrap();
    assert_eq!((refused.reason, refused.field.as_deref()), (Reason::InvalidArgument, Some("page_size")));
}

#[test]
fn a_page_is_no_larger_than_a_message_but_has_one_item_at_least() {
    let page: RequestedPage<u64> = RequestedPage::new("gb.example/ledger", 100, &mut request(0, "")).unwrap();
    let sized = |bytes: usize| {
        let event = "x".repeat(bytes);
        page.cut([1, 2, 3], |n| *n, |index| proto::LedgerEntryView { index, leaf: vec![].into(), event: event.clone() })
    };
    let (fits, next) = sized(40);
    assert!(fits.len() == 2 && !next.is_empty());
    let (large, next) = sized(500);
    assert!(large.len() == 1 && !next.is_empty());
}

#[test]
fn a_token_is_refused_for_another_list_other_filters_and_another_node() {
    let next = cut(&request(1, ""), &[1, 2]).1;
    let is_refused = |fault: Option<Fault>| {
        let fault = fault.unwrap();
        assert_eq!((fault.reason, fault.field.as_deref()), (Reason::InvalidArgument, Some("page_token")));
        assert!(fault.message.contains("for another list, for other filters, by another"), "{fault}");
    };
    let open = proto::ListRequestsRequest { open_only: true, ..request(1, &next) };
    is_refused(page(&open).err());
    let mut waiting = proto::ListWaitingRequest { page_size: 1, page_token: next.clone() };
    is_refused(RequestedPage::<u64>::new("gb.example/ledger", PAGE_BYTES, &mut waiting).err());
    is_refused(RequestedPage::<u64>::new("no.example/ledger", PAGE_BYTES, &mut request(1, &next)).err());
    // After a lost ledger was begun anew.
    is_refused(RequestedPage::<u64>::new("gb.example/ledger/2", PAGE_BYTES, &mut request(1, &next)).err());
    // Another size is no other list.
    assert_eq!(cut(&request(7, &next), &[1, 2]).0, [2]);
}

#[test]
fn what_is_no_token_is_refused() {
    let next = cut(&request(1, ""), &[1, 2]).1;
    let cut_short = &next[..next.len() - 2];
    for wrong in ["x", "!", "AAAA", cut_short] {
        let refused = page(&request(0, wrong)).err().unwrap();
        assert_eq!(refused.reason, Reason::InvalidArgument, "{wrong}");
        assert!(refused.message.contains("not a token that a node has given"), "{refused}");
    }
}
