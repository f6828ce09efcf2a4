"""Every card of the chat on contact sheets, and a list of the texts that they show: `python3 dev.py gallery`."""
