"""The fault table: what can go wrong, what the bot must do then, and the tests that show it.

`python -m tests.faults.rows` writes docs/reference/faults.md. A row without a test is not shown yet, and the page says
so; `missing` tells what a row lacks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "faults.md"


@dataclass(frozen=True)
class Row:
    """`tests` are named from tests/, without what parametrizes them."""

    id: str
    fault: str
    required: str
    tests: tuple[str, ...] = ()
    missing: str = ""

    @property
    def node_ids(self) -> tuple[str, ...]:
        return tuple(f"tests/{test}" for test in self.tests)


# By the folder of a test; the first that fits.
KINDS = {
    "faults/test_crash": "process killed",
    "faults/test_frozen": "process frozen",
    "faults/test_power": "power cut, replayed",
    "faults/test_simulation": "simulation",
    "faults/test_submit_protocol": "model",
    "faults/test_fills": "property",
    "faults/": "scenario",
    "approvals/rules/": "property",
    "approvals/test_machine": "model",
    "approvals/test_races": "races, both databases",
    "approvals/": "order path",
    "audit/": "both databases",
    "flows/": "whole bot",
    "trading/rules/": "property",
    "trading/": "order path",
    "kucoin/": "over the wire",
    "paper/": "over the wire",
    "delivery/": "delivery, both databases",
    "intake/": "intake, both databases",
    "db/": "both databases",
    "": "part",
}


# Where every scenario ends with the oracles, and what among it is none: models, and fills that nobody ordered.
JUDGED = (
    "faults/",
    "flows/test_doctor.py",
    "flows/test_orders.py::test_orders_with_this_bots_own_mark",
    "flows/test_portfolio.py::test_while_kucoin_cannot_be_asked",
    "approvals/test_decision.py",
    "approvals/test_desks.py",
    "approvals/test_races.py::test_it_expires",
    "approvals/test_races.py::test_many_presses",
)
UNJUDGED = ("faults/test_simulation", "faults/test_submit_protocol", "faults/test_fills")


def kind_of(test: str) -> str:
    kind = next(kind for prefix, kind in KINDS.items() if test.startswith(prefix))
    return f"{kind}, oracles" if is_judged(test) else kind


def is_judged(test: str) -> bool:
    """Whether it ends with the oracles; `claims.py` makes sure that it does."""
    return test.startswith(JUDGED) and not test.startswith(UNJUDGED)


SENDING, RECONCILE, ORDERS = "trading/test_sending.py::", "trading/test_reconcile.py::", "trading/test_orders.py::"
FIRSTS, FORESEEN = "alerts/test_monitor_doubts.py::", "alerts/test_monitor_foreseen.py::"
CLOCKS = "alerts/test_monitor_clocks.py::"
KUCOIN, STREAM, HUB = "kucoin/test_account.py::", "kucoin/test_stream.py::", "kucoin/test_hub.py::"
DOUBTS, MOVES, LISTED = "kucoin/test_doubts.py::", "kucoin/test_moves.py::", "kucoin/test_listed.py::"
STOPS, ENDS = "faults/test_stops.py::", "faults/test_ends.py::"
REFUSED = "faults/test_refused_exits.py::"
TAKEN_BACK = "faults/test_taken_back_exits.py::"
GUARDED = "faults/test_guarded_losses.py::"
ELSEWHERE = "trading/test_fills_elsewhere.py::"
ADOPTION = "trading/test_adoption.py::"
PORTFOLIO = "flows/test_portfolio.py::"
FILLS_ELSEWHERE = "trading/test_fills_elsewhere.py::"
AMEND, AMENDING = "faults/test_amend.py::", "trading/test_amending.py::"
ROUNDS = "trading/test_rounds.py::"
EXCHANGE, STREAMS = "faults/test_exchange.py::", "faults/test_streams.py::"
ANSWERS, DATABASES, MASTER = "faults/test_answers.py::", "faults/test_database.py::", "faults/test_keys.py::"
DISK, CLOCK, CRASHES = "faults/test_disk.py::", "faults/test_clock.py::", "faults/test_crashes.py::"
RESTORED = "faults/test_restored.py::"
POWER, CRASHED_EXITS = "faults/test_power.py::", "faults/test_crashed_exits.py::"
DECISION, RACES, DESKS = "approvals/test_decision.py::", "approvals/test_races.py::", "approvals/test_desks.py::"
GROUP, RECORD = "flows/test_desks.py::", "audit/test_chain.py::"
CLUB = "flows/test_group_alerts.py::"
INTAKE, GATE, SENDER = "intake/test_service.py::", "intake/test_gate.py::", "delivery/test_sender.py::"
LIMITER = "delivery/test_limiter.py::"

KUCOIN_REST = (
    Row(
        "R1",
        "an order is taken and the reply is lost, late or reset",
        "*unknown* is said; KuCoin is asked by our id until it is known; nothing is posted again",
        (
            SENDING + "test_no_definite_answer_is_unknown_and_the_truth_follows",
            STOPS + "test_no_definite_answer_is_unknown_and_the_truth_follows",
            "faults/test_simulation.py::test_no_fate_of_an_order_is_told_wrong",
            "faults/test_submit_protocol.py::test_our_protocol_never_doubles_and_never_denies",
            "faults/test_submit_protocol.py::test_what_looks_reasonable_is_not",
        ),
    ),
    Row(
        "R2",
        "an order never arrives",
        "*not placed* is said once it can neither be taken nor be hidden any more, and not before",
        (
            RECONCILE + "test_not_placed_is_said_after_the_last_moment_it_could_have_come_and_not_before",
            STOPS + "test_not_placed_is_said_when_its_signature_cannot_be_taken_any_more_and_not_before",
            "trading/rules/test_settlement.py::test_not_placed_is_never_said_early",
        ),
    ),
    Row(
        "R3",
        "DNS, refused, TLS fails: not a byte has left",
        "*not sent* is said at once; a new tap makes a new order",
        (
            ANSWERS + "test_what_could_not_leave_is_not_sent_and_a_new_tap_makes_a_new_order",
            SENDING + "test_what_has_not_left_is_told_as_not_sent",
            "kucoin/test_http.py::test_refused_means_that_not_a_byte_was_sent",
            "kucoin/test_http.py::test_an_unknown_name_means_that_not_a_byte_was_sent",
            "kucoin/test_http.py::test_failed_encryption_means_that_not_a_byte_was_sent",
            "kucoin/test_http.py::test_a_full_pool_means_that_not_a_byte_was_sent",
        ),
    ),
    Row(
        "R4",
        "429 with a time to wait",
        "that account's pool rests until then; an order that met it is unknown",
        (
            EXCHANGE + "test_after_a_429_nothing_is_asked_until_the_reset_and_the_order_is_settled_then",
            "kucoin/test_budget.py::test_a_429_closes_the_pool_until_the_reset",
            KUCOIN + "test_a_throttled_pool_sends_no_order",
        ),
    ),
    Row(
        "R5",
        "Cloudflare 1015, 403 with a page",
        "nothing at all is asked for 30 s; an order that met it is unknown",
        (
            EXCHANGE + "test_page_1015_silences_the_whole_host_for_half_a_minute",
            "kucoin/test_market.py::test_a_blocked_address_is_silent_for_half_a_minute",
        ),
    ),
    Row(
        "R6",
        "5xx, a page instead of JSON, broken gzip",
        "unknown for an order; a read is tried three times",
        (
            ANSWERS + "test_pages_of_somebody_in_between_leave_the_order_in_doubt_and_the_looks_go_on",
            ANSWERS + "test_an_answer_that_says_it_is_packed_and_is_not_leaves_the_order_in_doubt",
            KUCOIN + "test_an_unclear_answer_leaves_the_outcome_unknown",
            "kucoin/test_market.py::test_a_read_is_tried_three_times",
            RECONCILE + "test_no_failure_of_the_exchange_ends_the_reconciler",
        ),
    ),
    Row(
        "R7",
        "300000, or any code that is not known to be a no",
        "unknown; a definite no is told with KuCoin's words, which never become markup",
        (
            ANSWERS + "test_a_code_that_is_not_known_to_be_a_no_is_none",
            ANSWERS + "test_a_clear_no_is_told_and_the_next_order_goes_out",
            "kucoin/test_errors.py::test_a_code_that_the_table_lacks_is_never_a_no",
            SENDING + "test_definite_no_is_told_as_rejected_with_kucoin_s_words",
            SENDING + "test_words_of_kucoin_never_become_markup",
        ),
    ),
    Row(
        "R8",
        "success with half a body, null, wrong types, no order id, another clientOid",
        "unknown; never an order without a number",
        (
            ANSWERS + "test_a_success_without_its_number_is_no_success_yet",
            SENDING + "test_no_definite_answer_is_unknown_and_the_truth_follows",
            RECONCILE + "test_unreadable_order_is_looked_at_again_and_changes_nothing",
        ),
    ),
    Row(
        "R9",
        "408000, 500000, 126038, 126039",
        "as R1",
        (
            ANSWERS + "test_trouble_within_kucoin_leaves_the_order_in_doubt",
            "kucoin/test_errors.py::test_what_is_no_clear_no_leaves_a_write_unknown_and_a_read_to_be_repeated",
        ),
    ),
    Row(
        "R10",
        "duplicate clientOid, by code or by words",
        "that order is ours: it is looked up and adopted",
        (
            ANSWERS + "test_a_duplicate_is_ours_and_is_adopted_though_it_shows_late",
            "kucoin/test_errors.py::test_a_duplicate_means_that_an_earlier_attempt_has_landed",
            SENDING + "test_no_definite_answer_is_unknown_and_the_truth_follows",
        ),
    ),
    Row(
        "R11",
        "400002: our clock is refused",
        "*not sent* is said; KuCoin's clock is read again before the next call",
        (
            EXCHANGE + "test_refused_clock_costs_one_order_not_sent_and_the_next_one_passes",
            SENDING + "test_wrong_timestamp_was_never_looked_at",
            "kucoin/test_rest.py::test_a_refused_timestamp_is_cured_once_with_a_fresh_signature",
        ),
    ),
    Row(
        "R12",
        "400003–400007: key, passphrase, signature, address, right",
        "the key is suspended and its owner told once, with the reason; it is asked about every five minutes at most",
        (
            "credentials/test_doctor.py::test_a_key_that_kucoin_refuses_is_suspended_with_its_words_until_it_takes_it",
            "credentials/test_doctor.py::test_a_key_refused_somewhere_is_examined_at_once_and_then_not_for_five_minutes",
            "flows/test_doctor.py::test_a_key_revoked_in_the_middle_is_noticed_by_the_next_thing_that_needs_it",
        ),
    ),
    Row(
        "R13",
        "a lookup does not find an order that is there",
        "it stays unknown; should it turn up after *not placed* was said, that is told",
        (
            RECONCILE + "test_order_that_the_query_lags_behind_is_never_called_not_placed",
            RECONCILE + "test_order_that_turns_up_after_all_is_adopted_and_said_to_be",
            RECONCILE + "test_order_that_only_the_lists_show_is_found_there",
            STOPS + "test_a_query_that_lags_behind_proves_nothing",
            STOPS + "test_what_was_asked_in_vain_before_it_was_taken_does_not_prove_that_it_is_gone",
            STOPS + "test_a_triggered_order_that_is_listed_late_is_waited_for",
        ),
    ),
    Row(
        "R14",
        "an order in doubt is older than KuCoin's lookups reach",
        "it is left to the person, with what to look for, and never settles itself; its pair is frozen for that key "
        "until the person has looked",
        (
            EXCHANGE + "test_nothing_is_sent_in_the_pair_of_an_order_in_doubt_until_its_person_has_looked_it_up",
            EXCHANGE + "test_an_exit_waits_while_an_order_of_its_pair_is_in_doubt",
            EXCHANGE + "test_order_beyond_the_look_up_window_is_left_to_a_human_and_never_settles_itself",
            RECONCILE + "test_order_too_old_to_be_found_is_for_the_person_to_check",
            STOPS + "test_after_days_of_standing_still_a_stop_that_is_gone_is_for_the_person_to_check",
        ),
    ),
    Row(
        "R15",
        "a cancel is acknowledged and the order fills; its reply is lost; there is nothing to cancel",
        "a cancel is a request: what became of the order is read, and only that is said",
        (
            ORDERS + "test_order_that_fills_while_it_is_cancelled_is_filled",
            ORDERS + "test_cancel_whose_reply_is_lost_is_looked_up",
            ORDERS + "test_cancel_that_shows_late_is_said_to_be_asked",
            ORDERS + "test_cancel_that_never_arrived_leaves_the_order_and_says_so",
            ORDERS + "test_cancel_of_an_unknown_order_says_what_to_do",
            STOPS + "test_a_cancel_whose_reply_is_lost_is_found_out",
            STOPS + "test_a_cancel_that_comes_too_late_tells_of_the_fill",
            STOPS + "test_cancelled_elsewhere_it_is_said_to_be_gone_after_a_second_look",
        ),
    ),
    Row(
        "R16",
        "fills repeated, unsorted, paged, pages that repeat or lag",
        "each is kept once; their sum is waited for",
        (
            "faults/test_fills.py::test_every_fill_is_read_once_from_any_pages",
            "faults/test_fills.py::test_every_fill_is_kept_once_in_any_sequence",
            "faults/test_fills.py::test_a_server_that_repeats_a_page_for_ever_is_left",
            STOPS + "test_killed_while_its_fill_is_written_down_it_is_written_once",
            RECONCILE + "test_fills_that_are_listed_late_are_waited_for",
        ),
    ),
    Row(
        "R17",
        "an answer drips, is huge, redirects, promises another length",
        "10 s in all, 2 MiB at most, no redirect",
        (
            ANSWERS + "test_an_answer_without_measure_ends_and_its_order_is_looked_up",
            KUCOIN + "test_a_dripping_answer_ends_at_the_deadline",
            KUCOIN + "test_silence_ends_at_the_deadline",
            KUCOIN + "test_an_unclear_answer_leaves_the_outcome_unknown",
            "kucoin/test_http.py::test_a_redirect_is_an_answer_like_any_other",
        ),
    ),
    Row(
        "R18",
        "rules of a pair change, or it is delisted, between ticket and tap",
        "what was shown is what is sent; KuCoin's no is told, and the rules are fetched "
        "anew; no size or price is changed silently",
        (
            EXCHANGE + "test_changed_rules_refuse_the_order_and_never_change_it",
            EXCHANGE + "test_delisted_pair_is_rejected_and_its_open_order_stays_known",
            EXCHANGE + "test_a_no_by_the_rules_fetches_them_anew_and_the_next_ticket_knows",
            EXCHANGE + "test_rules_that_cannot_be_fetched_stay_what_they_were",
        ),
    ),
    Row(
        "R19",
        "half an hour of maintenance",
        "one notice; nothing is sent after its ticket has expired; the truth follows",
        (EXCHANGE + "test_half_an_hour_of_maintenance_loses_nothing_and_sends_nothing_late",),
    ),
    Row(
        "R20",
        "KuCoin says that an order has ended, and shows later that more of it had filled",
        "the fills are read at every end, and waited for while they do not fit; a cancelled order is looked at for ten "
        "minutes more and at every word of it; what shows then is told and gets its exit",
        (
            ENDS + "test_a_fill_that_shows_after_cancelled_was_said_is_told_and_gets_its_exit",
            ENDS + "test_a_fill_that_shows_after_ten_minutes_is_found_when_the_stream_tells_of_it",
            ENDS + "test_an_end_that_does_not_fit_its_fills_is_waited_for_and_not_told",
            ENDS + "test_what_has_been_traded_counts_also_if_the_order_never_says_so",
            ENDS + "test_an_exit_that_was_done_goes_on_when_more_has_filled",
            ENDS + "test_a_cancelled_order_is_looked_at_for_ten_minutes_at_growing_distances",
        ),
    ),
    Row(
        "R21",
        "fills are listed minutes or days after their order has ended",
        "the order is told after 20 s; its fills are asked for until their sum fits, for seven days, over restarts",
        (
            ENDS + "test_fills_that_are_listed_long_after_the_order_was_told_are_kept",
            RECONCILE + "test_fills_that_are_never_listed_do_not_hold_the_truth_back_for_ever",
            RECONCILE + "test_fills_that_are_never_listed_are_asked_for_less_and_less_and_not_for_ever",
        ),
    ),
    Row(
        "R22",
        "an order that was called cancelled is listed as open",
        "it is open again, told as our mistake, shown and cancelled like any other; no late answer reopens one",
        (
            ENDS + "test_a_stop_that_was_called_cancelled_and_is_in_the_book_is_told_and_listed",
            ENDS + "test_an_order_that_kucoin_lists_is_shown_and_can_be_cancelled_whatever_was_said_of_it",
            ENDS + "test_answers_of_before_its_end_do_not_reopen_an_order",
            ENDS + "test_a_stop_that_was_triggered_and_then_cancelled_is_not_reopened_by_its_trigger",
            AMENDING + "test_an_order_called_cancelled_after_a_part_and_found_in_the_book_is_followed_to_its_end",
            AMENDING + "test_a_part_filled_order_is_not_reopened_by_an_answer_of_before_that_part",
        ),
    ),
    Row(
        "R23",
        "the answer about one order does not come",
        "no other order, exit or account waits for it; of each order there is one look at a time",
        (
            ANSWERS + "test_an_order_whose_answers_do_not_come_keeps_no_other_from_its_end",
            ROUNDS + "test_a_fill_is_told_at_once_while_another_answer_does_not_come",
            ROUNDS + "test_a_round_does_not_wait_for_the_one_before",
            ROUNDS + "test_of_one_order_there_is_one_look_at_a_time_and_one_more_for_what_happened_meanwhile",
            ROUNDS + "test_an_exit_is_placed_while_another_one_gets_no_answer",
            ROUNDS + "test_one_account_takes_no_more_than_its_places_and_what_is_hinted_has_places_of_its_own",
        ),
    ),
    Row(
        "R24",
        "one person's account cannot be read while a delisting is announced",
        "everybody else is told at once; that person once it is known what they have, or after an hour (a day where "
        "it is KuCoin that is silent) with the word that nobody could look",
        (
            "alerts/test_news.py::test_an_account_that_cannot_be_read_silences_nobody_else",
            "alerts/test_news.py::test_whose_account_stays_unread_is_told_in_the_end_and_that_nobody_could_look",
            "flows/test_doctor.py::test_a_key_revoked_keeps_the_news_from_nobody_else",
        ),
    ),
    Row(
        "R25",
        "more of an edited order has filled than KuCoin said when it was cancelled",
        "the ticket for its rest is void in the transaction that books the fill, and says so; one that was confirmed "
        "before stands; a fresh one is for what really remains",
        (
            AMEND + "test_a_late_fill_voids_the_ticket_for_the_rest_and_its_card_says_so",
            AMEND + "test_a_confirm_in_the_very_moment_of_a_late_fill_loses_cleanly",
            AMEND + "test_a_confirm_just_before_a_late_fill_wins_cleanly",
            AMEND + "test_a_fill_that_shows_between_the_cancel_and_its_ticket_is_not_in_the_ticket",
            AMENDING + "test_after_a_late_fill_a_fresh_ticket_is_for_what_really_remains",
            AMENDING + "test_a_requoted_ticket_for_the_rest_is_void_too_whoever_comes_first",
        ),
    ),
    Row(
        "R26",
        "KuCoin refuses the exit of a buy, for the moment or for good",
        "what passes is sent again, at growing distances; after three refused OCOs, or at once where KuCoin takes "
        "none, the stop goes alone, and that is told in KuCoin's words; what is refused too long, or finds no coins "
        "within a minute, is given up, and offered",
        (
            REFUSED + "test_an_oco_refused_for_what_passes_is_sent_again_and_keeps_its_profit",
            REFUSED + "test_no_longer_than_half_a_minute_the_loss_is_unguarded_and_the_words_about_it_are_kucoin_s",
            REFUSED + "test_where_the_stop_is_refused_as_well_both_come_back_with_the_pair",
            REFUSED + "test_what_is_refused_for_too_long_is_given_up_and_offered",
            REFUSED + "test_coins_bought_by_hand_later_are_not_sold_by_the_stop_of_an_oco_that_found_none",
            REFUSED + "test_coins_that_are_credited_after_half_a_minute_get_their_exit",
            REFUSED + "test_what_follows_by_itself_is_said_so_and_has_no_button_that_would_sell_twice",
            REFUSED + "test_where_no_oco_is_to_be_had_the_stop_goes_at_once",
            REFUSED + "test_a_price_that_was_beyond_one_side_for_a_moment_costs_no_profit",
            REFUSED + "test_killed_between_the_tries_the_next_life_goes_on_where_it_was",
            REFUSED + "test_a_no_that_was_not_written_down_is_found_out_and_the_oco_sent_again",
            REFUSED + "test_killed_around_the_stop_that_takes_its_place_there_is_one_and_it_is_told",
            REFUSED + "test_what_fills_between_the_tries_goes_with_the_next",
            REFUSED + "test_what_fills_after_an_exit_was_given_up_gets_its_own",
            TAKEN_BACK + "test_an_exit_that_is_cancelled_between_its_tries_is_not_sent_again",
            TAKEN_BACK + "test_an_exit_called_back_while_the_next_try_leaves_is_not_left_at_kucoin",
            TAKEN_BACK + "test_an_exit_that_is_cancelled_while_it_is_unknown_is_not_sent_again",
        ),
    ),
    Row(
        "R27",
        "a buy fills in drips, at its profit already, while the clock is put back, or in a pair that has no price",
        "whatever it brings gets its exit, or is told to wait, and nothing that rests leaves the loss unguarded",
        (
            GUARDED + "test_a_price_at_the_profit_does_not_leave_the_loss_unguarded",
            GUARDED + "test_a_fill_that_shows_after_nobody_could_tell_gets_its_exit",
            GUARDED + "test_an_order_that_fills_a_little_every_four_seconds_is_guarded_all_the_same",
            GUARDED + "test_what_fills_after_the_fifth_part_is_guarded_too",
            GUARDED + "test_a_clock_that_is_put_back_does_not_leave_the_loss_unguarded",
            GUARDED + "test_an_exit_whose_pair_has_no_price_any_more_is_not_left_in_silence",
            GUARDED + "test_an_exit_that_waits_a_second_time_says_so",
            GUARDED + "test_stopped_as_an_exit_ends_the_next_life_says_why",
        ),
    ),
)

PUBLIC_STREAM = (
    Row(
        "P1",
        "the welcome never comes",
        "a new connection with a new token",
        (STREAM + "test_without_a_welcome_a_new_connection_is_made_with_a_new_token",),
    ),
    Row(
        "P2",
        "silence, no pong",
        "left when the pong is due",
        (STREAM + "test_a_silent_server_is_left_when_its_pong_is_due",),
    ),
    Row(
        "P3",
        "pongs come, a topic is dead",
        "that topic is asked for anew, also if it was dead from the first; what it missed is read back",
        (
            HUB + "test_a_topic_that_died_on_a_living_connection_is_asked_for_anew",
            DOUBTS + "test_a_topic_that_was_dead_from_the_first_is_asked_for_anew_and_read_back",
            DOUBTS + "test_a_topic_that_stays_dead_is_read_back_whenever_the_price_has_moved",
            DOUBTS + "test_a_silent_one_among_others_gets_a_topic_of_its_own_beside_the_one_for_all",
            DOUBTS + "test_the_topic_for_all_is_asked_for_anew_when_it_brings_nothing_at_all",
            "alerts/test_monitor_missed.py::test_a_symbol_that_was_never_heard_is_read_back_from_when_it_was_followed",
        ),
    ),
    Row(
        "P4",
        "the token is old, 401 on dial",
        "a fresh token for every dial",
        (
            "kucoin/test_dialer.py::test_every_dial_takes_a_token_of_its_own_to_the_address_that_came_with_it",
            STREAM + "test_an_expired_token_is_no_reason_to_give_up",
        ),
    ),
    Row(
        "P5",
        "accepted and closed at once",
        "waits grow; they shrink after a stable minute",
        (
            STREAM + "test_a_server_that_closes_at_once_is_not_stormed",
            STREAM + "test_after_a_stable_minute_the_next_dial_is_quick_again",
        ),
    ),
    Row(
        "P6",
        "a gap in the numbers",
        "alerts judge again only when what was missed has been read",
        (
            HUB + "test_counting_begun_anew_is_a_gap_and_goes_on",
            "alerts/test_monitor_missed.py::test_a_crossing_in_a_gap_of_the_stream_is_read_back",
            "alerts/test_armed.py::test_a_crossing_missed_fires_once_and_nothing_else_does",
            "alerts/test_computed.py::test_through_gaps_and_restarts_it_fires_once_and_only_for_what_was_so",
        ),
    ),
    Row(
        "P7",
        "frames come twice",
        "told once",
        (
            HUB + "test_a_tick_that_is_repeated_or_late_is_not_told",
            "alerts/test_monitor.py::test_an_alert_fires_once_and_is_done",
            "alerts/test_armed.py::test_every_crossing_fires_as_written_in_the_rules",
        ),
    ),
    Row(
        "P8",
        "frames come late",
        "an older price is dropped",
        (HUB + "test_a_tick_that_is_repeated_or_late_is_not_told",),
    ),
    Row(
        "P9",
        "garbage, binary, huge or deep frames",
        "counted and dropped; memory keeps its measure",
        (
            STREAM + "test_rubbish_is_counted_and_dropped",
            STREAM + "test_a_frame_beyond_all_measure_ends_the_connection_not_the_memory",
            "kucoin/test_feed.py::test_no_text_whatever_breaks_the_outer_reader",
        ),
    ),
    Row(
        "P10",
        "404, 406, 509: too many topics, or one that there is not (any more)",
        "spread over sockets, moved without a gap; whoever is not fed is told",
        (
            STREAM + "test_a_bad_topic_does_not_take_its_neighbours_along",
            HUB + "test_very_many_symbols_are_served_by_the_one_topic_for_all",
            MOVES + "test_the_topic_for_all_is_confirmed_before_the_narrow_ones_are_left",
            MOVES + "test_while_the_topic_for_all_is_not_confirmed_every_symbol_is_still_heard",
            MOVES + "test_a_symbol_that_was_unheard_during_a_move_is_read_back",
            MOVES + "test_the_topic_for_all_is_left_when_each_symbol_has_its_own_again",
            "alerts/test_monitor.py::test_whoever_is_not_fed_is_told_and_the_alerts_pause",
            LISTED + "test_a_pair_that_is_gone_is_told_once",
            LISTED + "test_whoever_holds_a_pair_that_is_gone_hears_so",
            LISTED + "test_a_list_that_lacks_half_the_market_pauses_nothing",
            "flows/test_alerts.py::test_a_pair_that_kucoin_trades_no_more_is_told_of_though_its_topic_is_not_refused",
            "alerts/test_timers.py::test_what_sleeps_on_a_pair_that_is_gone_is_paused_and_its_owner_told",
        ),
    ),
    Row(
        "P11",
        "the feed is faster than its reader",
        "the latest price per pair; nothing queues without bound",
        (
            HUB + "test_a_feed_faster_than_any_market_leaves_no_queue_behind",
            "markets/test_prices.py::test_the_board_shows_the_newest_and_tells_it_once",
        ),
    ),
    Row(
        "P12",
        "a price of 0, of a billion, none",
        "dropped; one that is absurd only beside the last, or as the first one beside the candles, waits for the next, "
        "and the candles are asked",
        (
            HUB + "test_an_absurd_price_is_dropped",
            "kucoin/test_market.py::test_an_absurd_price_is_no_price",
            "markets/test_prices.py::test_a_price_beyond_all_measure_is_not_believed_unless_the_next_one_confirms_it",
            "markets/test_prices.py::test_after_an_interruption_too_the_next_one_has_to_confirm_a_leap",
            "alerts/test_monitor.py::test_an_absurd_price_rings_nothing",
            "alerts/test_monitor.py::test_a_crash_that_was_one_trade_long_rings_from_the_candles",
            FIRSTS + "test_an_absurd_first_price_rings_nothing",
            FIRSTS + "test_a_first_price_that_has_leapt_rings_when_its_candle_is_there_or_the_next_one_confirms_it",
            FIRSTS + "test_a_first_price_that_has_leapt_and_is_the_last_for_long_rings_from_its_candle",
        ),
    ),
)

PRIVATE_STREAM = (
    Row(
        "V1",
        "a fill while the stream is cut or mute",
        "each connection begins with a look at everything that is open",
        (
            STREAMS + "test_stream_that_is_mute_and_then_cut_loses_no_fill",
            "flows/test_fills.py::test_fill_that_no_stream_told_of_is_found_when_it_is_back",
            "kucoin/test_private.py::test_every_reconnect_is_followed_by_a_sweep",
        ),
    ),
    Row(
        "V2",
        "the fill is known before the POST is answered",
        "told once, and not taken back",
        (
            STREAMS + "test_a_fill_that_is_heard_of_before_the_post_is_answered_is_told_once",
            SENDING + "test_order_that_a_round_finds_before_the_reply_is_told_once",
        ),
    ),
    Row(
        "V3",
        "frames turned round, repeated, broken, missing",
        "the same truth, told once",
        (
            STREAMS + "test_frames_in_any_order_and_number_end_in_the_same_truth_told_once",
            "trading/rules/test_settlement.py::test_any_sequence_of_sightings_ends_the_same",
        ),
    ),
    Row(
        "V4",
        "an order that is not ours",
        "told of once an hour at most while the account's stream is open; listed as made elsewhere, cancelled on "
        "demand, never taken for ours; of one that was told of or listed the fills are told, once, until it has ended",
        (
            FILLS_ELSEWHERE + "test_what_fills_of_an_order_that_was_shown_is_told_once",
            FILLS_ELSEWHERE + "test_parts_keep_one_message_up_to_date_and_the_end_answers_it",
            FILLS_ELSEWHERE + "test_one_that_kucoin_does_not_answer_for_is_asked_about_again",
            "flows/test_fills.py::test_order_made_elsewhere_that_was_shown_is_listened_for_until_it_has_filled",
            "flows/test_fills.py::test_order_made_elsewhere_that_has_filled_unheard_is_told_when_the_stream_is_back",
            STREAMS + "test_order_made_elsewhere_is_shown_as_such_and_never_taken_for_ours",
            "flows/test_orders.py::test_order_made_elsewhere_is_listed_and_can_be_cancelled",
            "flows/test_orders.py::test_order_made_elsewhere_is_told_of_as_it_happens_and_once_an_hour",
        ),
    ),
    Row(
        "V5",
        "the key is revoked while its stream is open",
        "three dials at most; suspended and told within ten seconds",
        (
            "flows/test_doctor.py::test_a_key_revoked_with_an_order_open_is_noticed_by_its_stream_within_ten_seconds",
            "kucoin/test_private.py::test_a_refused_key_ends_the_stream_after_three_tries",
        ),
    ),
    Row(
        "V6",
        "a frame of another account",
        "dropped, and logged as an error; if nobody can tell whose is whose, the connection is made anew and swept",
        (
            STREAMS + "test_frames_of_another_account_are_not_believed_and_ours_around_them_are",
            "kucoin/test_private.py::test_a_frame_of_another_account_is_not_believed",
            "kucoin/test_private.py::test_a_frame_of_another_account_that_comes_first_does_not_keep_ours_out",
        ),
    ),
    Row(
        "V7",
        "more frames than the reader can take",
        "the connection is made anew and swept; nothing is dropped in silence",
        (STREAMS + "test_reader_that_is_cut_off_for_falling_behind_dials_anew_and_sweeps",),
    ),
    Row(
        "V8",
        "balances come late, twice, or in any order; KuCoin does not answer for them",
        "the newest by KuCoin's time is kept, and all anew after each connection; shown with their age while nobody "
        "answers, and never used for an order",
        (
            "portfolio/test_known.py::test_any_order_and_repetition_of_lists_and_changes_ends_in_the_newest_truth",
            "portfolio/test_known.py::test_after_a_list_only_what_came_later_has_to_be_heard",
            "portfolio/test_balances.py::test_after_a_connection_they_are_asked_for_until_kucoin_answers",
            "portfolio/test_balances.py::test_they_go_with_their_key_and_do_not_come_back",
            PORTFOLIO + "test_while_kucoin_cannot_be_asked_the_last_known_balances_are_shown_with_their_age",
            PORTFOLIO + "test_a_deposit_that_no_stream_told_of_is_known_when_it_is_back",
        ),
    ),
    Row(
        "V9",
        "an order of ours that the database does not know",
        "taken over once, told and followed to its end, if it has this installation's own mark; else made elsewhere",
        (
            ADOPTION + "test_one_that_a_stream_tells_of_is_taken_over_told_and_followed",
            ADOPTION + "test_heard_of_again_and_again_it_is_taken_over_once",
            ADOPTION + "test_two_processes_that_find_it_at_once_take_it_over_once",
            ADOPTION + "test_a_connection_searches_until_kucoin_has_answered",
            ADOPTION + "test_two_of_one_client_oid_are_no_reason_to_stumble",
            ADOPTION + "test_what_another_bot_or_an_older_one_has_sent_stays_made_elsewhere",
            "flows/test_orders.py::test_orders_with_this_bots_own_mark_that_it_does_not_know_are_taken_over",
        ),
    ),
    Row(
        "V10",
        "KuCoin lists late, or not for long, what an order made elsewhere has become; it is shown twice on its way",
        "it is asked for again until a minute after the first miss; what has filled is told once",
        (
            STREAMS + "test_order_made_elsewhere_that_kucoin_does_not_find_when_it_fills_is_told_once",
            ELSEWHERE + "test_one_that_was_triggered_and_is_not_found_yet_is_told_all_the_same",
            ELSEWHERE + "test_one_that_was_triggered_and_is_shown_once_more_before_it_is_looked_at_is_one",
            ELSEWHERE + "test_one_that_kucoin_does_not_find_is_let_go_after_a_while_and_not_before",
            ADOPTION + "test_what_was_shown_as_made_elsewhere_before_it_was_taken_over_is_told_once",
        ),
    ),
)

DATABASE = (
    Row(
        "D1",
        "writers meet",
        "each waits its turn; no error reaches a person",
        (
            DATABASES + "test_taps_and_looks_of_two_processes_wait_their_turn_and_none_is_lost",
            "db/test_engine.py::test_of_three_hundred_that_read_and_then_write_none_is_lost",
        ),
    ),
    Row(
        "D2",
        "the disk is full",
        "nothing is posted without its row; when there is room again, all goes on",
        (
            DISK + "test_full_disk_before_the_right_to_send_sends_nothing_and_the_tap_works_again",
            DISK + "test_disk_that_fills_behind_the_post_leaves_the_truth_to_be_asked_for",
            CRASHES + "test_disk_that_takes_no_more_ends_the_process_and_the_next_life_goes_on",
        ),
    ),
    Row(
        "D3",
        "the disk reports an error",
        "the process ends at once and is started anew; a sync that failed is never tried again",
        (
            CRASHES + "test_disk_that_fails_to_sync_ends_the_process_at_once_and_nothing_is_synced_again",
            CRASHES + "test_disk_that_takes_no_more_ends_the_process_and_the_next_life_goes_on",
        ),
    ),
    Row(
        "D4",
        "the power is cut, at any step of the disk",
        "what was committed is there, and nothing half; an order is committed and synced before its first byte leaves",
        (
            POWER + "test_a_power_cut_at_any_moment_loses_nothing_that_was_committed",
            POWER + "test_synced_any_less_an_order_that_has_left_is_forgotten",
            CRASHES + "test_the_right_to_send_is_on_disk_before_the_first_byte_of_the_post_leaves",
            "db/test_engine.py::test_sqlite_is_set_up_for_power_cuts_and_secrets",
        ),
    ),
    Row(
        "D5",
        "a page is damaged",
        "refused at the start; nothing is written",
        (
            DATABASES + "test_a_damaged_database_is_refused_and_its_copy_knows_the_order",
            "db/test_engine.py::test_a_damaged_page_is_found_at_the_start",
            "test_schema.py::test_a_damaged_database_is_not_migrated",
        ),
    ),
    Row(
        "D6",
        "an older copy of the database is put back",
        "it is noticed; tickets and exits in it are void; nothing is sent with an account until it has been searched; "
        "orders of ours that it lacks are adopted; what it knows is brought up to date",
        (
            DISK + "test_restored_older_database_uses_no_ticket_again_and_adopts_the_order_it_lacks",
            DISK + "test_every_kind_of_order_that_an_older_copy_lacks_is_adopted_with_what_became_of_it",
            DISK + "test_an_exit_that_an_older_copy_believes_to_be_in_the_bot_is_not_placed_again",
            DISK + "test_an_account_that_cannot_be_searched_is_searched_when_it_can",
            DISK + "test_restored_older_database_catches_up_with_what_it_knows",
            RESTORED + "test_nothing_is_sent_until_the_account_is_searched_and_then_the_limits_count_what_was_found",
            RESTORED + "test_orders_of_others_and_a_restart_do_not_end_the_search",
            RESTORED + "test_a_refused_account_is_told_once_and_searched_when_it_is_mended",
            RESTORED + "test_a_pair_that_kucoin_refuses_hides_no_other_and_is_named",
            RESTORED + "test_a_key_that_the_copy_lacks_is_searched_when_it_is_linked_again",
            RESTORED + "test_put_back_once_more_it_is_noticed_once_more",
            "trading/test_older_copy.py::test_an_exit_that_is_held_back_waits_and_has_not_been_tried",
            "flows/test_restored.py::test_a_copy_that_is_put_back_voids_its_tickets_and_finds_the_order_it_lacks",
        ),
    ),
    Row(
        "D7",
        "a migration is killed at any statement",
        "it begins again from where it was",
        (
            DATABASES + "test_an_order_outlives_a_migration_that_is_killed_at_any_statement",
            "test_schema.py::test_killed_at_any_statement_it_begins_again_from_where_it_was",
            "test_schema.py::test_a_database_of_a_newer_release_is_refused_and_left_as_it_is",
        ),
    ),
)

TIME = (
    Row(
        "K1",
        "the clock is wrong by half a minute",
        "signed with KuCoin's time; nothing is refused, no candle is called closed before it is, and no live ring late",
        (
            CLOCK + "test_a_wrong_clock_costs_no_order_and_no_look",
            SENDING + "test_wrong_wall_clock_costs_no_order",
            KUCOIN + "test_the_timestamp_is_kucoins_even_if_our_clock_is_half_a_minute_off",
            FORESEEN + "test_what_is_still_being_made_is_not_judged_by_a_clock_that_is_fast",
            FORESEEN + "test_with_a_clock_that_is_slow_it_rings_in_time",
            CLOCKS + "test_what_is_heard_live_is_never_called_late",
            CLOCKS + "test_what_is_read_back_says_how_late_it_is",
            CLOCKS + "test_what_begins_to_hold_just_after_it_was_set_rings_once",
        ),
    ),
    Row(
        "K2",
        "the clock jumps by an hour",
        "waits and deadlines do not notice; no ticket lives longer",
        (
            CLOCK + "test_a_clock_that_jumps_while_an_order_is_in_doubt_decides_nothing_early",
            CLOCK + "test_a_clock_that_jumps_while_the_order_is_hidden_never_calls_it_not_placed",
            SENDING + "test_clock_that_was_put_back_does_not_lengthen_a_ticket",
        ),
    ),
    Row(
        "K3",
        "the machine stands still for ten minutes around the POST",
        "not sent, or refused at KuCoin's gate",
        (
            CLOCK + "test_a_machine_frozen_between_signature_and_post_sends_nothing",
            CLOCK + "test_bytes_that_were_held_up_on_the_way_are_refused_by_the_exchange",
        ),
    ),
    Row(
        "K4",
        "the machine sleeps for hours, of which its monotonic clock knows nothing",
        "KuCoin is asked for the time before an order is signed or candles are chosen; the hours are read back",
        (
            CLOCK + "test_a_machine_that_has_slept_signs_the_next_order_with_the_time_of_now",
            "kucoin/test_rest.py::test_an_answer_during_which_the_machine_slept_says_nothing_of_the_time",
            CLOCKS + "test_what_crossed_while_the_machine_slept_is_read_back",
            CLOCKS + "test_a_candle_that_closed_while_the_machine_slept_is_read_within_a_minute",
        ),
    ),
)

PROCESS = (
    Row(
        "X1",
        "told to stop in the middle of an order",
        "it waits for the answer, keeps it and ends within ten seconds; what is left to tell is told after the start",
        (
            CRASHES + "test_told_to_stop_in_the_middle_of_an_order_it_finishes_what_it_began",
            SENDER + "test_told_to_stop_it_settles_what_is_under_way_and_begins_nothing",
        ),
    ),
    Row(
        "X2",
        "killed at any point",
        "one order at most, one exit for what has filled, and the truth in the next life (C0–C14, C17)",
        (
            CRASHES + "test_killed_between_the_last_vote_and_the_fill_the_next_life_tells_the_truth",
            CRASHES + "test_killed_between_tap_and_fill_the_next_life_tells_the_truth",
            CRASHES + "test_killed_around_a_cancel_the_next_life_ends_it",
            CRASHES + "test_killed_while_the_post_is_on_its_way_the_next_life_asks",
            CRASHES + "test_killed_while_it_stops_the_next_life_finishes",
            CRASHED_EXITS + "test_killed_between_the_fill_and_its_exit_there_is_one_exit",
            CRASHED_EXITS + "test_killed_while_an_exit_is_on_its_way_there_is_one_exit",
            CRASHED_EXITS + "test_killed_between_the_tap_and_a_stop_the_next_life_tells_the_truth",
            CRASHED_EXITS + "test_killed_while_a_stop_is_on_its_way_the_next_life_asks",
            CRASHED_EXITS + "test_killed_between_the_end_of_an_order_and_its_successor_never_both_are_alive",
            "faults/test_crash_pairs.py::test_killed_again_in_the_life_after_the_truth_is_told_in_the_third",
            SENDING + "test_a_kill_at_any_point_leaves_one_order_at_most_and_the_truth_is_told",
        ),
    ),
    Row(
        "X3",
        "two processes with one token, or one that was frozen wakes beside another",
        "the second ends and names the first; whoever lost the lease ends; a right is used once",
        (
            "flows/test_running.py::test_the_second_of_two_stops_and_names_the_first_whose_work_goes_on_after_a_kill",
            "db/test_leases.py::test_keeping_it_renews_it_in_time_and_ends_when_it_is_lost",
            "faults/test_frozen.py::test_frozen_until_another_has_taken_over_it_wakes_and_ends_without_another_word",
            SENDING + "test_two_hundred_taps_at_once_in_two_processes_are_one_order",
            "trading/test_standing.py::test_many_looks_at_once_in_two_processes_place_one_exit",
            SENDING + "test_acceptance_that_comes_after_we_gave_up_is_taken",
        ),
    ),
    Row(
        "X4",
        "a part of the bot dies, or its event loop stands still for seconds",
        "the process ends, and is started anew",
        (
            CRASHES + "test_disk_that_takes_no_more_ends_the_process_and_the_next_life_goes_on",
            "flows/test_running.py::test_a_bot_that_stands_still_ends_and_says_where_and_the_next_goes_on",
            "flows/test_running.py::test_it_ends_too_where_nobody_reads_what_it_says",
        ),
    ),
)

NETWORK = (
    Row(
        "N1",
        "KuCoin is away and Telegram is there; the other way round",
        "one notice; fills are kept and told later",
        (
            STREAMS + "test_fill_that_happens_while_telegram_is_away_is_told_when_it_is_back",
            STREAMS + "test_while_kucoin_is_away_one_notice_says_so_and_the_truth_follows",
            SENDER + "test_while_telegram_cannot_be_reached_nothing_is_lost",
            SENDER + "test_however_many_messages_an_outage_hits_a_fill_waits_two_seconds",
        ),
    ),
    Row(
        "N2",
        "a certificate that nobody vouches for",
        "not a byte is sent; nothing turns that off",
        (
            ANSWERS + "test_whoever_has_a_certificate_of_their_own_gets_no_order",
            "kucoin/test_http.py::test_a_certificate_that_nobody_vouches_for_means_that_not_a_byte_was_sent",
        ),
    ),
)

KEYS = (
    Row(
        "Y1",
        "a key gains the right to withdraw",
        "frozen at the next look, its owner told once",
        (
            "flows/test_doctor.py::test_a_key_that_gains_the_right_to_withdraw_is_frozen_told_once_and_works_when_mended",
        ),
    ),
    Row(
        "Y2",
        "the master key is wrong or missing",
        "it does not start, changes nothing and says the way out",
        (
            MASTER + "test_without_its_master_key_no_bot_starts_and_with_it_the_order_goes_on",
            "credentials/test_master.py::test_without_the_right_key_nothing_starts_and_the_way_out_is_told",
            "credentials/test_master.py::test_a_refused_start_leaves_the_database_file_as_it_was",
        ),
    ),
    Row(
        "Y4",
        "the master key is lost",
        "a new one is begun with; people link their keys again, all else is there",
        (
            MASTER + "test_the_order_of_a_key_that_was_sealed_with_a_lost_one_goes_on_when_it_is_linked_again",
            "credentials/test_master.py::test_reset_drops_all_keys_with_their_modes_and_begins_anew",
            RECONCILE + "test_order_whose_account_is_disconnected_is_said_to_be_out_of_sight",
        ),
    ),
    Row(
        "Y5",
        "a wrong secret or passphrase is entered",
        "nothing is stored",
        (
            MASTER + "test_a_wrong_passphrase_changes_nothing_for_the_key_that_works",
            "flows/test_keys.py::test_a_wrong_passphrase_is_refused_and_forgotten",
            "credentials/test_check.py::test_whatever_kucoin_says_but_yes_is_a_refusal_that_keeps_nothing",
        ),
    ),
)

FROM_TELEGRAM = (
    Row(
        "G1",
        "an update comes twice",
        "it acts once",
        (
            INTAKE + "test_an_update_that_comes_twice_is_handled_once",
            INTAKE + "test_two_processes_that_get_the_same_update_handle_it_once",
        ),
    ),
    Row(
        "G2",
        "killed after it was fetched",
        "on disk before Telegram is told that we have it",
        (
            INTAKE + "test_killed_before_it_is_stored_telegram_gives_it_again",
            INTAKE + "test_killed_after_it_is_stored_the_next_process_handles_it",
            INTAKE + "test_any_number_of_kills_loses_nothing",
        ),
    ),
    Row(
        "G3",
        "409: a second poller",
        "the process ends and says so",
        ("flows/test_running.py::test_a_second_poller_elsewhere_ends_the_process",),
    ),
    Row(
        "G4",
        "401: the token is revoked",
        "the process ends and says so",
        (
            "flows/test_running.py::test_a_revoked_token_ends_the_process",
            SENDER + "test_a_refused_token_ends_the_role",
        ),
    ),
    Row(
        "G5",
        "away for longer than Telegram keeps presses",
        "buttons work after the start; whoever was in touch is told once, without a sound",
        (
            "flows/test_orders.py::test_tap_after_a_restart_is_one_order",
            "flows/test_orders.py::test_who_was_left_alone_hears_it_once",
            "flows/test_orders.py::test_a_bot_that_was_suspended_says_so_once",
            "delivery/test_away.py::test_whoever_was_in_touch_is_told_once_without_a_sound",
            "delivery/test_away.py::test_whoever_is_suspended_or_cut_off_in_the_middle_of_a_life_says_so_too",
            "delivery/test_away.py::test_where_telegram_comes_to_us_we_are_away_while_nothing_runs",
            "intake/test_polling.py::test_while_telegram_is_out_of_reach_it_waits_longer_and_longer_and_loses_nothing",
        ),
    ),
    Row(
        "G6",
        "a backlog after an outage",
        "commands that trade and are older than a minute are not acted upon",
        (
            INTAKE + "test_what_was_waiting_is_still_too_old_after_the_restart",
            "flows/test_orders.py::test_stale_command_is_too_old_and_its_button_opens_a_fresh_ticket",
        ),
    ),
    Row(
        "G7",
        "the webhook is called again and side by side",
        "acknowledged only when it is stored",
        (
            "web/test_webhook.py::test_nothing_is_acknowledged_before_it_is_safe",
            "web/test_webhook.py::test_what_could_not_be_stored_is_not_acknowledged",
        ),
    ),
    Row(
        "G8",
        "a cancel overtakes its order",
        "of one person one after the other, in the order of the updates",
        (
            "intake/test_lanes.py::test_of_one_person_the_second_waits_for_the_first",
            INTAKE + "test_a_slow_person_keeps_nobody_waiting_and_stays_in_order",
        ),
    ),
    Row(
        "G9",
        "an update that nobody can read, or that kills",
        "kept, given up after three tries, and nobody waits for it",
        (
            INTAKE + "test_what_nobody_can_read_is_kept_and_blocks_nothing",
            INTAKE + "test_an_update_that_kills_every_process_is_given_up_and_its_sender_told",
        ),
    ),
    Row(
        "G10",
        "a hundred restarts",
        "nothing is done again",
        (INTAKE + "test_any_number_of_kills_loses_nothing",),
    ),
)

TO_TELEGRAM = (
    Row(
        "S1",
        "429 for everything",
        "nothing is sent until then, also over a restart; fills go first",
        (
            SENDER + "test_telegrams_wait_holds_everybody_also_over_a_restart",
            SENDER + "test_fills_go_before_answers_and_alerts_of_other_chats",
            LIMITER + "test_a_complaint_slows_us_down_once_and_the_pace_comes_back",
            "delivery/test_flood.py::test_behind_a_flood_of_alerts_a_fill_leaves_at_once_and_telegram_never_complains",
            "delivery/test_company.py::test_stale_alerts_are_left_out_and_one_line_says_how_many",
        ),
    ),
    Row(
        "S2",
        "a flood in one chat",
        "that chat waits alone, also if it was flooded before a restart",
        (
            SENDER + "test_a_flooded_chat_waits_alone",
            SENDER + "test_a_chat_that_was_flooded_before_a_restart_waits_alone_after_it",
            SENDER + "test_after_a_restart_a_group_gets_no_more_than_telegram_bears",
            SENDER + "test_a_clock_that_was_put_back_before_a_restart_silences_nobody",
            SENDER + "test_chats_that_have_not_heard_from_us_go_before_those_that_have",
            LIMITER + "test_no_limit_is_exceeded_in_any_window",
            LIMITER + "test_a_flooded_chat_has_room_for_what_is_urgent",
            "delivery/test_flood.py::test_a_flood_into_one_group_never_makes_telegram_complain",
            "delivery/test_flood.py::test_a_hundred_alerts_of_one_group_in_a_minute_are_all_told",
        ),
    ),
    Row(
        "S3",
        "403: blocked, kicked, gone",
        "left in peace until somebody there writes again; then its alerts and watches go on",
        (
            SENDER + "test_a_chat_that_has_gone_is_left_in_peace",
            SENDER + "test_a_chat_that_has_gone_is_not_tried_again_before_it_is_back",
            "delivery/test_answers.py::test_who_writes_to_us_reads_us_again",
            "alerts/test_timers.py::test_alerts_of_a_chat_that_is_gone_rest_until_it_is_back",
            "alerts/test_watches_service.py::test_a_chat_that_is_gone_hears_nothing_until_it_is_back",
            "flows/test_alerts.py::test_whoever_has_blocked_the_bot_and_is_back_has_alerts_and_watches_again",
            CLUB + "test_alerts_and_watches_follow_their_group_and_end_where_the_bot_is_thrown_out",
        ),
    ),
    Row(
        "S4",
        "400: not modified, press too old",
        "done, or ignored",
        (
            "chat/test_sending.py::test_an_edit_to_the_same_text_has_succeeded",
            "chat/test_sending.py::test_a_press_answered_too_late_is_no_error",
        ),
    ),
    Row(
        "S5",
        "400: the message to edit is gone, or the topic of the group",
        "one new message; where the topic is gone, in the group itself",
        (
            SENDER + "test_an_edit_of_a_message_that_is_gone_becomes_one_new_message",
            "delivery/test_company.py::test_where_a_topic_is_gone_all_that_was_meant_for_it_comes_into_the_group",
        ),
    ),
    Row(
        "S6",
        "a group becomes a supergroup",
        "its messages go to its new place, and so do desk, proposals and votes, alerts and watches",
        (
            SENDER + "test_a_group_that_moved_gets_its_messages_at_its_new_place",
            DESKS + "test_a_group_that_moves_keeps_desk_proposals_and_votes",
            GROUP + "test_group_that_becomes_a_supergroup_loses_no_vote",
            "alerts/test_timers.py::test_alerts_move_with_their_group",
            "alerts/test_watches_service.py::test_a_group_that_became_a_supergroup_watches_on",
            "alerts/test_groups.py::test_alerts_and_news_move_with_their_group_and_meet_what_is_there",
            CLUB + "test_alerts_and_watches_follow_their_group_and_end_where_the_bot_is_thrown_out",
        ),
    ),
    Row(
        "S7",
        "the answer to a message is lost",
        "fills and alerts go once more, marked; nothing else does",
        (
            SENDER + "test_after_a_lost_answer_fills_and_alerts_go_once_more",
            "delivery/test_company.py::test_a_lost_answer_repeats_all_that_were_in_the_message",
            "chat/test_sending.py::test_a_lost_answer_is_unknown_and_nothing_is_sent_twice",
        ),
    ),
    Row(
        "S8",
        "400: markup cannot be read, or buttons are refused",
        "once more as plain text, or without its buttons and saying so; no button carries too much",
        (
            SENDER + "test_refused_markup_goes_as_plain_text",
            SENDER + "test_refused_buttons_are_left_out_and_the_message_says_so",
            SENDER + "test_whatever_telegram_does_not_like_a_last_try_is_made_without_buttons",
            "alerts/test_questions.py::test_however_much_was_said_buttons_lead_on_from_it",
            "delivery/test_company.py::test_one_that_telegram_refuses_does_not_take_its_company_along",
        ),
    ),
    Row(
        "S9",
        "more than a message holds",
        "it comes in parts, each whole by itself, always cut in the same places; what is edited in place is shortened",
        (
            "texts/test_pages.py::test_any_text_comes_in_parts_that_telegram_takes_and_that_make_up_the_whole",
            "texts/test_pages.py::test_every_character_keeps_its_markup",
            SENDER + "test_a_long_text_comes_in_parts_in_order_before_what_follows_it",
            SENDER + "test_a_kill_between_two_parts_repeats_none",
            SENDER + "test_a_card_that_has_become_too_long_stays_one_message",
            ORDERS + "test_long_list_stays_within_one_message",
            SENDER + "test_what_telegram_never_accepts_blocks_nobody",
        ),
    ),
    Row(
        "S10",
        "killed between commit and send, between send and mark",
        "sent after the start; one marked copy at most",
        (
            SENDER + "test_a_crash_before_sending_sends_once",
            SENDER + "test_a_crash_after_sending_repeats_fills_and_alerts_marked",
            SENDER + "test_two_crashes_make_no_third_copy",
        ),
    ),
    Row(
        "S11",
        "what is told is chosen anew while quiet hours keep notices back",
        "each is judged by its own kind when they are over: what is off is left out, and one that may sound is heard",
        (
            "delivery/test_company.py::test_what_is_switched_off_during_quiet_hours_does_not_come_in_the_morning",
            "delivery/test_company.py::test_the_morning_makes_a_sound_unless_all_that_is_in_it_is_silent",
        ),
    ),
)

GROUPS = (
    Row(
        "B1",
        "a button is pressed twice, or two hundred times",
        "one order, and the rest hear that it is decided",
        (RACES + "test_many_presses_of_many_approvers_at_once_are_one_order",),
    ),
    Row(
        "B2",
        "two approvers press in the same moment, in two processes",
        "one order, and both are on record",
        (
            RACES + "test_approvers_in_two_processes_at_once_give_one_order_or_none",
            RACES + "test_many_presses_of_many_approvers_at_once_are_one_order",
            "approvals/test_machine.py::test_whatever_happens_it_ends_as_the_model_says",
        ),
    ),
    Row(
        "B3",
        "a press after the time is over, or by a clock that was put back",
        "nothing is sent, and the card says that it has expired",
        (
            DECISION + "test_after_its_time_or_before_it_nothing_can_be_approved",
            DECISION + "test_it_expires_by_itself_and_everybody_reads_so_once",
            RACES + "test_it_expires_or_is_sent_in_the_same_moment_and_never_both",
        ),
    ),
    Row(
        "B4",
        "an approver is demoted or leaves between vote and execution",
        "the vote is void, and it is said whose",
        (
            DECISION + "test_demoted_between_vote_and_count_the_vote_is_void",
            DECISION + "test_demoted_in_the_last_moment_counts_as_telegram_says_it_then",
        ),
    ),
    Row(
        "B5",
        "a stranger, a plain member, or somebody in another chat presses",
        "they hear why not, and nothing changes; what concerns a desk is on record",
        (
            DECISION + "test_members_and_strangers_change_nothing",
            DECISION + "test_a_proposal_of_another_group_is_not_there",
            GROUP + "test_strangers_forgers_and_the_anonymous_change_nothing",
            GATE + "test_whom_the_gate_keeps_from_a_groups_routes_is_told_of",
            CLUB + "test_an_administrator_sets_an_alert_and_everybody_reads_it_ring",
        ),
    ),
    Row(
        "B6",
        "the card was deleted",
        "the row decides; the card is sent anew",
        (GROUP + "test_card_that_was_deleted_is_decided_on_by_typing",),
    ),
    Row(
        "B7",
        "Telegram does not say who somebody is",
        "nothing is sent, and the group reads why",
        (
            DECISION + "test_when_telegram_does_not_tell_nothing_is_sent_and_it_is_said",
            DECISION + "test_whoever_presses_while_telegram_is_silent_is_told_so",
            DECISION + "test_what_telegram_said_more_than_two_seconds_ago_does_not_count",
            DESKS + "test_nobody_sets_up_what_telegram_is_silent_about",
            "alerts/test_groups.py::test_for_whoever_else_asks_nothing_changes_and_they_are_told_so",
        ),
    ),
    Row(
        "T6",
        "the data of a button are made up, or come from another group",
        "what they name is looked up in the group where they were pressed, and nowhere else",
        (
            DECISION + "test_no_made_up_data_name_a_proposal_of_another_or_break_anything",
            GROUP + "test_another_groups_card_cannot_be_pressed_into_this_one",
        ),
    ),
    Row(
        "T7",
        "a press is replayed",
        "a right is used up once",
        (
            RACES + "test_many_presses_of_many_approvers_at_once_are_one_order",
            DECISION + "test_the_same_command_handled_again_proposes_once",
        ),
    ),
    Row(
        "T8",
        "approvers race each other",
        "the votes are counted in the transaction that uses the right up",
        (
            RACES + "test_approvers_in_two_processes_at_once_give_one_order_or_none",
            RACES + "test_many_presses_of_many_approvers_at_once_are_one_order",
        ),
    ),
    Row(
        "T9",
        "somebody who is no administrator any more decides",
        "every approver is asked about anew for each execution; what is older than two seconds or unknown is no yes",
        (
            DECISION + "test_demoted_between_vote_and_count_the_vote_is_void",
            DECISION + "test_what_telegram_said_more_than_two_seconds_ago_does_not_count",
        ),
    ),
    Row(
        "T10",
        "an anonymous administrator or a channel writes",
        "a hint to press a button, which names the person; nothing else",
        (GROUP + "test_strangers_forgers_and_the_anonymous_change_nothing",),
    ),
    Row(
        "T11",
        "a command is edited, forwarded, or old",
        "nothing is proposed and nothing decided",
        (
            GROUP + "test_strangers_forgers_and_the_anonymous_change_nothing",
            "intake/test_rules.py::test_a_group_command_that_trades_is_refused_when_it_is_old",
        ),
    ),
    Row(
        "T12",
        "what is sent is not what was approved",
        "the digest is made anew from what would be sent; anything else is void",
        (
            DECISION + "test_what_was_approved_is_what_is_sent_or_nothing",
            DECISION + "test_another_account_under_it_is_another_order",
            DECISION + "test_the_owner_of_the_account_cannot_send_it_by_the_private_ticket",
            "approvals/test_policies.py::test_proposed_under_old_rules_it_is_not_decided_under_new_ones",
        ),
    ),
    Row(
        "T13",
        "somebody approves their own, twice, or right after being made an administrator",
        "none of these counts",
        (
            DECISION + "test_nobody_approves_their_own_and_nobody_twice",
            DECISION + "test_somebody_just_made_administrator_does_not_count_yet",
        ),
    ),
    Row(
        "T14",
        "somebody names what belongs to another",
        "it is not there for them",
        (
            DECISION + "test_a_proposal_of_another_group_is_not_there",
            DESKS + "test_a_link_works_for_one_person_once_and_for_ten_minutes",
            "trading/test_sending.py::test_somebody_else_s_ticket_is_not_there",
            "flows/test_orders.py::test_somebody_else_s_tap_does_nothing",
        ),
    ),
    Row(
        "T25",
        "a row of the record is deleted, changed or moved",
        "`tgbot audit verify` names it; the head is told to the owner of the desk every day",
        (
            RECORD + "test_no_column_of_a_row_can_be_changed_unseen",
            RECORD + "test_no_row_can_be_deleted_unseen_not_even_the_last",
            RECORD + "test_rows_that_change_places_are_seen",
            RECORD + "test_any_chain_is_whole_until_something_happens_to_it",
            DESKS + "test_its_owner_hears_every_day_how_far_the_record_goes",
        ),
    ),
)

TABLE = {
    "KuCoin's REST": KUCOIN_REST,
    "KuCoin's public stream": PUBLIC_STREAM,
    "The account's stream": PRIVATE_STREAM,
    "The database": DATABASE,
    "Time": TIME,
    "The process": PROCESS,
    "The network": NETWORK,
    "Keys": KEYS,
    "Groups that decide": GROUPS,
    "From Telegram": FROM_TELEGRAM,
    "To Telegram": TO_TELEGRAM,
}
ROWS = tuple(row for rows in TABLE.values() for row in rows)
# What can befall an order; a scenario of each ends with the oracles. In the other rows a price, a vote or a message is
# on its way, and an order only by the way.
OF_ORDERS = (*KUCOIN_REST, *PRIVATE_STREAM, *DATABASE, *TIME, *PROCESS, *NETWORK, *KEYS)

HEAD = """# What can go wrong, and the tests that show what happens then

