"""Patron: who buys again, when, and why."""
