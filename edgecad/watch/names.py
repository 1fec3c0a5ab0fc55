"""Names of what a watch itself writes in IN; which others are left there is said in `edgecad.images.folder`."""

from __future__ import annotations

LOCK, PROBE = ".edgecad-watch.lock", ".edgecad-probe-"
"""Hidden, so that no watch takes its own or another's for a scan; the second begins a name."""
