//! The contract of every backend, as stories that run on each of them: `contract!(new_home)` makes a test of each story.

use super::Store;

mod approvals;
mod browser_sessions;
mod bundles;
mod decided_on;
mod drafts;
mod equivocations;
mod feeds;
mod unverified;
mod introductions;
pub(super) mod kit;
mod ledger;
mod lists;
mod life;
mod named;
mod people;
mod personal;
mod publishing;
mod quarantine;
mod races;
mod recalls;
mod receipts;
mod receiving;
mod records;
mod requests;
mod rules;
mod searches;
mod timers;
mod titles;
mod word_searches;

pub(super) use {
    approvals::*, browser_sessions::*, bundles::*, decided_on::*, drafts::*, equivocations::*, feeds::*,
    introductions::*, ledger::*, life::*, lists::*, named::*, people::*, personal::*, publishing::*, quarantine::*,
    races::*, recalls::*, receipts::*, receiving::*, records::*, requests::*, rules::*, searches::*, timers::*,
    titles::*, unverified::*, word_searches::*,
};

/// The place of a store's data. Opening the store again after it was dropped is a restart.
pub(super) trait Home {
    /// Opens the store, and creates it the first time.
    fn open(&self) -> Box<dyn Store>;
    /// Opens a second store on the same data while the first one is open, as a second process would.
    fn open_second(&self) -> Box<dyn Store>;
}

