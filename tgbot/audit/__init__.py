"""What happened, by whom: rows that are only ever added, each sealed with the one before it."""
