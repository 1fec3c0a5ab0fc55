"""What must hold for years: memory that does not grow, and the same bits from every thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad import Classifier
from edgecad.errors import InputRefused
from edgecad_train.phantoms import jpeg_bytes

WARM_UP, THREADS, GROWTH_MB = 300, 8, 20.0


def resident_mb() -> float:
    """Resident memory of this process."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("resident memory is read from /proc")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture(scope="module")
def scans(phantom_screen: Callable[[int], np.ndarray]) -> list[bytes]:
    """Small screens that are answered, and two that are refused: both ways must hold."""
    small = [
        cv2.resize(phantom_screen(index), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA) for index in range(6)
    ]
    return [*(jpeg_bytes(screen) for screen in small), jpeg_bytes(small[0] // 8), b"no picture"]


def answered(classifier: Classifier, scan: bytes) -> bytes:
    """All of an answer's numbers as bytes, or the reason of its refusal."""
    try:
        answer = classifier(scan)
    except InputRefused as refusal:
        return refusal.reason.encode()
    return answer.logits.tobytes() + answer.heatmap.tobytes() + np.float64(answer.probability).tobytes()


@pytest.mark.parametrize("count", [400, pytest.param(100_000, marks=pytest.mark.soak)])
@pytest.mark.timeout(14_400)
def test_memory_does_not_grow(model_folder: Path, scans: list[bytes], count: int) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        for number in range(WARM_UP):
            answered(classifier, scans[number % len(scans)])
        before = resident_mb()
        for number in range(count):
            answered(classifier, scans[number % len(scans)])
        grown = resident_mb() - before
    print(f"{count} scans, {WARM_UP} to warm up: memory grew by {grown:.1f} MB")  # noqa: T201 - what a soak is run for
    assert grown <= GROWTH_MB


@pytest.mark.parametrize("each", [40, pytest.param(10_000, marks=pytest.mark.soak)])
@pytest.mark.timeout(14_400)
def test_eight_threads_give_the_same_bits_as_one(model_folder: Path, scans: list[bytes], each: int) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        alone = [answered(classifier, scan) for scan in scans]
        assert len(set(alone)) == len(scans)

        def work(first: int) -> int:
            numbers = [(first + step) % len(scans) for step in range(each)]
            return sum(answered(classifier, scans[number]) != alone[number] for number in numbers)

        with ThreadPoolExecutor(THREADS) as pool:
            others = sum(pool.map(work, range(THREADS)))
    print(f"{THREADS} threads x {each} scans: {others} differ from one thread's")  # noqa: T201 - what a soak is run for
    assert others == 0
