"""Faults to plant into a copy of the source, each with the tests that have to turn red.

`old` stands exactly once in its file; where it does not any more, the plant has outlived the code it was made for and
that is an error of its own: `test_plants.py` says so in every run.
"""

from dataclasses import dataclass

SENDING, STORE = "tests/trading/test_sending.py", "tests/trading/test_store.py"
RECONCILE, MONITOR = "tests/trading/test_reconcile.py", "tests/alerts/test_monitor.py"
VOTES, DECISION = "tests/approvals/rules/test_votes.py", "tests/approvals/test_decision.py"


@dataclass(frozen=True, slots=True)
class Plant:
    """What is broken, and where."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def planted(self, source: str) -> str:
        """Raises `LookupError` where it does not apply."""
        if source.count(self.old) != 1:
            raise LookupError(f"{self.name}: {self.file} has {source.count(self.old)} places for it, not one")
        return source.replace(self.old, self.new)


PLANTS = (
    Plant(
        "the right to send is not compared and set",
        "tgbot/trading/store.py",
        "            IntentRow.state == origin,\n            IntentRow.digest == intent.digest,\n",
        "            IntentRow.digest == intent.digest,\n",
        (STORE, SENDING),
    ),
    Plant(
        "a ticket that has run out can be confirmed",
        "tgbot/trading/store.py",
        "            IntentRow.expires_at > now,\n",
        "",
        (STORE, SENDING),
    ),
    Plant(
        "another order than the one shown can be confirmed",
        "tgbot/trading/store.py",
        "            IntentRow.digest == intent.digest,\n",
        "",
        (STORE,),
    ),
    Plant(
        "somebody else's ticket is found",
        "tgbot/trading/tickets.py",
        "store.find(session, person.id, canonical) if canonical",
        "store.find(session, 7, canonical) if canonical",
        ("tests/flows/test_orders.py",),
    ),
    Plant(
        "guards are not asked when the right to send is used up",
        "tgbot/trading/sending.py",
        "            await self._tickets.require_allowed(session, intent)\n",
        "",
        (SENDING, "tests/flows/test_guards.py"),
    ),
    Plant(
        "an order that was prepared too long ago is sent",
        "tgbot/kucoin/signed.py",
        "if self._rest.server_clock.now() > prepared.deadline - LAST_MOMENT:",
        "if False:",
        ("tests/kucoin/test_account.py",),
    ),
    Plant(
        "the time is stamped anew when the order is sent",
        "tgbot/kucoin/signed.py",
        "            return await self._rest.write(prepared.call, reader)\n",
        "            fresh = self._rest.prepare(\n"
        "                prepared.call.operation, credentials=self._credentials, body=prepared.call.body\n"
        "            )\n"
        "            return await self._rest.write(fresh, reader)\n",
        ("tests/kucoin/test_account.py",),
    ),
    Plant(
        "the POST is tried again when its answer is lost",
        "tgbot/trading/posting.py",
        "            ack = await linked.spot.send(prepared)\n",
        "            try:\n"
        "                ack = await linked.spot.send(prepared)\n"
        "            except OutcomeUnknown:\n"
        "                ack = await linked.spot.send(prepared)\n",
        (SENDING,),
    ),
    Plant(
        "every error of KuCoin counts as a no",
        "tgbot/kucoin/errors.py",
        "        return OutcomeUnknown(code, message)\n    return ExchangeRejected(code, message, reason)",
        "        return ExchangeRejected(code, message, Reason.OTHER)\n"
        "    return ExchangeRejected(code, message, reason)",
        ("tests/kucoin/test_errors.py", SENDING),
    ),
    Plant(
        "one look that finds nothing settles an order",
        "tgbot/trading/rules/settlement.py",
        "    if misses.count < 2 or misses.last_at is None or misses.span < MISSES_APART:\n",
        "    if misses.last_at is None:\n",
        ("tests/trading/rules/test_settlement.py", RECONCILE),
    ),
    Plant(
        "an order is given up before its signature has run out",
        "tgbot/trading/rules/settlement.py",
        "misses.last_at > deadline + CLOCK_SKEW + QUERY_LAG else",
        "misses.last_at > deadline - QUERY_LAG * 100 else",
        ("tests/trading/rules/test_settlement.py", RECONCILE),
    ),
    Plant(
        "nothing is looked at when a private stream comes back",
        "tgbot/trading/reconcile.py",
        "        for intent_id in pending:\n            self.look_at(intent_id)\n",
        "        del pending\n",
        ("tests/faults/test_streams.py", "tests/flows/test_fills.py", RECONCILE),
    ),
    Plant(
        "orders made elsewhere are not looked at when a private stream comes back",
        "tgbot/trading/streams.py",
        "            await self._fills_elsewhere.look_at_account(linked.key_id)\n",
        "",
        ("tests/flows/test_fills.py",),
    ),
    Plant(
        "balances are not asked for when a private stream comes back",
        "tgbot/trading/streams.py",
        "            self._balances.connected(linked.key_id)\n",
        "",
        ("tests/flows/test_portfolio.py",),
    ),
    Plant(
        "an end is told before its fills are there",
        "tgbot/trading/settling.py",
        "        if agree(order, fills):\n",
        "        if True:\n",
        ("tests/faults/test_ends.py", RECONCILE),
    ),
    Plant(
        "a cancelled order is not looked at again",
        "tgbot/trading/afterwards.py",
        "        if lacks_fills or intent.state is State.CANCELLED:\n",
        "        if lacks_fills:\n",
        ("tests/faults/test_ends.py",),
    ),
    Plant(
        "a late answer reopens what has ended",
        "tgbot/trading/rules/settlement.py",
        " and is_alive and ended_for > QUERY_LAG",
        " and is_alive",
        ("tests/faults/test_ends.py",),
    ),
    Plant(
        "an exit that was done is not armed again by a later fill",
        "tgbot/trading/settling.py",
        "                await standing.rearm(session, now)\n",
        "                pass\n",
        ("tests/faults/test_ends.py",),
    ),
    Plant(
        "a round waits for the slowest of the one before",
        "tgbot/trading/rounds.py",
        "                await self._begin(tasks, is_round=True)\n                await self._rest(tasks)\n",
        "                await self.once()\n                await self._rest(tasks)\n",
        ("tests/trading/test_rounds.py",),
    ),
    Plant(
        "two looks at one order at a time",
        "tgbot/trading/rounds.py",
        "        is_busy = piece.name in self._busy\n",
        "        is_busy = False\n",
        ("tests/trading/test_rounds.py",),
    ),
    Plant(
        "what an earlier process has sent is not looked after",
        "tgbot/trading/reconcile.py",
        "        await self.begin()\n",
        "",
        ("tests/flows/test_orders.py", RECONCILE, SENDING),
    ),
    Plant(
        "an exit is sent for again on the same fill",
        "tgbot/trading/standing.py",
        "        .where(StandingExitRow.revision == one.revision)\n",
        "",
        ("tests/trading/test_standing.py",),
    ),
    Plant(
        "what has no exit yet is not counted anew when one is sent",
        "tgbot/trading/exits.py",
        "            if uncovered(held(entry), await sent_for(session, entry)) < due.size:\n",
        "            if False:\n",
        ("tests/faults/test_exits.py",),
    ),
    Plant(
        "an exit that finds no coins is tried until its person has bought others",
        "tgbot/trading/rules/exits.py",
        "    return sum(one.lacks_coins for one in turn) >= MOST_UNFUNDED\n",
        "    return False\n",
        ("tests/faults/test_refused_exits.py",),
    ),
    Plant(
        "a stop goes alone where an exit finds no coins",
        "tgbot/trading/rules/exits.py",
        " if one.is_refused and not one.lacks_coins]\n",
        " if one.is_refused]\n",
        ("tests/faults/test_refused_exits.py",),
    ),
    Plant(
        "an exit at its profit rests without a stop",
        "tgbot/trading/rules/exits.py",
        "        return replace(limit, time_in_force=TimeInForce.IOC), None\n",
        "        return limit, None\n",
        ("tests/faults/test_guarded_losses.py",),
    ),
    Plant(
        "an exit waits until a clock that was put back has come there again",
        "tgbot/trading/rules/exits.py",
        "    return not since <= now < since + span\n",
        "    return now >= since + span\n",
        ("tests/faults/test_guarded_losses.py",),
    ),
    Plant(
        "a group reads what is the matter with its treasurer's key when an exit is refused",
        "tgbot/trading/views/words.py",
        "    if intent.is_of_a_group and no.reason in OF_THE_ACCOUNT:\n",
        "    if False:\n",
        ("tests/approvals/test_exits_of_a_group.py",),
    ),
    Plant(
        "an exit that is sent again by itself is offered as well",
        "tgbot/trading/views/orders.py",
        "    if intent.is_of_a_group or (intent.entry_id and not is_last):\n",
        "    if intent.is_of_a_group:\n",
        ("tests/faults/test_refused_exits.py",),
    ),
    Plant(
        "a fee that was taken out of what was bought is sold as well",
        "tgbot/trading/standing.py",
        "    return entry.filled_size - (entry.fee if is_in_kind else ZERO)\n",
        "    return entry.filled_size - (ZERO if is_in_kind else ZERO)\n",
        ("tests/faults/test_exits.py",),
    ),
    Plant(
        "a stop does not say which way",
        "tgbot/kucoin/wire/stops.py",
        'stop = {"stop": WORDS[spec.trigger.direction], "stopPrice"',
        'stop = {"stopPrice"',
        ("tests/kucoin/test_stops.py", "tests/faults/test_stops.py"),
    ),
    Plant(
        "a stop that is not found once counts as cancelled",
        "tgbot/trading/rules/settlement.py",
        "    if misses.count < 2 or misses.last_at is None or misses.span < QUERY_LAG:\n",
        "    if misses.last_at is None:\n",
        ("tests/faults/test_stops.py",),
    ),
    Plant(
        "what was out of sight is not looked at when its account is linked again",
        "tgbot/trading/succession.py",
        "        session.after_commit(partial(look_at, intent_id))\n",
        "        del intent_id\n",
        ("tests/trading/test_succession.py", "tests/faults/test_keys.py"),
    ),
    Plant(
        "what was asked in vain before a stop was taken proves that it is gone",
        "tgbot/trading/rules/settlement.py",
        "    if misses.last_at <= deadline + CLOCK_SKEW + QUERY_LAG:\n        return None\n",
        "",
        ("tests/faults/test_stops.py", "tests/faults/test_simulation.py"),
    ),
    Plant(
        "an edited order is shown anew before its end is confirmed",
        "tgbot/trading/amending.py",
        "        if old.state is not State.CANCELLED or request is None:\n",
        "        if request is None:\n",
        ("tests/faults/test_amend.py",),
    ),
    Plant(
        "a ticket for the rest outlives a late fill",
        "tgbot/trading/settling.py",
        "                await self._overtake_rests(session, now)\n",
        "                pass\n",
        ("tests/faults/test_amend.py",),
    ),
    Plant(
        "a ticket for the rest is stored whatever has filled meanwhile",
        "tgbot/trading/rests.py",
        "    if as_known is not None and await store.by_id(session, ended) != as_known:\n",
        "    if False:\n",
        ("tests/faults/test_amend.py",),
    ),
    Plant(
        "a balance that comes late replaces a newer one",
        "tgbot/portfolio/rules/known.py",
        "    if newest is not None and change.at <= newest:\n",
        "    if False:\n",
        ("tests/portfolio/test_known.py",),
    ),
    Plant(
        "an order that another bot has sent is taken over",
        "tgbot/trading/adoption.py",
        "        return client_oid.startswith(self.mark)\n",
        "        return client_oid.startswith(self.mark[:2])\n",
        ("tests/trading/test_adoption.py",),
    ),
    Plant(
        "the same fill of an order made elsewhere is told twice",
        "tgbot/trading/fills_elsewhere.py",
        "            if not has_moved or owner is None or order.filled_size == ZERO:\n",
        "            if owner is None or order.filled_size == ZERO:\n",
        ("tests/trading/test_fills_elsewhere.py",),
    ),
    Plant(
        "of two orders with one clientOid both are taken over",
        "tgbot/trading/adoption.py",
        "            if order.client_oid in known or order.client_oid in adopted or not",
        "            if order.client_oid in known or not",
        ("tests/trading/test_adoption.py",),
    ),
    Plant(
        "what was shown as made elsewhere is told as such after it was taken over",
        "tgbot/trading/adoption.py",
        "        await watched.leave(session, key.id, adopted)\n",
        "",
        ("tests/trading/test_adoption.py",),
    ),
    Plant(
        "an order made elsewhere that is not found at once is let go",
        "tgbot/trading/fills_elsewhere.py",
        "        if now - self._missed.setdefault(name, now) < LISTED_AFTER.total_seconds():\n",
        "        if now - self._missed.setdefault(name, now) < 0:\n",
        ("tests/trading/test_fills_elsewhere.py",),
    ),
    Plant(
        "after a backup was put back the orders of another bot are taken over",
        "tgbot/trading/rules/adoption.py",
        "client_oid.startswith(mark) or",
        "client_oid.startswith(mark[:2]) or",
        ("tests/trading/test_adoption.py",),
    ),
    Plant(
        "whoever comes first on a stream is its owner for ever",
        "tgbot/kucoin/private.py",
        "        if self._is_sure or not frame.user_id:\n",
        "        if self._owner:\n",
        ("tests/kucoin/test_private.py",),
    ),
    Plant(
        "a deposit to the main account is taken for the trading balance",
        "tgbot/kucoin/feed.py",
        'if not row.relation_event.startswith("trade"):',
        "if False:",
        ("tests/kucoin/test_private.py",),
    ),
    Plant(
        "the smallest value of an order is read from another field",
        "tgbot/kucoin/wire/market.py",
        "min_funds=self.quote_min_size if self.min_funds is None else self.min_funds,",
        "min_funds=self.quote_min_size,",
        ("tests/kucoin/test_market.py",),
    ),
    Plant(
        "an order may stay longer than KuCoin lets it",
        "tgbot/core/orders.py",
        "timedelta(days=30) - timedelta(seconds=1)",
        "timedelta(days=30)",
        ("tests/trading/rules/test_grammar.py",),
    ),
    Plant(
        "nobody remembers the last order outside the database",
        "tgbot/trading/posting.py",
        "        self._witness.note(prepared.client_oid)\n",
        "",
        ("tests/faults/test_disk.py",),
    ),
    Plant(
        "an order in doubt for good does not freeze its pair",
        "tgbot/trading/tickets.py",
        "        await doubts.require_none(session, intent.key_id, intent.spec.symbol)\n",
        "",
        ("tests/faults/test_exchange.py",),
    ),
    Plant(
        "an account that is not searched yet may send",
        "tgbot/trading/doubts.py",
        "    await require_searched(session, key_id)\n",
        "",
        ("tests/faults/test_restored.py", "tests/trading/test_older_copy.py"),
    ),
    Plant(
        "a refused account counts as searched",
        "tgbot/trading/restoration.py",
        "                self._pause(key, TRY_REFUSED_AGAIN)\n                if",
        "                await self._adopt(key, restored, [], [])\n                if",
        ("tests/faults/test_restored.py",),
    ),
    Plant(
        "a key that was linked after the copy was put back counts as searched",
        "tgbot/trading/older_copy.py",
        "        return self.at + LISTED_FOR\n",
        "        return self.at\n",
        ("tests/faults/test_restored.py",),
    ),
    Plant(
        "a refused pair ends the search",
        "tgbot/trading/search.py",
        "                if error.reason in OF_THE_ACCOUNT:\n                    raise\n",
        "                raise\n",
        ("tests/faults/test_restored.py",),
    ),
    Plant(
        "commits do not reach the disk",
        "tgbot/db/engine.py",
        '"synchronous=FULL"',
        '"synchronous=NORMAL"',
        ("tests/faults/test_power.py",),
    ),
    Plant(
        "writers do not begin at once",
        "tgbot/db/driver.py",
        '"BEGIN IMMEDIATE"',
        '"BEGIN DEFERRED"',
        ("tests/db/test_engine.py",),
    ),
    Plant(
        "records are sealed without the place they belong to",
        "tgbot/credentials/envelope.py",
        'return f"tgbot|{part}|1|{self.installation}|{self.person_id}|{self.key_id}|{self.version}".encode()',
        'return f"tgbot|{part}|1".encode()',
        ("tests/credentials",),
    ),
    Plant(
        "the bot's token is not hidden in the log",
        "tgbot/logs.py",
        '    re.compile(r"\\d{6,}(:|%3A)[\\w-]{30,}"),  # a bot token\n',
        "",
        ("tests/test_logs.py",),
    ),
    Plant(
        "a secret that cannot be deleted from the chat is used",
        "tgbot/credentials/entry.py",
        "        if not await self._erase(incoming):\n",
        "        await self._erase(incoming)\n        if False:\n",
        ("tests/credentials/test_entry.py", "tests/flows/test_keys.py"),
    ),
    Plant(
        "an alert fires without being compared and set",
        "tgbot/alerts/store.py",
        "return alert.state is State.ARMED and alert.fires == armed.fires and is_same",
        "return is_same",
        ("tests/alerts/test_store.py", MONITOR),
    ),
    Plant(
        "a message that may have arrived is not sent again",
        "tgbot/delivery/settlement.py",
        '        return {"state": State.NEW, "is_repeat": True}\n',
        '        return _dead("unknown")\n',
        ("tests/delivery/test_sender.py",),
    ),
    Plant(
        "that something was told once is forgotten with its words",
        "tgbot/delivery/retention.py",
        "OUTBOX.c.dedup_key.is_not(None)",
        "OUTBOX.c.dedup_key.is_(None)",
        ("tests/delivery/test_retention.py",),
    ),
    Plant(
        "what was given up is forgotten before anybody has sent it again",
        "tgbot/delivery/retention.py",
        "OUTBOX.c.state == state, ended_at < now - KEPT_FOR",
        "ended_at < now - KEPT_FOR",
        ("tests/delivery/test_retention.py",),
    ),
    Plant(
        "whoever proposes an order may approve it",
        "tgbot/approvals/rules/votes.py",
        "        elif vote.person_id == proposer_id and not may_vote_for_own(policy, kind):\n"
        "            void.append(vote)\n",
        "",
        (VOTES,),
    ),
    Plant(
        "an approver is asked for no more than once",
        "tgbot/approvals/decision.py",
        "        if self._clock.monotonic() - asked.at > STANDING_LASTS.total_seconds():\n"
        "            raise _TooOld(proposal.id)\n",
        "",
        (DECISION,),
    ),
    Plant(
        "somebody of whom Telegram says nothing counts as an approver",
        "tgbot/approvals/rules/votes.py",
        "            unknown.append(vote)\n",
        "            counted.append(vote)\n",
        (VOTES,),
    ),
    Plant(
        "a proposal that has changed is carried out",
        "tgbot/approvals/decision.py",
        "        if draft is None or draft.digest != proposal.digest:\n"
        '            raise Void(T("approvals.void_changed"))\n',
        "",
        (DECISION,),
    ),
    Plant(
        "a row of the audit does not follow from the one before it",
        "tgbot/audit/rules.py",
        "        elif record.previous != previous:\n"
        '            yield Flaw(chain, number, "does not follow from the one before it")\n',
        "",
        ("tests/audit",),
    ),
    Plant(
        "anybody changes what a group is told",
        "tgbot/alerts/groups.py",
        "        if not incoming.is_private:\n",
        "        if False:\n",
        ("tests/alerts/test_groups.py",),
    ),
    Plant(
        "a candle that may still change is believed",
        "tgbot/alerts/history.py",
        "settled = now - interval.length - SETTLES_WITHIN",
        "settled = now - interval.length",
        ("tests/alerts/test_closes.py", "tests/alerts/test_monitor_foreseen.py"),
    ),
    Plant(
        "what the stream of candles tells is believed",
        "tgbot/alerts/signals.py",
        "            # Behind others that are not read yet nobody knows what holds now.\n",
        "            self._closed[interval] = candles\n",
        ("tests/alerts/test_closes.py",),
    ),
    Plant(
        "a transaction whose commit has failed comes back to the pool",
        "tgbot/db/driver.py",
        "            self._connection._conn.commit() if",
        "            self._has_ended = True\n            self._connection._conn.commit() if",
        ("tests/db/test_driver.py",),
    ),
    Plant(
        "what is for one person is shown to a whole group by an old server",
        "tgbot/chat/sending.py",
        "                self._has_ephemeral = False\n",
        "                self._has_ephemeral = True\n",
        ("tests/delivery/test_sender.py",),
    ),
    Plant(
        "a bot that stands still stays",
        "tgbot/system.py",
        "faulthandler.dump_traceback_later(LONGEST_STANDSTILL, exit=True)",
        "faulthandler.dump_traceback_later(LONGEST_STANDSTILL, exit=False)",
        ("tests/flows/test_running.py",),
    ),
)
