"""How fast it is, measured beside its peers: `python3 dev.py bench`. What it says is in README.md."""
