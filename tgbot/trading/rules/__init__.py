"""Pure decisions about orders: what was meant, whether it fits, what became of it."""
