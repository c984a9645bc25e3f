"""Which adapter stands behind the settings of channels, their model keys and their templates. See ``wiring.py``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from dentalist.domain.identity import Caller
from dentalist.runtime import wiring, wiring_accounts
from dentalist.services.accounts.change_channel import SettingsDesk
from dentalist.services.accounts.submit_templates import TemplateDesk
from dentalist.storage.channel_settings import ProfessionalModelKeys, SupabaseChannelSettings
from dentalist.storage.template_book import SupabaseChannelTemplates, SupabaseTemplateBook

if TYPE_CHECKING:
    import httpx2

    from dentalist.outbound.llm.key_check import ModelKeyCheck


def authenticate(event: APIGatewayProxyEventV2) -> Caller:
    """The verified person behind a request. Disconnecting works also where the feature was switched off."""
    return wiring.authenticator().caller(event, even_if_disabled=event.http_method == "DELETE")


def channel_settings(professional_id: UUID) -> SupabaseChannelSettings:
    """How the professional's channels are set."""
    return SupabaseChannelSettings(wiring.service_db(), professional_id)


def settings_desk(caller: Caller) -> SettingsDesk:
    """What changing a channel needs; the channel is looked for as the caller may see it."""
    return SettingsDesk(
        channels=wiring.user_channels(caller),
        settings=channel_settings(caller.professional_id),
        keys=model_keys(caller.professional_id),
        check=_CheckWhenAsked(),
        # The others have catalogues of their own, in which nothing of ours can be named for everybody.
        default_models={"openai": wiring.settings().openai_model},
    )


def model_keys(professional_id: UUID) -> ProfessionalModelKeys:
    """The professional's own keys for language models."""
    # The vault is made when the first key is read or kept: switching the assistant off needs none.
    return ProfessionalModelKeys(lambda: wiring.credentials(), professional_id)  # noqa: PLW0108 - looked up when asked


class _CheckWhenAsked:
    """Tries keys where the environment says that their providers are, and nowhere else."""

    def check(self, provider: str, model: str, key: str | None) -> None:
        """As ``ModelKeyCheck``; the client of models is loaded by the first key, for it is slow."""
        _model_key_check().check(provider, model, key)


def _model_key_check() -> ModelKeyCheck:
    from dentalist.outbound.llm.key_check import ModelKeyCheck  # noqa: PLC0415 - see _CheckWhenAsked

    return ModelKeyCheck(base_url_of=wiring.settings().llm_base_url, http=_models_http())


@cache
def _models_http() -> httpx2.Client:
    from dentalist.outbound.llm.client import ChatModel  # noqa: PLC0415 - see _CheckWhenAsked

    return ChatModel.http_client()


def user_templates(caller: Caller) -> SupabaseChannelTemplates:
    """The templates that the caller may read."""
    return SupabaseChannelTemplates(wiring.user_db(caller), caller.professional_id)


def template_book(professional_id: UUID) -> SupabaseTemplateBook:
    """Where what Meta told of the professional's templates is stored."""
    return SupabaseTemplateBook(wiring.service_db(), professional_id)


def template_desk(professional_id: UUID) -> TemplateDesk:
    """What talking to Meta about the professional's templates needs."""
    return TemplateDesk(
        accounts=wiring_accounts.accounts(professional_id),
        business_for=wiring_accounts.business_for,
        book=template_book(professional_id),
    )
