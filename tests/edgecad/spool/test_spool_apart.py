"""A scan over which a process died is judged in a process of its own, and its death is told from the machine's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgecad import Classifier
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, MapPlace, Preparation
from edgecad.errors import DeviceFailed, GateFailed, InputRefused, JudgeDied, ModelInvalid
from edgecad.inference.answering import answer
from edgecad.inference.identity import Identified, IdentityChoice
from edgecad.site import read_site
from edgecad.spool import processor as processor_module
from edgecad.spool.apart import process as process_module
from edgecad.spool.apart.messages import Question, choices_of, error_of, told
from edgecad.spool.apart.process import judged_apart
from edgecad.spool.claims import Claim
from edgecad.spool.index import SpoolRecord
from edgecad.watch.options import WatchOptions
from edgecad.watch.watcher import Watcher

from .conftest import marked

Poison = Callable[[str, str], Path]
QUICK = WatchOptions(interval=0.02, settle=0.05, patience=0.3, heartbeat=0.0)
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
DEEDS = {
    "segfault": "os.kill(os.getpid(), signal.SIGSEGV)",
    "exit": "os._exit(7)",
    "raise": "raise SystemExit(0)",
    "kill": "os.kill(os.getpid(), signal.SIGKILL)",
    "hang": "time.sleep(600)",
}


@pytest.fixture(scope="module")
def scan(phantom_screen: Callable[[int], Any]) -> Callable[[int], bytes]:
    from functools import cache

    from edgecad_train.phantoms import jpeg_bytes

    return cache(lambda index: jpeg_bytes(phantom_screen(index)))


@pytest.fixture(scope="module")
def classifier(model_folder: Path) -> Iterator[Classifier]:
    with Classifier(model_folder, device="cpu") as opened:
        yield opened


class Spot:
    """A hot folder whose watch died over what lies in it."""

    def __init__(self, folder: Path, classifier: Classifier) -> None:
        self.incoming, self.out, self.classifier = folder / "in", folder / "out", classifier
        self.incoming.mkdir()

    def send(self, name: str, content: bytes) -> None:
        (self.incoming / name).write_bytes(content)

    def once(self) -> Watcher:
        watcher = Watcher(self.classifier, self.incoming, self.out, QUICK, wanted=IdentityChoice(scan="name"))
        watcher.run(threading.Event(), threading.Event(), once=True)
        return watcher

    def died(self, times: int = 1) -> None:
        """Have processes die over all that is taken, as far as the claims tell."""
        for path in (self.out / "taken").glob("*.json"):
            claim = msgspec.json.decode(path.read_bytes(), type=Claim)
            path.write_bytes(msgspec.json.encode(msgspec.structs.replace(claim, deaths=times)))

    def records(self) -> list[SpoolRecord]:
        found = [msgspec.json.decode(path.read_bytes(), type=SpoolRecord) for path in self.out.glob("*/????-*/*.json")]
        return sorted(found, key=lambda record: record.recorded)

    def taken(self) -> int:
        return len(list((self.out / "taken").glob("*.scan")))


@pytest.fixture
def spot(tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> Spot:
    return Spot(tmp_path, classifier)


def _after_deaths(spot: Spot, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, times: int) -> None:
    """Send a scan over which the watch dies: the first time so, and then as its claim says."""

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    spot.send(name, content)
    with monkeypatch.context() as broken:
        broken.setattr(processor_module, "answer", killed)
        with pytest.raises(Killed):
            spot.once()
    spot.died(times - 1)


# --- it lives ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, processor_module.MOST_DEATHS, processor_module.MOST_DEATHS + 3])
def test_a_good_scan_over_which_the_watch_was_killed_is_answered_at_the_next_start(
    spot: Spot, scan: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    _after_deaths(spot, monkeypatch, "good.jpg", scan(0), times)
    monkeypatch.setattr(processor_module, "answer", None)  # a child answers, and not this process
    assert spot.once().worst == 0
    (record,) = spot.records()
    assert record.status == "answered"
    assert (spot.out / record.file).read_bytes() == scan(0)
    assert not spot.taken()


def test_a_child_answers_as_this_process_does(
    scan: Callable[[int], bytes], tiny_model: Any, tiny_contract: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every choice: threshold, site, tables, place; and also a refusal."""
    model, site = tmp_path / "model.onnx", tmp_path / "site.toml"
    preparation = Preparation(size=64, input="uptake", drawing=Drawing(), tables=(known_table("grey"),))
    model.write_bytes(tiny_model(msgspec.structs.replace(tiny_contract, preparation=preparation)))
    site.write_text('[colours]\ntables = ["iron"]\n[decision]\nthreshold = 0.37\n')
    opened: list[dict[str, Any]] = [
        {"threshold": 0.123, "tables": ("iron",)},
        {"site": site, "place": MapPlace(number=1, count=1), "threads": 1},
    ]
    for more in opened:
        with monkeypatch.context() as here_only, Classifier(model, device="cpu", **more) as classifier:
            here_only.setenv("EDGECAD_KEY", str(tmp_path / "absent.pem"))  # this process has checked the model
            for data in (scan(0), b"Dear colleague"):
                whose = Identified("A-17", remark="told here")
                here = answer(classifier, data, "a.jpg", draw=True, whose=whose)
                there = judged_apart(classifier, data, Question("a.jpg", whose))
                times = {"time": here.record.time, "milliseconds": here.record.milliseconds}
                assert msgspec.structs.replace(there.record, **times) == here.record
                assert here.figure is not None
                assert there.figure is not None
                assert (there.figure == here.figure).mean() > 0.999, "all but the time"
                assert type(there.error) is type(here.error)
                assert str(there.error) == str(here.error)
                assert (here.error is None) == (data == scan(0)), here.record.message


