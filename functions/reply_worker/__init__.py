"""What a conversation is owed becomes one answer."""
