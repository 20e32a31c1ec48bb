"""What activities achieved and what to do next."""
