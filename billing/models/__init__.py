"""The rows of this floor."""
