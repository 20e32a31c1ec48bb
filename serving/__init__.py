"""How a chosen model is applied: scoring and publishing."""
