"""The people who use the bot, how they were let in, and what they have chosen."""
