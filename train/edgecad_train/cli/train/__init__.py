"""`edgecad train`: the command and its steps."""

from edgecad_train.cli.train.command import app

__all__ = ["app"]
