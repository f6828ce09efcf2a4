"""Live prices in the chat: one card that is edited in place, and a message whenever a price has moved far enough."""
