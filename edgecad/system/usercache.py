"""Where this user's caches lie: what is there costs time when it is lost, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from edgecad.errors import UsageError

VARIABLE = "EDGECAD_CACHE"


def user_cache(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Folder of the user's caches: `$EDGECAD_CACHE`, or EdgeCAD's own where the platform keeps caches.

    Raises:
        UsageError: nothing says where.
    """
    given = environment.get(VARIABLE)
    if given:
        return Path(given)
    try:
        if platform == "win32":
            local = environment.get("LOCALAPPDATA")
            root = Path(local) if local else Path.home() / "AppData" / "Local"
        else:
            # The XDG specification wants a path that is not absolute to be passed over.
            named = Path(environment.get("XDG_CACHE_HOME", ""))
            root = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise UsageError(f"no home folder, so no place for a cache; set {VARIABLE} to a folder") from error
    return root / "edgecad"


def forget_oldest(folder: Path, most: int) -> None:
    """Leave the newest files of a folder.

    Raises:
        OSError: it cannot be read, or one of them cannot be removed.
    """
    files = [(path.lstat().st_mtime, path) for path in folder.iterdir()]
    for _, path in sorted(files)[:-most]:
        path.unlink(missing_ok=True)
