"""How a trial ends early: something is missing here, or something went wrong."""

from __future__ import annotations

import re

UNREACHED = re.compile(
    r"Failed getting release file|Couldn't download|unable to resolve|Temporary failure|Connection (refused|timed out)|"
    r"Network is unreachable|NewConnectionError|ConnectTimeout|ReadTimeout|Max retries exceeded|Could not resolve"
)
"""What debootstrap and pip say where there is no way to their packages."""


class Missing(Exception):
    """This machine lacks what a trial needs.

    Attributes:
        what: is missing.
        how: to get it, a line for a shell or a sentence.
    """

    def __init__(self, what: str, how: str) -> None:
        super().__init__(f"{what}; {how}")
        self.what, self.how = what, how


class Broken(Exception):
    """A step failed that this machine has all for."""
