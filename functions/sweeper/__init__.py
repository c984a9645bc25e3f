"""Every minute: does what time made due."""
