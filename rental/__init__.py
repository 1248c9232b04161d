"""Who may have what, when."""
