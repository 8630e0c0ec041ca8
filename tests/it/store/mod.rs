//! What every store holds to. A case is written once; a row below runs all of them over one more store.

mod catalogue;
mod chats;
mod companies;
mod conversations;
mod copies;
mod damage;
mod encryption;
mod erasure;
mod handoffs;
mod idempotency;
mod ingest;
mod jobs;
mod knowledge;
mod leads;
mod ledger;
mod odd_ends;
mod outbox;
mod plans;
mod postgres_databases;
mod queue;
mod samples;
mod sharing;
mod sqlite_files;
mod tokens;
mod transfer;
mod turns;
mod upkeep;

use std::any::Any;
use std::sync::Arc;

use flow::domain::store::Store;
use flow::store::sqlite::SqliteStore;

use crate::support::postgres::Database;

/// A store for one case; what it lives in goes away with it.
struct Opened {
    store: Arc<dyn Store>,
    _home: Option<Box<dyn Any + Send>>,
}

async fn in_a_file() -> Option<Opened> {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("flow.db")).unwrap();
    Some(Opened { store: Arc::new(store), _home: Some(Box::new(home)) })
}

async fn in_memory() -> Option<Opened> {
    Some(Opened { store: Arc::new(SqliteStore::in_memory().unwrap()), _home: None })
}

async fn in_a_database() -> Option<Opened> {
    let home = Database::new().await?;
    Some(Opened { store: Arc::new(home.open()), _home: Some(Box::new(home)) })
}

macro_rules! store_suite {
    (@over $name:ident = $open:ident; $($group:ident { $($case:ident,)+ })+) => {
        mod $name {
            $(mod $group {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let Some(opened) = crate::store::$open().await else { return };
                    crate::store::$group::$case(&*opened.store).await;
                    let findings = opened.store.check().await.unwrap();
                    assert_eq!(findings, [], "the case left damage behind");
                })+
            })+
        }
    };
    ($($cases:tt)+) => {
        store_suite! { @over sqlite_in_a_file = in_a_file; $($cases)+ }
        store_suite! { @over sqlite_in_memory = in_memory; $($cases)+ }
        store_suite! { @over postgres = in_a_database; $($cases)+ }
    };
}

