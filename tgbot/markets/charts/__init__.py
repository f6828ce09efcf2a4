"""Candles as a picture that can be read on a phone, with what a person has at stake in them."""
