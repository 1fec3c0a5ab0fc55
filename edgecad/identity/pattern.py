"""A site's regular expression on the name of a file, within a bounded time.

Names come from anywhere, and Python's `re` may take years for a name of 40 letters. Nothing but the end of its process
stops it. So a pattern that may take long runs in a process of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Final

from edgecad.errors import UsageError

MAX_NAME: Final = 255
"""Letters of a file's name, as systems have them."""
MAX_PATTERN: Final = 256
"""Letters of a pattern."""
SECONDS: Final = 3.0
"""For one name, the start of the process included, which takes 0.02 s."""
_REPEATS = re.compile(r"[*+?{]")
_REPEATED_GROUP = re.compile(r"\)[*+?{]")
_VERBOSE = re.compile(r"\(\?[a-zA-Z]*x")
"""The flag with which blanks and comments may stand between a group and its repeat."""
_MOST_REPEATS: Final = 2
# It imports nothing that is not in Python itself. The name comes through a pipe: others may read a command line.
_CHILD: Final = (
    "import json, re, sys; pattern, name = json.load(sys.stdin.buffer); found = re.search(pattern, name); "
    "print(json.dumps(found and found.group(1)))"
)


def check_pattern(pattern: str) -> None:
    """See that a pattern is a regular expression with one group.

    Raises:
        UsageError: it is not.
    """
    if len(pattern) > MAX_PATTERN:
        raise UsageError(f"the pattern has {len(pattern)} letters; wanted at most {MAX_PATTERN}: write a shorter one")
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"the pattern is no regular expression ({error}); mend it") from error
    if groups != 1:
        raise UsageError(
            f"the pattern has {groups} groups, and the id is what its one group finds; write one (...), and (?:...) "
            "for others"
        )


def found_by(pattern: str, name: str) -> str | None:
    """What the one group of a checked pattern finds at its first place in a name; None if it finds nothing in time."""
    if len(name) > MAX_NAME:
        return None
    if is_quick(pattern):
        found = re.search(pattern, name)
        return found.group(1) if found else None
    return _found_apart(pattern, name)


def is_quick(pattern: str) -> bool:
    """Whether a pattern surely takes less than 0.1 s: two repeats at most, and none of a group.

    Such a search takes at most as many steps as the cube of the name's length. Signs that are no repeats, as in
    `[*+]`, are counted as well; a pattern that has them only runs apart, and so does one with the flag `x`.
    """
    if _VERBOSE.search(pattern) or _REPEATED_GROUP.search(pattern):
        return False
    return len(_REPEATS.findall(pattern)) <= _MOST_REPEATS


def _found_apart(pattern: str, name: str) -> str | None:
    order = json.dumps([pattern, name]).encode()
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _CHILD], input=order, capture_output=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = json.loads(ended.stdout)
    return found if isinstance(found, str) else None
