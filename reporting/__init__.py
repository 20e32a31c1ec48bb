"""Pages that people read: HTML and figures."""