store_suite! {
    sharing {
        a_duty_is_one_daemons_until_it_ends_or_is_given_up,
        of_many_who_want_a_duty_one_has_it,
        a_budget_is_drawn_from_by_all_and_never_overdrawn,
        a_credential_is_renewed_by_one_and_read_by_all,
        a_token_that_may_be_used_once_is_used_once,
    }
    companies {
        without_a_profile_there_is_none_and_its_version_is_zero,
        a_profile_reads_back_whole,
        the_same_profile_again_changes_nothing,
        a_changed_service_is_updated_by_its_id,
        a_removed_service_is_hidden_and_its_bookings_stay,
        a_service_that_returns_is_shown_again,
    }
    conversations {
        a_message_reads_back_with_its_conversation_contact_and_job,
        a_redelivered_message_is_one_message,
        a_message_delivered_ten_times_at_once_is_one_message,
        the_same_external_id_on_another_account_is_another_message,
        a_closed_conversation_opens_again_with_the_next_message,
        closing_twice_keeps_the_first_moment,
        what_the_channel_knows_fills_only_what_is_empty,
        a_typed_phone_is_not_one_that_the_channel_vouches_for,
        a_message_posted_with_a_handoff_gives_the_conversation_to_a_person,
        messages_are_read_by_ranges,
        messages_since_follow_every_conversation,
        each_filter_of_conversations_finds_its_own,
        conversations_are_found_by_inflected_words,
        conversations_with_equal_times_page_without_gaps,
        counting_stops_at_its_cap,
        of_several_people_with_a_phone_the_last_active_is_first,
        a_contact_is_made_once_for_a_phone,
        an_unknown_conversation_is_not_found,
    }
    ingest {
        an_event_is_one_message_with_its_conversation_and_job,
        an_event_delivered_ten_times_is_one,
        an_event_delivered_ten_times_at_once_is_one,
        the_same_message_under_another_event_number_is_a_duplicate,
        the_same_event_number_on_another_account_is_another_event,
        a_batch_is_stored_in_its_order_and_with_its_mark,
        an_edit_changes_the_words_and_nothing_else,
        the_beginning_of_an_edited_text_is_kept_for_lists,
        an_edit_of_what_no_client_wrote_changes_nothing,
        an_address_takes_nothing_until_the_client_writes,
        forgetting_begins_with_the_oldest_events_and_keeps_messages_known,
        what_means_nothing_is_only_kept,
    }
    handoffs {
        of_two_who_take_one_conversation_one_has_it,
        a_reply_takes_what_nobody_has,
        what_was_written_to_a_person_is_dealt_with_when_one_answered,
        without_an_answer_the_last_message_is_given_to_the_bot,
        a_turn_that_began_under_another_owner_writes_nothing,
        what_has_ended_is_neither_taken_nor_answered,
    }
    turns {
        a_turn_starts_from_what_no_turn_has_seen,
        a_turn_writes_everything_together,
        what_a_turn_schedules_is_written_with_it,
        a_job_that_is_given_up_is_kept_and_what_was_said_is_written,
        a_taken_slot_writes_nothing,
        a_lost_lease_writes_nothing,
        a_stale_session_writes_nothing,
        a_failed_turn_leaves_its_job_where_it_was,
        a_dialogue_has_one_lead_that_grows,
        a_dialogue_only_moves_its_lead_where_it_may_go,
        closing_a_conversation_forgets_the_state_of_its_dialogue,
    }
    leads {
        a_lead_reads_back_whole,
        an_open_lead_with_the_same_phone_is_the_same_lead,
        asked_to_make_one_a_second_lead_is_made,
        an_old_or_ended_lead_is_not_the_same_lead,
        a_patch_changes_what_it_names_and_raises_the_version,
        a_patch_to_the_same_values_changes_nothing,
        another_version_is_refused,
        a_transition_that_is_not_allowed_is_refused,
        leads_with_equal_times_page_without_gaps,
        a_lead_written_while_paging_hides_none,
        each_filter_of_leads_finds_its_own,
        a_search_takes_percent_and_underscore_as_they_are,
    }
    ledger {
        a_booking_reads_back_whole,
        of_twenty_that_want_one_slot_one_wins,
        an_overlap_by_a_minute_is_taken_and_touching_is_free,
        off_the_five_minute_grid_touching_is_free_too,
        another_employee_or_connection_has_its_own_time,
        a_booking_with_nobody_takes_nobodys_time,
        the_same_key_answers_the_first_booking,
        a_refused_key_may_be_used_again,
        a_move_frees_the_old_slot_and_keeps_the_new,
        a_move_to_a_taken_slot_changes_nothing,
        the_same_move_again_answers_the_same,
        a_visit_may_be_moved_by_less_than_its_length,
        a_cancelled_booking_frees_its_slot,
        a_refused_booking_frees_its_slot_and_says_why,
        a_booking_comes_back_to_life_only_when_its_slot_is_free,
        busy_lists_live_rows_that_touch_the_stretch,
        each_filter_of_bookings_finds_its_own,
    }
    queue {
        jobs_of_a_lane_run_in_their_order,
        lanes_run_side_by_side,
        a_job_waits_until_it_is_ready,
        a_retry_delays_its_own_lane_only,
        attempts_are_counted_and_begin_anew_with_the_next_job,
        a_dead_job_lets_its_lane_go_on,
        a_lost_lease_is_fenced_off,
        a_heartbeat_keeps_the_lease,
        only_leases_that_ran_out_are_reaped,
        two_claims_at_once_never_share_a_lane,
        the_stats_count_what_waits_and_what_is_dead,
    }
    jobs {
        a_claim_takes_only_the_lanes_of_its_class,
        jobs_are_listed_with_how_far_they_are,
        each_filter_of_jobs_finds_its_own,
        a_dead_job_tells_how_often_it_was_tried_and_when_it_was_given_up,
        a_dead_job_has_another_chance_when_retried,
        a_retried_job_stands_behind_what_runs_and_what_waits,
        calling_off_touches_only_what_waited_for_it,
        what_waits_runs_at_once_when_retried,
        what_is_called_off_is_gone_for_good,
        a_running_job_is_left_to_its_worker,
        calling_off_the_head_lets_the_next_begin_anew,
        work_under_one_key_is_scheduled_once,
        what_is_due_enters_its_lane_in_order,
        a_key_that_entered_is_not_taken_again_until_it_is_forgotten,
        classes_are_counted_each_for_itself,
    }
    odd_ends {
        the_reason_of_the_part_that_failed_is_kept,
        a_doubt_and_a_call_off_leave_the_pace_as_it_was,
        a_chat_that_moved_to_where_somebody_is_has_one_lane,
        what_moved_stands_behind_what_waits_there_and_keeps_its_order,
        a_chat_that_moved_keeps_the_pace_of_where_it_went,
        calling_off_a_message_hurries_no_other,
        a_dialogue_that_moved_onto_another_keeps_its_own,
        what_was_under_way_when_it_was_called_off_stays_in_doubt,
        finding_a_doubt_is_no_try,
        a_message_without_words_waits_for_nobody,
        what_changes_a_dialogue_changes_its_version,
    }
    outbox {
        what_must_be_carried_is_queued_with_its_job,
        what_the_client_reads_here_is_sent_at_once,
        a_long_text_is_carried_in_parts_in_their_order,
        only_a_message_that_says_so_asks_for_the_phone,
        of_several_parts_the_worst_that_is_certain_is_told,
        a_chat_gets_one_after_the_other_and_chats_wait_for_nobody,
        two_looks_at_once_never_share_a_chat,
        what_a_dead_worker_had_is_in_doubt_and_the_chat_goes_on,
        a_late_outcome_is_refused_and_changes_nothing,
        again_delays_its_own_chat_and_counts_the_tries,
        what_is_in_doubt_is_sent_when_a_person_says_so,
        what_is_called_off_is_not_sent,
        the_outbox_counts_what_waits_and_what_is_under_way,
    }
    chats {
        after_a_silence_two_follow_each_other_then_one_a_second,
        a_single_burst_is_one_a_second,
        the_pace_holds_for_what_is_written_into_the_emptied_lane,
        a_try_that_did_not_go_out_keeps_the_pace,
        a_lane_that_keeps_its_pace_is_swept_when_that_is_over,
        what_waits_for_an_address_that_takes_nothing_is_given_up,
        a_message_that_is_refused_for_itself_stops_nothing_else,
        a_chat_that_moved_takes_its_conversations_and_jobs_along,
        a_chat_that_moved_is_heard_and_held_back_under_its_new_address,
    }
    idempotency {
        a_key_is_written_with_its_effect,
        an_effect_under_a_known_key_writes_nothing,
        an_answer_is_kept_for_its_fingerprint,
        of_ten_requests_with_one_key_one_has_an_effect,
        old_keys_are_forgotten,
    }
    tokens {
        a_token_is_found_by_its_hash,
        revoking_twice_keeps_the_first_moment,
        a_use_is_noted_at_most_once_a_minute,
    }
    knowledge {
        an_entry_is_found_by_inflected_words,
        a_heading_weighs_more_than_the_text,
        a_slip_of_one_letter_finds_what_was_meant,
        what_a_client_writes_is_never_query_syntax,
        a_new_profile_replaces_what_is_searched,
    }
    erasure {
        a_person_with_a_visit_to_come_stays,
        a_person_whose_job_runs_stays_until_it_is_done,
        who_goes_leaves_a_group_to_the_others,
        a_phone_that_others_have_too_is_not_proof,
    }
    upkeep {
        a_new_store_is_empty_and_sound,
        events_follow_in_order,
        whole_conversations_read_back,
        a_batch_with_one_bad_conversation_writes_none,
        bookings_of_a_day_are_counted,
    }
}
