//! Pages of lists (<https://google.aip.dev/158>), and the tokens by which a caller continues a list or a stream.

use std::mem;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::{Message, Name};
use serde::{Serialize, de::DeserializeOwned};

use super::call::Desk;
use crate::{
    domain::fault::{Fault, Reason},
    seal::hash::sha256,
    wire::proto,
};

/// How many items a page has if the caller does not say.
const DEFAULT_SIZE: usize = 100;
/// How many items a page has at most.
const MAX_SIZE: usize = 1000;
/// How many bytes of a token's digest say which request it belongs to.
const TAG_BYTES: usize = 16;

/// The tokens of one request: of one list or stream, with the same filters, at one organisation's node.
pub(super) struct Tokens {
    field: &'static str,
    tag: [u8; TAG_BYTES],
}

impl Tokens {
    /// `origin` is the name of the node's ledger. It changes when a lost ledger is begun anew: numbers given before that mean something
    /// else then. `request` is the request without what may differ between its calls. `field` is the one that has the token.
    pub(super) fn new<R: Message + Name>(origin: &str, field: &'static str, request: &R) -> Self {
        let name = R::full_name();
        let digest = sha256(&[origin.as_bytes(), b"\n", name.as_bytes(), b"\n", &request.encode_to_vec()]);
        let mut tag = [0; TAG_BYTES];
        tag.iter_mut().zip(digest).for_each(|(to, byte)| *to = byte);
        Self { field, tag }
    }

    /// The token for a place.
    pub(super) fn at<P: Serialize>(&self, place: &P) -> String {
        // A place consists of numbers and strings, which are always valid JSON.
        let place = serde_json::to_vec(place).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([&self.tag[..], &place].concat())
    }

    /// The place that a token names; `None` for an empty token.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if this node has not given the token for this request.
    pub(super) fn place<P: DeserializeOwned>(&self, token: &str) -> Result<Option<P>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let refused = |what| Fault::at(Reason::InvalidArgument, self.field, what);
        let invalid = || refused("this is not a token that a node has given; leave it out to begin anew");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let (tag, place) = bytes.split_at_checked(TAG_BYTES).ok_or_else(invalid)?;
        if tag != self.tag {
            let what = "this token was given for another list, for other filters, by another organisation's node or before the node's \
                        ledger was begun anew; repeat the request that it was given for, or leave it out to begin anew";
            return Err(refused(what));
        }
        serde_json::from_slice(place).map(Some).map_err(|_| invalid())
    }
}

/// A request for a page of a list.
pub(super) trait PageRequest: Message + Name {
    /// Takes `page_size` and `page_token` out of the request.
    fn take_page(&mut self) -> (i32, String);
}

macro_rules! page_requests {
    ($($request:ident),+ $(,)?) => {$(
        impl PageRequest for proto::$request {
            fn take_page(&mut self) -> (i32, String) {
                (mem::take(&mut self.page_size), mem::take(&mut self.page_token))
            }
        }
    )+};
}

page_requests!(
    GetFeedStatusRequest,
    GetHoldersRequest,
    ListActionItemsRequest,
    ListAgreementsRequest,
    ListDraftsRequest,
    ListEndingsRequest,
    ListIntroductionsRequest,
    ListLedgerAlarmsRequest,
    ListLedgerRequest,
    ListPartnersRequest,
    ListPeopleRequest,
    ListRecallsRequest,
    ListRequestsRequest,
    ListWaitingRequest,
);

/// The page that a caller asks for. `K` is the key by which the list is ordered; no two items have the same.
pub(super) struct RequestedPage<K> {
    tokens: Tokens,
    /// The most items.
    pub(super) size: usize,
    /// The most bytes. One item is given even if it is larger.
    bytes: usize,
    /// The key of the last item of the page before; `None` for the first page.
    pub(super) after: Option<K>,
}

impl<K: Ord + Serialize + DeserializeOwned> RequestedPage<K> {
    /// Takes the page out of a request.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub(super) fn of<R: PageRequest>(desk: &Desk, request: &mut R) -> Result<Self, Fault> {
        // The other half is for what a response has beside its items.
        Self::new(&desk.node.ledger.ledger_origin(), desk.message_bytes / 2, request)
    }

    fn new<R: PageRequest>(origin: &str, bytes: usize, request: &mut R) -> Result<Self, Fault> {
        let (size, token) = request.take_page();
        let wrong = |_| Fault::at(Reason::InvalidArgument, "page_size", "the size of a page can't be negative");
        let size = match usize::try_from(size).map_err(wrong)? {
            0 => DEFAULT_SIZE,
            size => size.min(MAX_SIZE),
        };
        let tokens = Tokens::new(origin, "page_token", request);
        let after = tokens.place(&token)?;
        Ok(Self { tokens, size, bytes, after })
    }

    /// Cuts the page out of a whole list, and says how the list continues.
    pub(super) fn cut<T, M: Message>(
        &self,
        all: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> K,
        message: impl Fn(T) -> M,
    ) -> (Vec<M>, String) {
        let mut all: Vec<(K, T)> = all.into_iter().map(|item| (key(&item), item)).collect();
        all.retain(|(key, _)| self.after.as_ref().is_none_or(|after| key > after));
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (mut page, mut bytes, mut last) = (vec![], 0, None);
        for (key, item) in all {
            let message = message(item);
            bytes += message.encoded_len();
            if page.len() == self.size || (bytes > self.bytes && !page.is_empty()) {
                return (page, self.next(last));
            }
            page.push(message);
            last = Some(key);
        }
        (page, String::new())
    }

    /// The token of the page after this item; empty if there is none.
    pub(super) fn next(&self, last: Option<K>) -> String {
        last.map(|key| self.tokens.at(&key)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
