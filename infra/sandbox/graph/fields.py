"""``fields=``: which part of a node is told."""

from typing import Any

from infra.sandbox.errors import GraphError


def only(wanted: str | None, default: tuple[str, ...], node: dict[str, Any], kind: str) -> dict[str, Any]:
    """The fields somebody asks of a node, else its default ones; the id always comes along.

    Raises:
        GraphError: 100, there is no such field.
    """
    names = wanted.split(",") if wanted else default
    for name in names:
        if name not in node:
            details = f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
            raise GraphError(100, 400, details)
    return {name: node[name] for name in dict.fromkeys((*names, "id"))}
