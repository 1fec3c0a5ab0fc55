"""EdgeCAD under MLPerf's LoadGen: one scenario in a process of its own, which leaves LoadGen's logs in a folder.

LoadGen decides when a screen is asked for, takes the time and judges; here is what answers it. `python loadgen.py
TEST`, a `LoadTest` as JSON, is the process: LoadGen keeps its state for as long as its process lives.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from edgecad import Classifier

SUMMARY, SYSTEM = "mlperf_log_summary.txt", "system.json"
WARM_UP_SECONDS = 2.0
"""Before a test, all workers answer for so long."""
SAME = 1e-4
"""How far a score may lie from that of the same screen before the test."""


class LoadTest(msgspec.Struct, frozen=True):
    """One scenario to run.

    Attributes:
        model: model folder or .onnx file.
        precision: as `--precision` of the command line.
        screens: how many there are in memory, JPEGs of 1640 x 1068.
        workers: scans that are answered at a time, each with an equal share of the processors.
        seconds, queries: the test lasts until both are reached.
        rate: screens a second that are sent, for Server.
        over: how far above the rate before the test LoadGen is told to expect, for SingleStream and Offline: it draws
            its screens beforehand, and a test whose seconds they do not fill is not valid.
        bound: milliseconds within which `percentile` of the answers must come, for Server.
        percentile: 0 to 1; for SingleStream of the latency that is reported.
    """

    scenario: Literal["SingleStream", "Offline", "Server"]
    model: str
    precision: Literal["fp32", "int8", "auto"]
    screens: int
    workers: int
    seconds: float
    queries: int
    percentile: float
    rate: float = 0.0
    bound: float = 0.0
    over: float = 1.0


class SystemCounts(msgspec.Struct, frozen=True):
    """What the system under test says of itself after a test; `a_second_before` is its rate without LoadGen."""

    failed: int
    other_score: int
    answered: int = 0
    precision: str = ""
    remark: str | None = None
    threads_a_worker: int = 0
    a_second_before: float = 0.0
    last_error: str = ""


class SystemUnderTest:
    """What LoadGen asks: screens in memory, and threads that answer them."""

    def __init__(self, classifier: Classifier, screens: Sequence[bytes], workers: int) -> None:
        """Answer each screen once, which is what its later answers are compared with."""
        self._classifier, self._screens, self._workers = classifier, screens, workers
        self._expected = [classifier(screen).probability for screen in screens]
        self._queue: SimpleQueue[tuple[int, int] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._counting = threading.Lock()
        self.counts = {"answered": 0, "failed": 0, "other_score": 0}
        self.error = ""

    def issue(self, samples: Sequence[Any]) -> None:
        """Take LoadGen's questions: answered here and now by the one worker there is, or handed to several."""
        # Numbers are taken out: the objects are LoadGen's, and may not outlive this call.
        for sample in [(own.id, own.index) for own in samples]:
            if self._workers == 1:
                self._answer(*sample)
            else:
                self._queue.put(sample)

    def start(self) -> None:
        """Have the workers wait for questions; a single one answers in LoadGen's own thread."""
        if self._workers > 1:
            self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._workers)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the workers end before LoadGen's objects go."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def rate(self, seconds: float) -> float:
        """Screens a second that all workers answer, without LoadGen; it warms them up as well."""
        begun, done = time.perf_counter(), [0] * self._workers

        def work(worker: int) -> None:
            while time.perf_counter() - begun < seconds:
                self._classifier(self._screens[(worker + done[worker]) % len(self._screens)])
                done[worker] += 1

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(self._workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done) / (time.perf_counter() - begun)

    def _work(self) -> None:
        while (sample := self._queue.get()) is not None:
            self._answer(*sample)

    def _answer(self, sample: int, index: int) -> None:
        import mlperf_loadgen

        try:
            same = abs(self._classifier(self._screens[index]).probability - self._expected[index]) <= SAME
            outcome = "answered" if same else "other_score"
        except Exception as error:  # LoadGen waits for ever for what is not completed; the count tells.
            self.error, outcome = f"{type(error).__name__}: {error}", "failed"
        # The answer stays here: LoadGen wants to know when it came, not what it was.
        mlperf_loadgen.QuerySamplesComplete([mlperf_loadgen.QuerySampleResponse(sample, 0, 0)])
        with self._counting:
            self.counts[outcome] += 1


def run(test: LoadTest, folder: Path) -> None:
    """Run one scenario in a new process, whose logs lie in `folder` afterwards; ends the program if it fails."""
    words = [sys.executable, str(Path(__file__).resolve()), msgspec.json.encode(test).decode()]
    search = os.pathsep.join([str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": search.rstrip(os.pathsep)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or not (folder / SUMMARY).is_file():
        sys.exit(f"{test.scenario} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")


def drive(test: LoadTest) -> None:
    """Run one scenario in this process and this folder."""
    import mlperf_loadgen

    from edgecad import Classifier
    from edgecad.system.cores import usable_threads

    threads = max(1, usable_threads() // test.workers)
    with Classifier(test.model, device="cpu", precision=test.precision, threads=threads) as classifier:
        system = SystemUnderTest(classifier, _screens(test.screens), test.workers)
        warm = system.rate(WARM_UP_SECONDS)
        system.start()
        under_test = mlperf_loadgen.ConstructSUT(system.issue, lambda: None)
        library = mlperf_loadgen.ConstructQSL(test.screens, test.screens, lambda _: None, lambda _: None)
        mlperf_loadgen.StartTestWithLogSettings(under_test, library, _settings(test, warm), _log_here())
        system.stop()
        mlperf_loadgen.DestroyQSL(library)
        mlperf_loadgen.DestroySUT(under_test)
        facts = classifier.facts
    counts = SystemCounts(
        precision=facts.precision,
        remark=classifier.remark,
        threads_a_worker=threads,
        a_second_before=warm,
        last_error=system.error,
        **system.counts,
    )
    Path(SYSTEM).write_bytes(msgspec.json.encode(counts))


def _screens(count: int) -> list[bytes]:
    from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen

    return [jpeg_bytes(render_screen(draw_patient(0, index))) for index in range(count)]


def _settings(test: LoadTest, warm: float) -> Any:
    import mlperf_loadgen

    settings = mlperf_loadgen.TestSettings()
    settings.scenario = getattr(mlperf_loadgen.TestScenario, test.scenario)
    settings.mode = mlperf_loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms, settings.min_query_count = round(1000 * test.seconds), test.queries
    settings.single_stream_expected_latency_ns = round(1e9 / (test.over * warm))
    settings.single_stream_target_latency_percentile = test.percentile
    settings.offline_expected_qps = test.over * warm
    settings.server_target_qps, settings.server_target_latency_ns = test.rate, round(1e6 * test.bound)
    settings.server_target_latency_percentile = test.percentile
    return settings


def _log_here() -> Any:
    import mlperf_loadgen

    settings, output = mlperf_loadgen.LogSettings(), mlperf_loadgen.LogOutputSettings()
    output.outdir, output.copy_summary_to_stdout = ".", False
    settings.log_output, settings.enable_trace = output, False
    return settings


if __name__ == "__main__":
    drive(msgspec.json.decode(sys.argv[1], type=LoadTest))
