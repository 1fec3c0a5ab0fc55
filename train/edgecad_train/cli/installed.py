"""What each command of this room needs installed; `edgecad.system.extras.check_installed` looks for it first.

The program's help says beforehand which commands are not installed, so what they need as a whole stands there.
"""

from __future__ import annotations

from edgecad.cli.grammar.installed import FIGURES, NETWORKS, PLAN, STUDY, TRAIN

__all__ = ["EXTRA", "FIGURES", "NETWORKS", "PLAN", "SITE_FILES", "STUDY", "TRAIN"]

SITE_FILES = ("tomlkit",)
"""What writing into a site's file needs."""
EXTRA = "train"
"""The extra that installs all of them."""
