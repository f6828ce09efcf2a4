"""What can be traded, under which rules, and what it costs at this moment."""
