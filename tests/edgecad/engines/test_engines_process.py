"""The process that builds: its limits, its deaths, its progress, and that nothing of it outlives anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.engines.messages import BuildOrder, Step
from edgecad.engines.plan import Phases
from edgecad.engines.process import run_build
from edgecad.engines.record import Batches
from edgecad.errors import EngineBuildFailed

Fake = Callable[..., Path]


@pytest.fixture
def order(tmp_path: Path) -> BuildOrder:
    (tmp_path / "model.onnx").write_bytes(b"{}")
    return BuildOrder(
        library="tensorrt_rtx",
        model=str(tmp_path / "model.onnx"),
        plan=str(tmp_path / "a.plan"),
        precision="fp32",
        batches=Batches(),
    )


def test_progress_comes_in_order_and_other_output_does_not_disturb(fake: Fake, order: BuildOrder) -> None:
    fake("tensorrt_rtx", mood="slow")
    seen: list[tuple[str, int, int]] = []
    built = run_build(order, 60, lambda *step: seen.append(step))
    assert built.library_version == "10.3.0"
    assert seen == [("Building engine", done, 3) for done in (0, 1, 2, 3)]
    assert Path(order.plan).read_bytes().startswith(b"{")


def test_at_the_time_limit_the_build_and_its_children_are_ended(
    fake: Fake, order: BuildOrder, all_dead: Callable[[Path], bool]
) -> None:
    fake("tensorrt_rtx")
    begun = time.monotonic()
    run_build(order, 60)
    limit = max(4, round(3 * (time.monotonic() - begun)))  # a slow machine is slow to come to where it hangs
    log = fake("tensorrt_rtx", mood="hangs")
    log.unlink()  # what the first build said
    begun = time.monotonic()
    with pytest.raises(EngineBuildFailed, match=rf"no engine after {limit} s.*--time-limit"):
        run_build(order, limit)
    assert limit <= time.monotonic() - begun < limit + 16
    assert len(log.read_text().split()) == 2, "the build and its child"
    assert all_dead(log)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to die of")
@pytest.mark.parametrize(
    ("mood", "words"),
    [
        # An emulator of another processor has the last word.
        ("segfault", r"signal 11 \(SIGSEGV\); its last line: (corrupted double-linked list|qemu: )"),
        ("out of memory", r"signal 9 \(SIGKILL\), as the system does when memory runs out"),
        ("raises", "ended with code 1; its last line: KeyError: 'a mistake of ours'"),
    ],
)
def test_a_death_is_told_with_all_that_is_known(fake: Fake, order: BuildOrder, mood: str, words: str) -> None:
    fake("tensorrt_rtx", mood=mood)
    with pytest.raises(EngineBuildFailed, match=words) as caught:
        run_build(order, 60)
    assert "\n" not in str(caught.value)


def test_a_plan_that_cannot_be_written_is_an_error_of_the_disk(fake: Fake, order: BuildOrder, tmp_path: Path) -> None:
    fake("tensorrt_rtx")
    (tmp_path / "a.plan").mkdir()
    with pytest.raises(OSError, match="directory"):
        run_build(order, 60)


PARENT = """
import sys
import msgspec
from edgecad.engines.messages import BuildOrder
from edgecad.engines.process import run_build
run_build(msgspec.json.decode(sys.argv[1], type=BuildOrder), 60)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_build_does_not_outlive_who_asked_for_it(
    fake: Fake, order: BuildOrder, all_dead: Callable[[Path], bool], how: signal.Signals
) -> None:
    """Killed, only the build itself ends, by its lifeline: nobody is left who could know its children."""
    import msgspec

    log = fake("tensorrt_rtx", mood="hangs")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", PARENT, msgspec.json.encode(order).decode()]
    parent = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (log.exists() and log.read_text().count("\n") == 2):
        time.sleep(0.05)
    parent.send_signal(how)
    parent.wait(30)
    build, child = log.read_text().split()
    log.write_text(build if how is signal.SIGKILL else f"{build} {child}")
    assert all_dead(log)
    if how is signal.SIGKILL:
        os.kill(int(child), signal.SIGKILL)


def test_nested_phases_become_steps_of_the_outermost_named_by_the_innermost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecad.engines.plan._INTERVAL", 0)
    said: list[Step] = []
    phases = Phases(said.append)
    phases.start("whole", 2)
    phases.start("timing", 50)
    phases.step("timing")
    phases.finish("timing")
    phases.step("whole")
    phases.step("a phase that nobody began")
    phases.finish("whole")
    assert said == [
        Step("whole", 0, 2),
        Step("timing", 0, 2),
        Step("timing", 0, 2),
        Step("whole", 1, 2),
        Step("whole", 1, 2),
    ]


def test_reports_are_spaced_and_a_build_that_nobody_listens_to_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Step] = []
    phases = Phases(said.append)
    phases.start("whole", 10**6)
    assert all(phases.step("whole") for _ in range(1000))
    assert len(said) < 20

    def broken(_: Step) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("edgecad.engines.plan._INTERVAL", 0)
    assert Phases(broken).step("whole") is False
