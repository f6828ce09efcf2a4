"""What a policy allows, and when votes are enough. Pure."""
