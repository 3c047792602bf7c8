"""Rows for tests, made by the ways in that producers use."""
