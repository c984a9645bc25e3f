"""One turn of the assistant: what a contact wrote becomes at most one message, and what it does to the agenda."""
