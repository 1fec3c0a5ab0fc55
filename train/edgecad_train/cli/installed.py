"""What each command of this room needs installed; `edgecad.system.extras.check_installed` looks for it first."""

from __future__ import annotations

FIGURES = ("sklearn", "scipy", "statsmodels", "matplotlib")
"""What figures with intervals need."""
PLAN = ("scipy", "statsmodels")
"""What formulas of sample size and precision need."""
SITE_FILES = ("tomlkit",)
"""What writing into a site's file needs."""
NETWORKS = ("tensorflow", "keras", "h5py")
"""What networks and files of weights need."""
STUDY = (*FIGURES, "filelock", "optuna", *NETWORKS)
TRAIN = (*STUDY, "jinja2")
EXTRA = "train"
"""The extra that installs all of them."""
