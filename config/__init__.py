"""The installation: settings, database, clock, errors and the files operators edit."""
