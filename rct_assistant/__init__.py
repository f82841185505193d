"""Answers questions about a source text with its own sentences, cited and labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rct_assistant.assistant import Assistant
    from rct_assistant.response import Answer, Refusal

__all__ = ["Answer", "Assistant", "Refusal"]


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used, so that `--help` loads no model library."""
    if name == "Assistant":
        from rct_assistant.assistant import Assistant

        return Assistant
    if name in ("Answer", "Refusal"):
        from rct_assistant import response

        return getattr(response, name)
    raise AttributeError(f"module 'rct_assistant' has no attribute {name!r}")
