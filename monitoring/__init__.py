"""Is it well, is it lawful."""
