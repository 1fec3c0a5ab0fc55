"""`edgecad plan`: the command, and the steps of its learning curve."""

from edgecad_train.cli.plan.command import app

__all__ = ["app"]
