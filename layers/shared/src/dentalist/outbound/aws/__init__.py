"""Queues, objects and keys."""
