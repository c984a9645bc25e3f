"""Whom we talk to."""
