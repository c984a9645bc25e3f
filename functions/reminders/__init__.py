"""Every hour: reminds of appointments."""
