"""What groups write and press, and what a treasurer does in the private chat."""