def test_errors_come_back_as_what_they_were() -> None:
    for error in (InputRefused("no-disc", "seen"), DeviceFailed("d"), GateFailed("g"), ModelInvalid("m")):
        back = error_of(told(error))
        assert (type(back), str(back)) == (type(error), str(error))
        assert getattr(back, "reason", None) == getattr(error, "reason", None)
    assert "ValueError" in str(error_of(told(ValueError("what a scan holds"))))
    assert "holds" not in str(error_of(told(ValueError("what a scan holds"))))


def test_a_child_never_demands_the_signers_key_again(tiny_model: Any, tmp_path: Path) -> None:
    """Its parent has checked the file; the child has its bytes, and no folder with a signature."""
    site, model = tmp_path / "site.toml", tmp_path / "model.onnx"
    model.write_bytes(tiny_model())
    site.write_text('[signature]\nkey = "signer.pem"\n[decision]\nthreshold = 0.4\n')
    read = read_site(site)
    with Classifier(model, device="cpu", replay="never") as classifier:
        classifier.site = read
        sent = choices_of(classifier).site
    assert sent is not None
    assert sent.key is None
    assert (sent.sha256, sent.choices.decision) == (read.sha256, read.choices.decision)


def _hasty_but_for_golden_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a little for the child that judges the first scan, and as long as ever for all after it."""
    patience, demand = process_module.TIME_LIMIT, process_module._demand_golden

    def patient(*words: Any) -> None:
        monkeypatch.setattr(process_module, "TIME_LIMIT", patience)
        demand(*words)

    monkeypatch.setattr(process_module, "TIME_LIMIT", 2.5)
    monkeypatch.setattr(process_module, "_demand_golden", patient)


# --- it dies -----------------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("how", DEEDS)
def test_a_scan_over_which_its_own_process_dies_has_failed_and_is_tried_again_when_sent_again(
    how: str, spot: Spot, scan: Callable[[int], bytes], poison: Poison, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "hang":
        _hasty_but_for_golden_samples(monkeypatch)
    monkeypatch.setattr(process_module, "MOST_KILLS", 2)
    bad = marked(scan(0), how)
    _after_deaths(spot, monkeypatch, "bad.jpg", bad, 1)
    folder = poison(how, DEEDS[how])
    spot.send("good.jpg", scan(1))
    assert spot.once().worst == JudgeDied.exit_code
    assert {(record.scan, record.status, record.reason) for record in spot.records()} == {
        ("bad.jpg", "failed", "ended-the-program"), ("good.jpg", "answered", None),
    }  # fmt: skip
    failed = next(record for record in spot.records() if record.scan == "bad.jpg")
    assert failed.figure is not None
    assert "send it again" in str(failed.message)
    assert how not in str(failed.message) or how in ("kill", "exit")
    (folder / f"{how}.deed").write_text("(folder / 'tried').touch()")
    spot.send("again.jpg", bad)
    monkeypatch.setattr(processor_module, "answer", None)  # at once in a process of its own
    assert spot.once().worst == 0
    assert (folder / "tried").exists()
    assert spot.records()[-1].status == "answered"


@POSIX
@pytest.mark.parametrize("how", ["segfault", "exit", "wrong"])
def test_a_machine_on_which_golden_samples_die_or_fail_is_blamed_and_the_scan_waits(
    how: str, spot: Spot, scan: Callable[[int], bytes], poison: Poison, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The empty mark is in every scan, golden samples too."""
    _after_deaths(spot, monkeypatch, "good.jpg", scan(0), 1)
    folder = poison("", DEEDS.get(how, ""))
    if how == "wrong":  # other answers to the golden samples, as of a machine that computes something else
        (folder / "every.deed").write_text(
            "if source == (folder / 'scan').read_bytes():\n    os.abort()\nsource = (folder / 'other').read_bytes()"
        )
        (folder / "scan").write_bytes(scan(0))
        (folder / "other").write_bytes(scan(2))
    with pytest.raises(DeviceFailed, match="golden samples"):
        spot.once()
    assert not spot.records()
    assert spot.taken() == 1
    (folder / "every.deed").write_text("pass")
    assert spot.once().worst == 0
    assert [record.status for record in spot.records()] == ["answered"]


