"""The full-size runs use the same stack and the same storms as the small ones."""

from tests.integration.e2e.support.fixtures import fault_free, show, world

__all__ = ["fault_free", "show", "world"]
