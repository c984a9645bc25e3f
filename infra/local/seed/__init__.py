"""The three professionals every local stack starts with."""
