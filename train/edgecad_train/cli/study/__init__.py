"""`edgecad study`: the command and its steps."""

from edgecad_train.cli.study.command import app

__all__ = ["app"]
