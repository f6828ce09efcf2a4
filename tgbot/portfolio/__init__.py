"""What an account holds and what it is worth. Reads only."""
