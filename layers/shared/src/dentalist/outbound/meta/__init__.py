"""Meta: the Graph API on behalf of one linked account."""
