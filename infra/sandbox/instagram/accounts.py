"""Instagram professional accounts and the tokens of Instagram Login."""

from typing import Literal

from pydantic import BaseModel, Field

from infra.sandbox.store import Store
from infra.sandbox.tokens import Token

AccountType = Literal["BUSINESS", "MEDIA_CREATOR", "PERSONAL"]
BASIC = "instagram_business_basic"
COMMENTS = "instagram_business_manage_comments"
MESSAGES = "instagram_business_manage_messages"
PUBLISH = "instagram_business_content_publish"
SCOPES = (BASIC, PUBLISH, MESSAGES, COMMENTS, "instagram_business_manage_insights")

_FIRST_USER_ID = 17_841_400_000_000_000
_FIRST_SCOPED_ID = 26_000_000_000_000_000  # above 2^53: a client that reads it as a float corrupts it


class InstagramAccount(BaseModel):
    """An account; ``user_id`` is the id of webhooks and publishing, another one is scoped to the app."""

    user_id: str
    username: str
    name: str | None = None
    account_type: AccountType = "BUSINESS"
    subscribed_fields: list[str] = Field(default_factory=list)

    @property
    def scoped_id(self) -> str:
        """The id our app knows the account's owner by: code exchange and Meta's callbacks name it."""
        return str(_FIRST_SCOPED_ID + (int(self.user_id) - _FIRST_USER_ID) % 10**14)

    @property
    def picture(self) -> str:
        """Where the profile picture would be."""
        return f"https://scontent.cdninstagram.com/v/{self.user_id}.jpg"


class InstagramToken(Token):
    """A token of graph.instagram.com: an hour at first, sixty days once it was exchanged."""

    user_id: str
    scopes: list[str] = Field(default_factory=lambda: list(SCOPES[:4]))


class InstagramAccounts:
    """The registry, persisted; it survives restarts and resets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        loaded = store.load("instagram").items()
        self.accounts = {key: InstagramAccount.model_validate(body) for key, body in loaded}
        loaded = store.load("instagram_token").items()
        self.tokens = {key: InstagramToken.model_validate(body) for key, body in loaded}

    def save(self, account: InstagramAccount) -> None:
        """Add an account or bring it up to date."""
        self.accounts[account.user_id] = account
        self._store.put("instagram", account.user_id, account.model_dump())

    def save_token(self, token: InstagramToken) -> None:
        """Add a token or persist what changed of it."""
        self.tokens[token.value] = token
        self._store.put("instagram_token", token.value, token.model_dump())

    def tokens_of(self, user_id: str) -> list[InstagramToken]:
        """The tokens of an account, oldest first."""
        return [token for token in self.tokens.values() if token.user_id == user_id]
