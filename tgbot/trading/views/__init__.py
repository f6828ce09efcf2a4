"""How tickets and orders look in the chat."""
