"""How large a screen may be, said once for every format."""

from __future__ import annotations

from edgecad.errors import InputRefused

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 16_000_000
MAX_SIDE = 16_384


def check_size(width: int, height: int) -> None:
    """Hold a declared size, in pixels, against the limits.

    Raises:
        InputRefused: `damaged` for an empty image, `too-large` beyond the limits.
    """
    if width < 1 or height < 1:
        raise InputRefused("damaged", f"declares {width} x {height} pixels; wanted at least one")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise InputRefused(
            "too-large",
            f"declares {width} x {height} pixels; wanted at most {MAX_PIXELS:,} and {MAX_SIDE:,} a side: "
            "export the screen at its own resolution",
        )


def check_bytes(length: int) -> None:
    """Hold a file's length, in bytes, against the limits.

    Raises:
        InputRefused: `empty` or `too-large`.
    """
    if length == 0:
        raise InputRefused("empty", "holds no bytes; wanted one screen: copy or export it again")
    if length > MAX_BYTES:
        raise InputRefused("too-large", f"holds {length:,} bytes; wanted one screen of at most {MAX_BYTES:,}")
