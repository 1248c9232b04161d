"""The demo: a sample centre, and devices that are simulated on loopback."""