/// Makes a test of every story. The expression makes a home.
macro_rules! contract {
    ($home:expr) => {
        contract! { $home;
            a_publication_is_there_with_its_portions_queue_and_ledger
            bundles_are_kept_in_order_and_change_with_their_partner
            introductions_wait_for_their_second_signature_and_go_out_then
            so_many_bundles_wait_of_one_courier_and_no_more
            publishing_again_changes_nothing
            a_version_must_follow_the_one_that_is_here
            a_later_version_supersedes
            what_versions_are_about_is_known_of_all_of_them
            another_manifest_for_the_same_version_is_a_conflict
            a_partner_may_wait_twice_for_different_times
            more_queues_are_filled_once
            concurrent_publications_are_all_there
            the_urgent_overtakes_and_then_the_oldest_goes_first
            equally_urgent_originators_take_turns
            a_look_reads_no_more_than_there_is_room_for
            what_is_not_due_yet_is_not_offered
            releases_are_numbered_without_gaps
            two_rounds_of_releasing_do_not_both_win
            settled_items_leave_the_queue
            a_void_takes_the_place_and_ends_the_right_to_attachments
            acknowledgement_never_goes_backwards
            entries_are_received_exactly_once
            a_batch_with_a_gap_leaves_nothing_behind
            a_late_lower_version_is_superseded_at_once
            several_ways_give_one_assessment_with_each_portion_once
            quarantine_keeps_from_users
            a_second_manifest_for_a_version_is_quarantined_and_does_not_stop_the_feed
            a_quarantined_version_does_not_hide_the_one_before
            what_counts_on_a_hub_s_word_gives_way_to_its_originator_s_own
            what_an_entry_brought_is_hidden_by_a_later_entry_of_the_same_batch
            what_counts_on_a_hub_s_word_is_shown_only_where_nothing_else_is
            another_originator_with_the_same_id_hides_nothing
            a_void_is_received_without_content
            followers_resume_by_arrival
            lists_are_newest_first_and_filtered
            a_list_reads_titles_and_as_closed_as_what_they_name
            a_page_ends_where_it_is_long_and_the_next_one_goes_on
            a_search_is_as_closed_as_what_it_finds
            a_portion_in_quarantine_does_not_lead_to_the_version_that_has_it
            the_pages_of_a_search_are_the_list_that_is_wanted
            followers_begin_after_the_newest_changes
            words_are_found_in_what_the_reader_may_read_and_nowhere_else
            where_a_page_of_a_search_ends_says_nothing_of_quarantine
            a_purge_and_an_index_that_is_off_leave_no_words
            words_are_found_alike_with_and_without_an_index
            what_a_person_has_read_is_that_person_s_own
            searches_are_saved_by_name_for_one_person
            what_is_owed_and_what_is_kept_from_users_is_counted
            ids_are_found_between_two_bounds
            pages_go_on_where_the_last_one_ended
            partners_are_saved_and_replaced
            roots_that_are_retired_are_kept_for_history
            revocation_lists_take_the_place_of_those_before
            revocations_are_kept_for_ever
            approvals_are_kept_until_what_they_allowed_is_taken_back
            people_are_kept_as_they_were_saved_last
            a_link_opens_one_session
            sessions_last_until_they_are_ended
            a_draft_keeps_each_text_byte_for_byte_until_it_gives_way
            of_two_who_change_a_draft_that_both_have_read_one_reads_again
            nothing_of_a_deleted_draft_is_left
            a_purge_takes_the_draft_of_what_was_published_here_and_no_other
            agreements_and_their_outbox_go_together
            partners_and_agreements_are_read_by_name
            what_can_t_be_verified_waits_sealed_and_is_settled_once
            what_waited_is_not_shown_once_it_was_taken_back
            what_was_given_is_given_again_as_if_it_had_not_been
            the_outbox_keeps_its_order
            what_the_partner_can_t_take_yet_waits_and_is_offered_again
            versions_of_rules_are_kept_with_their_entries
            attachments_grow_without_holes
            attachments_that_entries_named_are_wanted_until_they_are_whole
            copies_from_several_sources_do_not_touch_each_other
            a_wrong_attachment_is_forgotten
            the_ledger_is_in_order_and_found_by_manifest
            receipts_to_post_go_with_the_entries_they_are_about
            why_an_arrival_is_kept_from_users_is_told
            what_is_held_for_an_agreement_is_found_by_it_page_by_page
            what_is_readmitted_is_shown_once_and_arrives_anew
            what_can_t_be_shown_is_not_readmitted
            a_receipt_answers_only_what_was_released_to_its_signer
            a_release_is_answered_once_as_quarantined_and_then_as_stored
            a_reading_is_told_once_at_its_time_and_no_restart_loses_it
            what_was_taken_back_is_not_told_as_read
            checkpoints_grow_by_the_quantum
            proofs_hold_over_kept_and_new_subtrees
            what_is_kept_beside_the_ledger_is_replaced_by_number_and_bounded
            a_settled_ledger_begins_an_epoch_and_adopts_each_position_once
            what_is_attached_to_portions_is_kept_once_and_queues_its_version
            an_endorsement_that_came_back_is_attached_to_what_was_published_and_nothing_else_changes
            what_came_back_has_so_much_room_and_quarantine_takes_none_of_it
            what_came_attached_to_portions_is_kept_from_users_with_them
            a_request_is_begun_once_and_settled_once
            a_recall_hides_all_versions_and_is_first_in_the_outbox
            recalls_are_read_in_pages_of_so_many_and_so_many_bytes
            two_manifests_of_one_version_leave_one_proof
            what_proves_nothing_against_an_originator_is_not_kept
            a_proof_survives_a_purge
            an_originator_has_room_for_so_many_proofs
            a_purge_leaves_the_tombstone_and_nothing_else
            nobody_else_s_word_keeps_an_attachment_from_a_purge
            what_people_wrote_goes_with_a_purge
            what_was_taken_back_is_not_received_and_not_readmitted
            a_recall_under_roots_that_are_disowned_waits_to_be_proved_again
            a_stranger_s_recall_keeps_from_users_what_is_in_quarantine
            what_was_stored_is_answered_once_up_to_a_number
            holders_are_known_by_what_they_said_and_nobody_s_word_takes_its_place
            of_holders_that_nobody_can_verify_a_version_has_so_many
            duties_are_met_by_a_word_and_end_with_a_recall
            timers_are_due_in_order_and_kept_over_a_restart
            a_timer_that_was_set_while_it_was_fired_stays
            timers_too_far_ahead_are_pulled_in
            an_agreement_sets_the_timer_of_its_end
            two_stores_forward_an_arrival_once
            two_stores_judge_a_head_against_the_same_one_and_one_judges_again
            alarms_of_two_stores_have_a_number_each
            a_statement_waits_once_whichever_store_posts_it
            of_two_administrators_who_decide_on_one_catalogue_one_decides_again
            two_stores_change_the_ledger_on_what_both_have_read_and_one_reads_again
            no_store_signs_a_head_once_another_one_knows_that_entries_are_lost
            a_sign_in_that_two_stores_hear_is_one_entry
            what_was_decided_on_another_catalogue_is_refused_as_a_whole
            each_change_of_the_catalogue_moves_it_and_names_both_versions
            a_loss_of_the_ledger_is_decided_on_the_catalogue_and_moves_it
            two_stores_give_each_arrival_and_each_step_of_a_request_a_number_of_its_own
            a_repeated_statement_is_offered_at_once
            everything_is_there_after_a_restart
        }
    };
    ($home:expr; $($story:ident)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $story() {
            $crate::store::contract::$story(&$home).await;
        })+
    };
}
pub(super) use contract;