@POSIX
def test_children_that_are_killed_from_outside_five_times_do_not_count_against_a_scan(
    spot: Spot, scan: Callable[[int], bytes], poison: Poison, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = marked(scan(0), "good")
    _after_deaths(spot, monkeypatch, "good.jpg", good, 1)
    folder = poison(
        "good",
        "count = len(list(folder.glob('kill*')))\n"
        "if count < 5:\n    (folder / f'kill{count}').touch()\n    os.kill(os.getpid(), signal.SIGKILL)",
    )
    spot.once()
    assert [record.status for record in spot.records()] == ["answered"]
    assert len(list(folder.glob("kill*"))) == 5


def test_a_scan_over_which_processes_die_for_ever_ends_with_a_record(
    spot: Spot, scan: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a supervisor ends all of a service when one of its processes runs out of memory."""
    _after_deaths(spot, monkeypatch, "bad.jpg", scan(0), processor_module.LAST_DEATHS)
    monkeypatch.setattr(processor_module, "judged_apart", None)
    spot.once()
    assert [(record.status, record.reason) for record in spot.records()] == [("failed", "ended-the-program")]


# --- the watch itself is killed ----------------------------------------------------------------------------


def _until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _lives(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")
def test_five_real_kills_while_one_good_scan_is_judged_and_it_is_answered_at_the_next_start(
    spot: Spot, scan: Callable[[int], bytes], poison: Poison, model_folder: Path
) -> None:
    """The first one meets the watch itself, the others meet it while its child judges; no child outlives it."""
    good = marked(scan(0), "slow")
    spot.send("good.jpg", good)
    folder = poison("slow", "(folder / f'{os.getpid()}.reads').touch()\ntime.sleep(60)")
    command = [
        sys.executable, "-m", "edgecad", "watch", str(spot.incoming), str(spot.out), "--model", str(model_folder),
        "--device", "cpu", "--interval", "0.05",
    ]  # fmt: skip
    judges: set[int] = set()
    for kill in range(5):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _until(lambda: bool(list(folder.glob("*.reads"))))
        (reads,) = folder.glob("*.reads")
        judge = int(reads.stem)
        assert (judge == process.pid) == (kill == 0)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _until(lambda judge=judge: not _lives(judge))  # type: ignore[misc]
        reads.unlink()
        judges.add(judge)
        assert not spot.records()
    assert len(judges) == 5
    (folder / "slow.deed").write_text("pass")
    ended = subprocess.run([*command, "--once"], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    (record,) = spot.records()
    assert record.status == "answered"
    assert (spot.out / record.file).read_bytes() == good


@POSIX
def test_a_signal_to_all_processes_of_a_service_lets_a_child_finish_its_scan(
    classifier: Classifier, scan: Callable[[int], bytes], poison: Poison
) -> None:
    folder = poison("slow", "(folder / f'{os.getpid()}.reads').touch()\ntime.sleep(1)")
    sent: list[int] = []

    def signals() -> None:
        for path in folder.glob("*.reads"):
            if int(path.stem) not in sent:
                sent.append(int(path.stem))
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                    os.kill(sent[-1], number)

    outcome = judged_apart(classifier, marked(scan(0), "slow"), Question("a"), signals)
    assert outcome.record.status == "answered"
    assert len(sent) == 1
