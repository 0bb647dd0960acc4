//! Every value that is written can be read back.

use proptest::prelude::*;
use watchfire::wire;

use crate::{beside, portions, statements};

proptest! {
    #[test]
    fn portions_read_back(portion in portions::portion()) {
        prop_assert_eq!(wire::portion::decode(&wire::portion::encode(&portion)).unwrap(), portion);
    }

    #[test]
    fn manifests_read_back(manifest in statements::manifest()) {
        prop_assert_eq!(wire::manifest::decode(&wire::manifest::encode(&manifest)).unwrap(), manifest);
    }

    #[test]
    fn agreements_read_back(agreement in statements::agreement()) {
        prop_assert_eq!(wire::agreement::decode(&wire::agreement::encode(&agreement)).unwrap(), agreement);
    }

    #[test]
    fn releases_read_back(release in statements::release()) {
        prop_assert_eq!(wire::release::decode(&wire::release::encode(&release)).unwrap(), release);
    }

    #[test]
    fn voids_read_back(void in statements::void()) {
        prop_assert_eq!(wire::release::decode_void(&wire::release::encode_void(&void)).unwrap(), void);
    }

    #[test]
    fn notices_read_back(notice in statements::notice()) {
        prop_assert_eq!(wire::notice::decode(&wire::notice::encode(&notice)).unwrap(), notice);
    }

    #[test]
    fn receipts_read_back(receipt in statements::receipt()) {
        prop_assert_eq!(wire::receipt::decode(&wire::receipt::encode(&receipt)).unwrap(), receipt);
    }

    #[test]
    fn times_of_logging_read_back(logged in statements::logged()) {
        prop_assert_eq!(wire::logged::decode(&wire::logged::encode(&logged)).unwrap(), logged);
    }

    #[test]
    fn recalls_read_back(recall in statements::recall()) {
        prop_assert_eq!(wire::recall::decode(&wire::recall::encode(&recall)).unwrap(), recall);
    }

    #[test]
    fn invitations_read_back(invitation in statements::invitation()) {
        prop_assert_eq!(wire::invitation::decode(&wire::invitation::encode(&invitation)).unwrap(), invitation);
    }

    #[test]
    fn bundles_read_back(bundle in statements::bundle()) {
        prop_assert_eq!(wire::bundle::decode(&wire::bundle::encode(&bundle)).unwrap(), bundle);
    }

    #[test]
    fn endorsements_read_back(endorsement in beside::endorsement()) {
        prop_assert_eq!(wire::endorsement::decode(&wire::endorsement::encode(&endorsement)).unwrap(), endorsement);
    }

    #[test]
    fn requests_read_back(request in beside::request()) {
        prop_assert_eq!(wire::request::decode(&wire::request::encode(&request)).unwrap(), request);
    }

    #[test]
    fn answers_read_back(answer in beside::answer()) {
        prop_assert_eq!(wire::request::decode_answer(&wire::request::encode_answer(&answer)).unwrap(), answer);
    }

    #[test]
    fn exceptions_read_back(exception in beside::exception()) {
        prop_assert_eq!(wire::request::decode_exception(&wire::request::encode_exception(&exception)).unwrap(), exception);
    }

    #[test]
    fn envelopes_read_back(envelope in statements::envelope()) {
        prop_assert_eq!(wire::envelope::decode(&wire::envelope::encode(&envelope)).unwrap(), envelope);
    }
}
