"""The exchange's memory: one SQLite file, or none.

Calls are short and block the event loop on purpose: rows and what everybody is told about them change in one step, so
that no answer can show what a crash would take back. A paper order costs one commit of a few rows.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from tgbot.core.money import ZERO
from tgbot.core.orders import Balance
from tgbot.paper.ledger import Entry
from tgbot.paper.orders import PaperFill, PaperOrder
from tgbot.paper.signing import Account
from tgbot.paper.stamps import from_ms, ms
from tgbot.paper.stops import PaperStop

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    uid INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, secret TEXT NOT NULL, passphrase TEXT NOT NULL,
    permission TEXT NOT NULL, created_ms INTEGER NOT NULL, is_revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS balances (
    account TEXT NOT NULL, currency TEXT NOT NULL, available TEXT NOT NULL, hold TEXT NOT NULL,
    PRIMARY KEY (account, currency));
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, client_oid TEXT NOT NULL,
    symbol TEXT NOT NULL, is_active INTEGER NOT NULL, created_ms INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS orders_by_client_oid ON orders (account, client_oid);
CREATE INDEX IF NOT EXISTS orders_by_symbol ON orders (account, symbol, is_active, number);
CREATE TABLE IF NOT EXISTS fills (
    number INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, account TEXT NOT NULL, symbol TEXT NOT NULL,
    created_ms INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS fills_by_symbol ON fills (account, symbol, number);
CREATE TABLE IF NOT EXISTS stops (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, client_oid TEXT NOT NULL,
    oco TEXT NOT NULL, is_waiting INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS stops_by_client_oid ON stops (account, client_oid);
CREATE INDEX IF NOT EXISTS stops_by_oco ON stops (account, oco);
"""

