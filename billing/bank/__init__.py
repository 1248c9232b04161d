"""Bank statements: read from files, kept without repeats, and matched with what is owed."""
