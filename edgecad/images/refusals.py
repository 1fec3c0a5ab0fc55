"""How a screen is refused, in one sentence: what was seen, what is wanted, and the next step."""

from __future__ import annotations

from edgecad.errors import InputRefused

_WHOLE, _AGAIN = "a complete file", "copy or export it again"


def damaged(seen: str, wanted: str = _WHOLE) -> InputRefused:
    """For content that cannot be what was written."""
    return InputRefused("damaged", f"{seen}; wanted {wanted}: {_AGAIN}")


def truncated(seen: str) -> InputRefused:
    """For a file that ends before its own end."""
    return InputRefused("truncated", f"{seen}; wanted {_WHOLE}: {_AGAIN}")


def wrong_kind(seen: str, wanted: str, next_step: str = "export the screen again") -> InputRefused:
    """For a file that is whole and not of a kind that is taken."""
    return InputRefused("wrong-kind", f"{seen}; wanted {wanted}: {next_step}")
