"""Every message we owe somebody: the outbox, Telegram's limits, and the one sender."""
