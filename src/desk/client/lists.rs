//! Whole lists: all pages, one after the other.

use tonic::Status;

use super::DeskClient;
use crate::wire::proto;

/// How many items to ask for at once.
const PAGE_SIZE: i32 = 1000;

/// Calls a list until its last page. The call takes a page token, and gives the page's items and the next token.
async fn all<T>(mut call: impl AsyncFnMut(String) -> Result<(Vec<T>, String), Status>) -> Result<Vec<T>, Status> {
    let (mut all, mut token) = (vec![], String::new());
    loop {
        let (items, next) = call(token).await?;
        all.extend(items);
        if next.is_empty() {
            return Ok(all);
        }
        token = next;
    }
}

impl DeskClient {
    /// All agreements, by statement id.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_agreements(&mut self) -> Result<Vec<proto::AgreementView>, Status> {
        all(async |page_token| {
            let request = proto::ListAgreementsRequest { page_size: PAGE_SIZE, page_token };
            let page = self.agreements.list_agreements(request).await?.into_inner();
            Ok((page.agreements, page.next_page_token))
        })
        .await
    }

    /// All drafts that the caller may see, by id.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_drafts(&mut self) -> Result<Vec<proto::DraftView>, Status> {
        all(async |page_token| {
            let request = proto::ListDraftsRequest { page_size: PAGE_SIZE, page_token };
            let page = self.drafts.list_drafts(request).await?.into_inner();
            Ok((page.drafts, page.next_page_token))
        })
        .await
    }

    /// All partners by name, and what waits for another administrator.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_partners(&mut self) -> Result<(Vec<proto::PartnerView>, Vec<proto::AwaitedApproval>), Status> {
        let mut awaited = vec![];
        let partners = all(async |page_token| {
            let request = proto::ListPartnersRequest { page_size: PAGE_SIZE, page_token };
            let page = self.partners.list_partners(request).await?.into_inner();
            awaited.extend(page.awaited);
            Ok((page.partners, page.next_page_token))
        })
        .await?;
        Ok((partners, awaited))
    }

    /// All introductions that this organisation makes, by the introduced organisation.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_introductions(&mut self) -> Result<Vec<proto::IntroductionView>, Status> {
        all(async |page_token| {
            let request = proto::ListIntroductionsRequest { page_size: PAGE_SIZE, page_token };
            let page = self.introductions.list_introductions(request).await?.into_inner();
            Ok((page.introductions, page.next_page_token))
        })
        .await
    }

    /// Everybody who was ever registered, by SPIFFE id.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_people(&mut self) -> Result<Vec<proto::PersonView>, Status> {
        all(async |page_token| {
            let request = proto::ListPeopleRequest { page_size: PAGE_SIZE, page_token };
            let page = self.people.list_people(request).await?.into_inner();
            Ok((page.people, page.next_page_token))
        })
        .await
    }

    /// All requests, newest first.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_requests(&mut self, open_only: bool) -> Result<Vec<proto::RequestView>, Status> {
        all(async |page_token| {
            let request = proto::ListRequestsRequest { open_only, page_size: PAGE_SIZE, page_token };
            let page = self.requests.list_requests(request).await?.into_inner();
            Ok((page.requests, page.next_page_token))
        })
        .await
    }

    /// All recalls, the oldest change first. A recall that changes meanwhile is there twice, the newer state last.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_recalls(&mut self, waiting_only: bool) -> Result<Vec<proto::RecallView>, Status> {
        all(async |page_token| {
            let request = proto::ListRecallsRequest { waiting_only, page_size: PAGE_SIZE, page_token };
            let page = self.recalls.list_recalls(request).await?.into_inner();
            Ok((page.recalls, page.next_page_token))
        })
        .await
    }

    /// What waits for the caller, in its order.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_action_items(&mut self) -> Result<Vec<proto::ActionItemView>, Status> {
        all(async |page_token| {
            let request = proto::ListActionItemsRequest { page_size: PAGE_SIZE, page_token };
            let page = self.personal.list_action_items(request).await?.into_inner();
            Ok((page.items, page.next_page_token))
        })
        .await
    }

    /// All alarms of the ledgers, newest first.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_alarms(&mut self) -> Result<Vec<proto::LedgerAlarm>, Status> {
        all(async |page_token| {
            let request = proto::ListLedgerAlarmsRequest { page_size: PAGE_SIZE, page_token };
            let page = self.ledger.list_ledger_alarms(request).await?.into_inner();
            Ok((page.alarms, page.next_page_token))
        })
        .await
    }

    /// Everything that ends on a known day, the earliest end first.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_endings(&mut self) -> Result<Vec<proto::EndingView>, Status> {
        all(async |page_token| {
            let request = proto::ListEndingsRequest { page_size: PAGE_SIZE, page_token };
            let page = self.node.list_endings(request).await?.into_inner();
            Ok((page.endings, page.next_page_token))
        })
        .await
    }

    /// Where each feed stands, by partner.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_feeds(&mut self) -> Result<Vec<proto::FeedStatus>, Status> {
        all(async |page_token| {
            let request = proto::GetFeedStatusRequest { page_size: PAGE_SIZE, page_token };
            let page = self.assessments.get_feed_status(request).await?.into_inner();
            Ok((page.feeds, page.next_page_token))
        })
        .await
    }

    /// Everything that can't be verified yet, by partner.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_waiting(&mut self) -> Result<Vec<proto::WaitingView>, Status> {
        all(async |page_token| {
            let request = proto::ListWaitingRequest { page_size: PAGE_SIZE, page_token };
            let page = self.assessments.list_waiting(request).await?.into_inner();
            Ok((page.waiting, page.next_page_token))
        })
        .await
    }

    /// Who holds an assessment: the first page's answer, with the holders of all pages.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn all_holders(&mut self, assessment_id: &[u8]) -> Result<proto::GetHoldersResponse, Status> {
        let mut first = None;
        let holders = all(async |page_token| {
            let assessment_id = assessment_id.to_vec().into();
            let request = proto::GetHoldersRequest { assessment_id, page_size: PAGE_SIZE, page_token };
            let mut page = self.receipts.get_holders(request).await?.into_inner();
            let (holders, next) = (std::mem::take(&mut page.holders), std::mem::take(&mut page.next_page_token));
            first.get_or_insert(page);
            Ok((holders, next))
        })
        .await?;
        Ok(proto::GetHoldersResponse { holders, ..first.unwrap_or_default() })
    }
}
