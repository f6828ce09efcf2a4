"""The database: engine, sessions, column types, leases. Knows no tables but its own."""
