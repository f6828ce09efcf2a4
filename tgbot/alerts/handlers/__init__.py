"""What people and groups write and press about alerts."""
