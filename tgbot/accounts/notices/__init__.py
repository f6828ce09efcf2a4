"""How loudly each kind of notice comes, and the hours in which only urgent ones do."""
