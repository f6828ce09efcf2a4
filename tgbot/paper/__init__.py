"""A KuCoin-compatible spot exchange of our own, for paper trading, the demo and the tests: REST, WebSocket, balances.

It matches orders against prices that it is handed and keeps its state in a SQLite file of its own.
"""
