"""Alerts: the right person hears of what stands, once, and of its end."""
