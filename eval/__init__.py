"""Measures the assistant: how good it is, how sure we are, what a user would build instead, and what it gets wrong."""
