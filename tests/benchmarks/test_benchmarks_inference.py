"""Each inference benchmark runs, small, and its file says what it measured; no time is judged."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "inference.py"
NEEDS = {
    "OpenVINO fp32": ("openvino",), "OpenVINO int8, its own": ("openvino", "nncf"), "LiteRT fp32": ("ai_edge_litert",),
}  # fmt: skip
"""Packages of peers that a test environment may lack; their rows then say so."""
ALWAYS = ("EdgeCAD fp32", "EdgeCAD int8", "onnxruntime fp32", "TF function")
FEW = ("--bench-runs", "20", "--bench-precision", "int8")
Measured = Callable[..., dict[str, Any]]


@pytest.fixture
def measured(with_real_network: Callable[[Path], list[str]], kept_models: Path, tmp_path: Path) -> Measured:
    """Run one benchmark as a user runs it, and read its file."""

    def run(what: str, *words: str) -> dict[str, Any]:
        command = [
            *([sys.executable, str(PROGRAM)] if what == "cold" else with_real_network(PROGRAM)),
            what,
            "--backbones",
            "mobilenetv2",
            "--models",
            str(kept_models),
            *words,
        ]
        done = subprocess.run([*command, "--results", str(tmp_path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads((tmp_path / f"inference_{what}_mobilenetv2.json").read_text())
        assert found["what"] == what
        assert found["machine"]["threads"] >= 1
        assert found["peer_versions"]["onnxruntime"]
        assert "| wanted | measured" in done.stdout or what == "cold"
        return dict(found)

    return run


@pytest.fixture
def measures(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a module of the benchmarks by its name."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    return lambda name: importlib.import_module(f"measures.{name}")


def test_networks_gives_every_engine_a_row_or_a_reason(measured: Measured) -> None:
    found = measured("networks", "--turns", "2", "--runs", "2", "--peers", *ALWAYS, *NEEDS)
    here = {name for name, packages in NEEDS.items() if all(find_spec(package) for package in packages)}
    assert set(found["rows"]) == here | {*ALWAYS}
    assert set(found["missing"]) == set(NEEDS) - here
    assert all("pip install" in reason for reason in found["missing"].values())
    for row in found["rows"].values():
        assert len(row["turns"]) == 2
        assert row["probability"] < 0.5
        assert row["ready_seconds"] > 0
    assert found["rows"]["EdgeCAD fp32"]["of_ours"] == {"low": 1.0, "median": 1.0, "high": 1.0}
    assert found["rows"]["onnxruntime fp32"]["heatmap"] > 0.999
    assert "heatmap" not in found["rows"]["TF function"]
    assert found["wrong"] == []
    held = {bar["wanted"]: bar["held"] for bar in found["bars"]}
    assert held["at least 1.6 times: EdgeCAD fp32 in EdgeCAD int8"] in (True, False)
    assert (held["at most 1 times: EdgeCAD fp32 in OpenVINO fp32"] is None) is ("OpenVINO fp32" not in here)


def test_auto_after_bench_save_is_timed_beside_what_it_chose_from(measured: Measured) -> None:
    peers = ("EdgeCAD fp32", "EdgeCAD int8", "EdgeCAD on OpenVINO int8")
    found = measured("auto", "--turns", "1", "--runs", "2", *FEW, "--peers", *peers)
    best = found["saved"]["rows"][0]
    assert (found["took"]["device"], found["took"]["precision"]) == (best["device"], best["precision"])
    assert found["took"]["chosen"].startswith("bench of ")
    assert {row["device"] for row in found["saved"]["rows"]} >= {"cpu"}
    here = [peer for peer in ("EdgeCAD auto", *peers) if peer not in found["missing"]]
    assert set(found["rows"]) == {f"{peer}, {way}" for peer in here for way in ("network", "whole answer")}
    for way in ("network", "whole answer"):
        assert found["rows"][f"EdgeCAD auto, {way}"]["of_ours"]["median"] == 1.0
    wanted = [bar["wanted"] for bar in found["bars"]]
    assert wanted == [
        f"at most 1.03 times: EdgeCAD auto, {way} in the best that is proven" for way in ("network", "whole answer")
    ]
    for bar in found["bars"]:
        assert bar["held"] is (bar["measured"]["median"] <= 1.03)


def test_explanation_gives_the_map_that_differentiation_gives(measured: Measured) -> None:
    found = measured("explanation", "--turns", "2", "--runs", "2")
    assert len(found["rows"]) == 4
    for name in ("Grad-CAM, TF function", "Grad-CAM, TF with XLA"):
        assert found["rows"][name]["probability"] < 1e-4
        assert found["rows"][name]["heatmap"] > 0.999
    assert "probability" not in found["rows"]["score alone"], "both ways of one session are not two answers"


def test_cold_runs_whole_processes(measured: Measured) -> None:
    found = measured("cold", "--rounds", "1")
    assert set(found["shares"]) == {"EdgeCAD fp32", "EdgeCAD auto"}
    assert len(found["seconds"]) == 4
    share = found["shares"]["EdgeCAD fp32"]
    assert share["measured"]["median"] == pytest.approx(
        found["seconds"]["EdgeCAD fp32"]["median"] / found["seconds"][found["against"]]["median"]
    )
    assert share["held"] is None, "no bar for this network"


def test_folder_takes_the_pipeline_at_its_best_batch(measured: Measured) -> None:
    found = measured("folder", "--screens", "20", "--batches", "1", "8")
    tried = found["keras_tried_a_second"]
    assert set(tried) == {f"batch {batch}{half}" for batch in (1, 8) for half in ("", ", half")}
    assert tried[found["keras_best"]] == max(tried.values())
    assert {bar["held"] for bar in found["bars"]} <= {True, False}
    assert found["rows"]["Keras folder"]["a_second"]["median"] > 0


def test_a_peer_that_gives_up_is_a_reason_and_the_others_go_on(measures: Callable[[str], ModuleType]) -> None:
    processes, timing = measures("peers.processes"), measures("peers.turns")

    class Peer:
        def __init__(self, lasts: int) -> None:
            self.lasts = lasts

        def ask(self, request: Any) -> Any:
            self.lasts -= 1
            if self.lasts < 0:
                raise processes.PeerFailed("ended with -9: without a word")
            reply = measures("peers.messages").PeerReply
            return reply(milliseconds=(2.0,) * request.runs, idle_share=0.0, peak_gb=1.0)

    opened = processes.OpenPeers({"steady": Peer(9), "weak": Peer(1)})
    ways = [timing.TimedWay(name, name, "answer") for name in ("steady", "weak")]
    taken = timing.take_turns(opened, ways, turns=3, runs=2)
    assert {name: own.middles for name, own in taken.items()} == {"steady": [2.0, 2.0, 2.0]}
    assert opened.missing == {"weak": "in turn 2: ended with -9: without a word"}


def test_a_peer_that_cannot_be_opened_says_why(measures: Callable[[str], ModuleType], tmp_path: Path) -> None:
    with measures("peers.processes").opened(["EdgeCAD fp32"], tmp_path) as opened:
        assert not opened.peers
    assert opened.missing["EdgeCAD fp32"].startswith("FileNotFoundError: ")


def test_everybody_goes_first_and_nobody_always_follows_the_same_one(measures: Callable[[str], ModuleType]) -> None:
    timing = measures("peers.turns")
    ways = [timing.TimedWay(name, name, "answer") for name in "abcd"]
    orders = ["".join(entry.row for entry in timing.order_of(ways, turn)) for turn in range(8)]
    assert [order[0] for order in orders] == list("adbacbdc")
    assert all(sorted(order) == list("abcd") for order in orders)
    assert any("ab" in order for order in orders)
    assert any("ba" in order for order in orders)


def test_a_bar_takes_the_fastest_of_a_side_and_needs_both(measures: Callable[[str], ModuleType]) -> None:
    bars, timing = measures("inference.bars"), measures("peers.turns")

    def turns(*middles: float) -> Any:
        return timing.Turns([[middle] for middle in middles], 1.0, [0.0])

    taken = {"ours": turns(1.0, 2.0), "slow": turns(9.0, 9.0), "fast": turns(2.0, 4.0)}
    (own,) = bars.judged([bars.Bar(("slow", "fast"), ("ours",), at_least=2.0)], taken)
    assert own.rows == ("fast", "ours")
    assert own.measured.median == 2.0
    assert own.held is True
    (own,) = bars.judged([bars.Bar(("ours",), ("fast",), at_most=0.4)], taken)
    assert own.held is False
    (own,) = bars.judged([bars.Bar(("ours",), ("absent",), at_most=1.0)], taken)
    assert own.measured is own.held is None


def test_a_fast_engine_that_answers_otherwise_is_named(measures: Callable[[str], ModuleType]) -> None:
    rows_module, messages, timing = (measures(name) for name in ("inference.rows", "peers.messages", "peers.turns"))
    ours, other = ((messages.PeerAnswer(value, [0.0, value]),) for value in (0.5, 0.6))
    taken = {name: timing.Turns([[1.0]], 1.0, [0.0]) for name in ("ours", "TF function", "EdgeCAD int8", "same")}
    answers = {"ours": ours, "TF function": other, "EdgeCAD int8": other, "same": ours}
    rows = rows_module.rows_of(taken, answers, "ours")
    assert rows["TF function"].probability == pytest.approx(0.1)
    assert rows_module.wrong_in(rows) == ("TF function",), "fewer bits may differ"


def test_a_busy_machine_is_said(measures: Callable[[str], ModuleType]) -> None:
    timing = measures("peers.turns")
    steady, late = (timing.Turns([[1.0], [last]], 1.0, [0.0]) for last in (1.1, 1.4))
    assert timing.noise({"steady": steady}) == ()
    assert timing.noise({"late": late}) == ("turns of late took between 1.00 and 1.40 ms",)
