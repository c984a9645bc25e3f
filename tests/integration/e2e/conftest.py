"""One running stack for all these tests; they share the xdist group ``stack``, so that one worker owns it."""

from tests.integration.e2e.support.fixtures import fault_free, show, world

__all__ = ["fault_free", "show", "world"]
