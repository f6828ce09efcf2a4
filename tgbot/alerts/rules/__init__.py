"""What an alert is, how it is written, and when it fires. Pure."""
