"""Fixtures of the monitoring tests: real SNMP agents."""

from tests.monitoring.agents import agent, own_agent

__all__ = ["agent", "own_agent"]
