"""What speaks against judging a screen: raised at once or, where a person insists, gathered for the record."""

from __future__ import annotations

from edgecad.errors import InputRefused


class Objections:
    """The map check's findings about one screen.

    Only what leaves something to judge comes here. Where there is no circle to cut out, or no picture at all,
    nobody can insist.
    """

    def __init__(self, *, insisted: bool = False, halved: bool = False) -> None:
        """Raise each objection, or gather them if somebody `insisted` on an answer.

        `halved` says that the screen was decoded at half its size, which averages edges away: bounds are stricter then.
        """
        self._insisted = insisted
        self.halved = halved
        self._gathered: list[str] = []

    @property
    def finest(self) -> float:
        """How far, in pixels, what is looked at may lie from where it must be, however small it is."""
        return 0.75 if self.halved else 1.5

    @property
    def insisted(self) -> bool:
        """Whether somebody insists on an answer."""
        return self._insisted

    @property
    def gathered(self) -> tuple[str, ...]:
        """What was overruled, in words."""
        return tuple(self._gathered)

    def against(self, reason: str, message: str) -> None:
        """Object.

        Raises:
            InputRefused: nobody insists.
        """
        if not self._insisted:
            raise InputRefused(reason, message)
        self._gathered.append(message)
