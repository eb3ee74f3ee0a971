"""Fixtures for the whole adapter suite."""

from adapter_fixtures import *  # noqa: F403
