"""Runs that earlier versions left, in today's words: the settings of schema 2 held the strategy filled in, and options
that came later have values that mean what was before."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

RENAMED = {"reference": "labelled_by", "patience": "early_stopping", "passes": "augment"}
LATER_SETTINGS: Json = {"features": "last", "uncertain": 0.0, "device": "auto"}
"""Options that came later within schema 3, and what a run did that does not name them; today's defaults are others."""
SAME = ("backbone", "weights", "batch_size", "seed", "class_weights", "select_on_test")


def settings_from_schema_2(old: Json) -> Json:
    """The options that gave these settings; what a run did not name was then fixed.

    Raises:
        KeyError, TypeError, AttributeError: something that every such run had is missing.
    """
    plan, head = old["plan"], old["head"]
    epochs = {
        "finetune_epochs" if stage["part"] == "top" else "warmup_epochs": stage["epochs"] for stage in plan["stages"]
    }
    trials = old.get("search_trials", 0)
    return {
        **LATER_SETTINGS,
        **{name: old[name] for name in SAME if name in old},
        **{new: old[name] for name, new in RENAMED.items() if name in old},
        "strategy": plan["strategy"],
        "lr_exponent": plan["lr_exponent"],
        "layerwise": any(stage.get("layerwise", False) for stage in plan["stages"]),
        **epochs,
        "units": head["units"],
        "dropout": head["dropout"],
        "activation": head.get("activation", "relu"),  # runs that name none had ReLU
        "search": bool(trials),
        **({"search_trials": trials} if trials else {}),
        "decide": old.get("decide", "sensitivity>=0.95"),  # runs that name no rule had this one
    }


def with_later_settings(old: Json) -> Json:
    """What holds settings (a run, an unfinished one, a study's unit), with those that came later told.

    Raises:
        KeyError, TypeError: it holds none.
    """
    return {**old, "settings": {**LATER_SETTINGS, **old["settings"]}}


def run_from_schema_2(old: Json) -> Json:
    """run.json of schema 2 as one of schema 3."""
    search = old.get("search")
    found = search and {
        "trials": search["trials"],
        "found": [{"training": one["training"], "choice": _choice(one)} for one in search["found"]],
    }
    settings = settings_from_schema_2(old["settings"])
    return {**old, "schema": 3, "settings": settings, "plan": old["settings"]["plan"], "search": found or None}


def _choice(found: Json) -> Json:
    choice = {name: value for name, value in found.items() if name != "training"}
    return {**choice, "head": {"activation": "relu", **choice["head"]}}