Made from `tests/faults/rows.py` by `python -m tests.faults.rows`; run by `python3 dev.py faults`, which prints each row
with its result.

What can befall an order (rows R, V, D, K, X, N and Y) is shown by at least one scenario in which an order is sent and
that ends with the oracles of `tests/faults/oracle.py`; `tests/faults/claims.py` makes an error of each test that is
said to and does not. Where the fault keeps the bot from starting (D5, D7, Y2) they judge the life after it. They say:
an attempt is one order at most, and exits sell no more than was bought; "not placed" is said only of what never lands,
"filled" and "cancelled" only of what has ended there; each fill is kept once; the message of an order ends with the
truth; no secret is in the database, a message or the log; messages, tasks, and what a process takes of its machine,
stay within bounds.
"""


def page() -> str:
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for title, rows in TABLE.items():
        yield f"## {title}\n"
        yield "| | Fault | What must happen | Shown by |"
        yield "|---|---|---|---|"
        for row in rows:
            yield f"| {row.id} | {row.fault} | {row.required} | {_shown(row)} |"
        yield ""


def _shown(row: Row) -> str:
    parts = [f"`{test.partition('::')[2]}` ({kind_of(test)})" for test in row.tests]
    if row.missing:
        parts.append(f"*Missing: {row.missing}.*")
    return "<br>".join(parts) or "**Not shown yet.**"


if __name__ == "__main__":
    PAGE.write_text(page())
