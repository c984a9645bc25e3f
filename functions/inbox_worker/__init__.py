"""What waits in the inbound queue becomes rows, and the files of messages are fetched."""
