"""Alerts that fire once per crossing, and watches that keep prices in the chat."""
