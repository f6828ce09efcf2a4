"""How desks, their rules and their proposals look in the chat. Pure."""
