//! What each call of the desk does. While entries of the ledger are lost, the node serves only some of them.

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing, apart from recording that somebody has read or exported something.
    Reads,
    /// It changes something.
    Changes,
    /// It changes something that is needed before other changes are possible: it settles the ledger, or confirms a person whose approval that
    /// takes.
    Settles,
}

use Effect::{Changes, Reads, Settles};

/// All calls. A test compares them with the proto files, so none can be forgotten.
const CALLS: &[(&str, Effect)] = &[
    ("AgreementService/ExportAgreement", Reads),
    ("AgreementService/ImportAgreement", Changes),
    ("AgreementService/ListAgreements", Reads),
    ("AgreementService/ProposeAgreement", Changes),
    ("AgreementService/ResumeAgreement", Changes),
    ("AgreementService/SignAgreement", Changes),
    ("AgreementService/SuspendAgreement", Changes),
    ("AgreementService/TerminateAgreement", Changes),
    ("AttachmentService/DownloadAttachment", Reads),
    ("AttachmentService/GetAttachmentStatus", Reads),
    ("AttachmentService/UploadAttachment", Changes),
    ("ConsoleService/CreateSignInLink", Reads),
    ("ConsoleService/EndSession", Reads),
    ("ConsoleService/ListSessions", Reads),
    ("DeskService/EndorseAssessment", Changes),
    ("DeskService/Explain", Reads),
    ("DeskService/FindAssessments", Reads),
    ("DeskService/FollowFeed", Reads),
    ("DeskService/GetAssessment", Reads),
    ("DeskService/GetFeedStatus", Reads),
    ("DeskService/ListAssessments", Reads),
    ("DeskService/ListWaiting", Reads),
    ("DeskService/PublishAssessment", Changes),
    // It asks partners for what they have, as the node does by itself.
    ("DeskService/PullFeed", Reads),
    ("DeskService/ReleaseAgain", Changes),
    ("DraftService/CreateDraft", Changes),
    ("DraftService/DeleteDraft", Changes),
    ("DraftService/GetDraft", Reads),
    ("DraftService/HandOverDraft", Changes),
    ("DraftService/ListDrafts", Reads),
    ("DraftService/PreviewAssessment", Reads),
    ("DraftService/RenameDraft", Changes),
    ("DraftService/SaveDraft", Changes),
    ("DraftService/TakeBackDraft", Changes),
    ("IntroductionService/GetInvitationOf", Reads),
    ("IntroductionService/ListIntroductions", Reads),
    ("IntroductionService/PermitIntroductions", Changes),
    ("IntroductionService/SignIntroductions", Changes),
    ("LedgerService/CheckLedgerNote", Reads),
    ("LedgerService/ExportEvidence", Reads),
    ("LedgerService/ExportLedger", Reads),
    ("LedgerService/GetLedgerHead", Reads),
    ("LedgerService/ListLedger", Reads),
    ("LedgerService/ListLedgerAlarms", Reads),
    ("LedgerService/ProveLedgerEvent", Reads),
    ("LedgerService/RotateLedgerKey", Changes),
    ("LedgerService/SettleLedger", Settles),
    ("LedgerService/VerifyLedger", Reads),
    ("NodeService/GetNode", Reads),
    ("NodeService/ListEndings", Reads),
    ("PartnerService/AcceptPartner", Changes),
    ("PartnerService/CreateInvitation", Changes),
    ("PartnerService/ForgetPartner", Changes),
    ("PartnerService/ListPartners", Reads),
    ("PartnerService/ResumePartner", Changes),
    ("PartnerService/SuspendPartner", Changes),
    ("PersonService/ConfirmPerson", Settles),
    ("PersonService/ListPeople", Reads),
    // A mark or a saved search is one person's note. While entries of the ledger are lost they are refused like all changes.
    ("PersonalService/DeleteSavedSearch", Changes),
    ("PersonalService/ListActionItems", Reads),
    ("PersonalService/ListSavedSearches", Reads),
    ("PersonalService/MarkAssessment", Changes),
    ("PersonalService/SaveSearch", Changes),
    ("RecallService/DecidePurge", Changes),
    ("RecallService/ListRecalls", Reads),
    ("RecallService/RecallAssessment", Changes),
    ("ReceiptService/AcknowledgeAssessment", Changes),
    ("ReceiptService/GetHolders", Reads),
    ("RequestService/AnswerRequest", Changes),
    ("RequestService/ListRequests", Reads),
    ("RequestService/RequestMore", Changes),
    ("RequestService/WeighException", Changes),
    ("RuleService/GetRules", Reads),
    ("RuleService/Simulate", Reads),
    ("TrustService/GetBundle", Reads),
    (GIVE_REVOCATION_LIST, Changes),
    ("TrustService/ProposeBundle", Changes),
    ("TrustService/SignBundle", Changes),
    ("TrustService/TakeBundles", Changes),
];

/// The only call that is served while one of the organisation's own revocation lists is past its next update. Without it, nobody could
/// bring the list of a CA that has lost its number.
pub const GIVE_REVOCATION_LIST: &str = "TrustService/GiveRevocationList";

/// What a call does, by its `Service/Method`. A call that is not there changes something, so that it is refused and not let through.
pub fn effect(call: &str) -> Effect {
    CALLS.iter().find(|(name, _)| *name == call).map_or(Changes, |(_, effect)| *effect)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::{desk::service, wire::proto::DESCRIPTORS};

    /// All calls in the proto files but those between partners.
    fn calls_in_protos() -> BTreeSet<String> {
        let set = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
        let of_desk = |name: &str| name != "ExchangeService";
        let ours = set.file.iter().filter(|file| file.package() == "watchfire.v1");
        let services = ours.flat_map(|file| &file.service).filter(|service| of_desk(service.name()));
        let calls = services.flat_map(|s| s.method.iter().map(move |m| format!("{}/{}", s.name(), m.name())));
        calls.collect()
    }

    #[test]
    fn every_call_says_what_it_does() {
        let named: BTreeSet<String> = CALLS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(named.len(), CALLS.len(), "a call is there twice");
        assert_eq!(named, calls_in_protos());
    }

    #[test]
    fn every_service_is_served() {
        let served: BTreeSet<&str> = service::NAMES.iter().filter_map(|n| n.strip_prefix("watchfire.v1.")).collect();
        let calls = calls_in_protos();
        let declared: BTreeSet<&str> = calls.iter().filter_map(|call| call.split('/').next()).collect();
        assert_eq!(served, declared);
    }

    #[test]
    fn a_call_that_nobody_knows_is_taken_for_a_change() {
        assert_eq!(effect("DeskService/Guess"), Changes);
        assert_eq!(effect("LedgerService/SettleLedger"), Settles);
    }
}
