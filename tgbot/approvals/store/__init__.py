"""The tables of desks. Every change of a state is a conditional update, or made by whoever holds the desk's row."""
