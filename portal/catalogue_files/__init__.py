"""Catalogue files, YAML or CSV: read into records, checked as a whole, loaded in one commit."""