_FIRST_UID = 100_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the finished orders or fills are wanted: newest first, with numbers below `before`."""

    symbol: str
    limit: int
    before: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    side: str | None = None
    type: str | None = None
    order_id: str | None = None


class Store:
    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    # accounts

    def add_account(self, account: Account) -> Account:
        """The same with its uid, which is given here."""
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO accounts (key, secret, passphrase, permission, created_ms) VALUES (?, ?, ?, ?, ?)",
                (account.key, account.secret, account.passphrase, account.permission, ms(account.created_at)),
            )
        return replace(account, uid=_FIRST_UID + (cursor.lastrowid or 0))

    def account(self, key: str) -> Account | None:
        row = self._db.execute(
            "SELECT key, secret, passphrase, permission, uid, created_ms FROM accounts"
            " WHERE key = ? AND NOT is_revoked",
            (key,),
        ).fetchone()
        if row is None:
            return None
        key, secret, passphrase, permission, uid, created = row
        return Account(key, secret, passphrase, permission, _FIRST_UID + uid, from_ms(created))

    def set_permission(self, key: str, permission: str) -> None:
        with self._transaction():
            self._db.execute("UPDATE accounts SET permission = ? WHERE key = ?", (permission, key))

    def revoke(self, key: str) -> None:
        with self._transaction():
            self._db.execute("UPDATE accounts SET is_revoked = 1 WHERE key = ?", (key,))

    # balances

    def balances(self, account: str) -> dict[str, Balance]:
        rows = self._db.execute(
            "SELECT currency, available, hold FROM balances WHERE account = ? ORDER BY currency", (account,)
        )
        return {currency: Balance(currency, Decimal(available), Decimal(hold)) for currency, available, hold in rows}

    def reset_balances(self, account: str, balances: Mapping[str, Decimal]) -> None:
        """These and no others, nothing held."""
        with self._transaction():
            self._db.execute("DELETE FROM balances WHERE account = ?", (account,))
            self._write_balances(account, [Balance(name, amount, ZERO) for name, amount in balances.items()])

    # orders

    def save(
        self, order: PaperOrder, fill: PaperFill | None, entries: Iterable[Entry], stops: Iterable[PaperStop] = ()
    ) -> tuple[PaperOrder, PaperFill | None]:
        """All of it or nothing, on the disk when this returns; order and fill come back with their numbers. `stops` are
        those that have become this order or were given up for it."""
        with self._transaction():
            for stop in stops:
                self._write_stop(stop)
            order = self._write_order(order)
            fill = self._write_fill(fill) if fill else None
            self._write_balances(order.account, [entry.after for entry in entries])
        return order, fill

    def order(self, account: str, order_id: str) -> PaperOrder | None:
        return self._one_order("account = ? AND id = ?", account, order_id)

    def order_by_client_oid(self, account: str, client_oid: str) -> PaperOrder | None:
        """The newest: a clientOid may be used again once its order is finished."""
        return self._one_order("account = ? AND client_oid = ? ORDER BY number DESC", account, client_oid)

    def active_orders(self) -> list[PaperOrder]:
        """Of all accounts, oldest first."""
        rows = self._db.execute("SELECT number, body FROM orders WHERE is_active ORDER BY number")
        return [_order(row) for row in rows]

    def done_orders(self, account: str, page: Page) -> list[PaperOrder]:
        return [_order(row) for row in self._page("orders", "AND NOT is_active", account, page)]

    def fills(self, account: str, page: Page) -> list[PaperFill]:
        return [_fill(row) for row in self._page("fills", "", account, page)]

    # stop orders

    def save_stops(self, stops: Iterable[PaperStop]) -> list[PaperStop]:
        """All of them or none; they come back with their numbers."""
        with self._transaction():
            return [self._write_stop(stop) for stop in stops]

    def waiting_stops(self) -> list[PaperStop]:
        """Of all accounts, oldest first."""
        return self._stops("is_waiting")

    def stop(self, account: str, stop_id: str) -> PaperStop | None:
        return next(iter(self._stops("account = ? AND id = ?", account, stop_id)), None)

    def stops_by_client_oid(self, account: str, client_oid: str) -> list[PaperStop]:
        """Oldest first: a clientOid may be used again once its order waits no more."""
        return self._stops("account = ? AND client_oid = ?", account, client_oid)

    def legs(self, account: str, oco_id: str) -> list[PaperStop]:
        return self._stops("account = ? AND oco = ?", account, oco_id)

    # beneath

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:  # whatever ends the block, a cancellation too, takes back what it has written
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _write_order(self, order: PaperOrder) -> PaperOrder:
        body = msgspec.json.encode(order).decode()
        if order.number:
            self._db.execute(
                "UPDATE orders SET is_active = ?, body = ? WHERE number = ?", (order.is_active, body, order.number)
            )
            return order
        cursor = self._db.execute(
            "INSERT INTO orders (id, account, client_oid, symbol, is_active, created_ms, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (order.id, order.account, order.client_oid, order.symbol, order.is_active, ms(order.created_at), body),
        )
        return replace(order, number=cursor.lastrowid or 0)

    def _write_fill(self, fill: PaperFill) -> PaperFill:
        cursor = self._db.execute(
            "INSERT INTO fills (order_id, account, symbol, created_ms, body) VALUES (?, ?, ?, ?, ?)",
            (fill.order_id, fill.account, fill.symbol, ms(fill.at), msgspec.json.encode(fill).decode()),
        )
        return replace(fill, number=cursor.lastrowid or 0)

    def _write_stop(self, stop: PaperStop) -> PaperStop:
        body = msgspec.json.encode(stop).decode()
        if stop.number:
            self._db.execute(
                "UPDATE stops SET is_waiting = ?, body = ? WHERE number = ?", (stop.is_waiting, body, stop.number)
            )
            return stop
        cursor = self._db.execute(
            "INSERT INTO stops (id, account, client_oid, oco, is_waiting, body) VALUES (?, ?, ?, ?, ?, ?)",
            (stop.id, stop.account, stop.client_oid, stop.oco, stop.is_waiting, body),
        )
        return replace(stop, number=cursor.lastrowid or 0)

    def _write_balances(self, account: str, balances: Iterable[Balance]) -> None:
        self._db.executemany(
            "INSERT INTO balances VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET available = excluded.available, hold = excluded.hold",
            [(account, balance.currency, str(balance.available), str(balance.hold)) for balance in balances],
        )

    def _one_order(self, where: str, *values: str) -> PaperOrder | None:
        row = self._db.execute(f"SELECT number, body FROM orders WHERE {where} LIMIT 1", values).fetchone()  # noqa: S608 - `where` is one of the two literals above
        return _order(row) if row else None

    def _stops(self, where: str, *values: str) -> list[PaperStop]:
        rows = self._db.execute(f"SELECT number, body FROM stops WHERE {where} ORDER BY number", values)  # noqa: S608 - `where` is one of the literals above
        return [replace(msgspec.json.decode(body, type=PaperStop), number=number) for number, body in rows]

    def _page(self, table: str, where: str, account: str, page: Page) -> list[tuple[int, str]]:
        order_id = "id" if table == "orders" else "order_id"
        query = (
            f"SELECT number, body FROM {table} WHERE account = :account AND symbol = :symbol {where}"  # noqa: S608 - table and where are literals of this module
            " AND (:before IS NULL OR number < :before)"
            " AND (:since IS NULL OR created_ms >= :since) AND (:until IS NULL OR created_ms <= :until)"
            " AND (:side IS NULL OR json_extract(body, '$.side') = :side)"
            " AND (:type IS NULL OR json_extract(body, '$.type') = :type)"
            f" AND (:order_id IS NULL OR {order_id} = :order_id) ORDER BY number DESC LIMIT :limit"
        )
        values = {
            "account": account,
            "symbol": page.symbol,
            "before": page.before,
            "since": ms(page.since) if page.since else None,
            "until": ms(page.until) if page.until else None,
            "side": page.side,
            "type": page.type,
            "order_id": page.order_id,
            "limit": page.limit,
        }
        return self._db.execute(query, values).fetchall()


def _order(row: tuple[int, str]) -> PaperOrder:
    return replace(msgspec.json.decode(row[1], type=PaperOrder), number=row[0])


def _fill(row: tuple[int, str]) -> PaperFill:
    return replace(msgspec.json.decode(row[1], type=PaperFill), number=row[0])
