"""Why the choice of a language model, or a key for one, was not kept. Nothing is stored when one of these is raised."""

from __future__ import annotations

from dentalist.domain.errors import DomainError
from dentalist.domain.linking_errors import ProviderUnreachable


class ModelChoiceRefused(DomainError):
    """The choice does not work as it is; what to change is in ``detail``."""


class AiModelRequired(ModelChoiceRefused):
    detail = "Name the model as well: this provider has many."


class AiModelWithoutProvider(ModelChoiceRefused):
    detail = "A model can only be chosen together with a provider of your own."


class AiKeyWithoutProvider(ModelChoiceRefused):
    detail = "A key needs the provider that issued it: choose one as well."


class AiKeyRequired(ModelChoiceRefused):
    """A key kept for one provider is never shown to another."""

    detail = "This provider needs a key of its own: enter it together with the provider."


class AiKeyRefused(ModelChoiceRefused):
    detail = "The provider does not accept this key."


class AiModelUnknown(ModelChoiceRefused):
    detail = "The provider does not offer this model for this key, or not for answers in the form that we need."


class AiKeyWithoutCredit(ModelChoiceRefused):
    detail = "The key is valid, but its account has no credit left."


class AiProviderUnreachable(ProviderUnreachable):
    detail = "The provider of the model did not answer, so nothing was changed; try again."
