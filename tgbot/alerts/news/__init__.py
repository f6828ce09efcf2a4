"""News of listings and delistings, told to those whom they concern."""
