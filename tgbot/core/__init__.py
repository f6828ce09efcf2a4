"""The vocabulary that every package shares: standard library only, no I/O."""
