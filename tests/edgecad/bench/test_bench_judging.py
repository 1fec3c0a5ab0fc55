"""What is recommended, what is called noisy, and with which error a measurement of nothing ends."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgecad.bench.judging import error_of, near_fastest, noise, ranked, recommended, why_none
from edgecad.bench.results import Folder, Measured, NotMeasured, Offline, SingleStream, StageTimes, Start
from edgecad.errors import EdgecadError, EngineBuildFailed, NotAvailable


def stream(p50: float, **changed: Any) -> SingleStream:
    whole = StageTimes(name="whole", p50=p50, p90=p50, p95=p50, p99=p50)
    plain = SingleStream(
        runs=64,
        stages=(whole,),
        p90_bound=p50,
        p95_bound=None,
        p99_bound=None,
        medians=(p50,) * 10,
        latencies=(p50,),
        others=0.0,
        joules=None,
        resident_mb=None,
    )
    return replace(plain, **changed)


def measured(precision: Any, p50: float, device: str = "cpu", golden: tuple[str, ...] = ()) -> Measured:
    return Measured(
        name="a-run",
        backbone="tiny",
        stamp="",
        model_sha256="0" * 64,
        device=device,
        provider="Provider",
        precision=precision,
        threads=1,
        golden=golden,
        starts=(Start(process=1.0, open=1.0, first=1.0),),
        single_stream=stream(p50),
    )


def test_the_fastest_is_recommended() -> None:
    assert recommended([measured("fp32", 10.0), measured("int8", 5.0)]) == measured("int8", 5.0)
    assert recommended([measured("fp32", 10.0), measured("fp16", 2.0, "cuda:0")]).device == "cuda:0"  # type: ignore[union-attr]


def test_of_two_that_are_alike_the_more_precise_is() -> None:
    assert recommended([measured("int8", 9.9), measured("fp32", 10.0)]).precision == "fp32"  # type: ignore[union-attr]


def test_what_answers_otherwise_than_at_export_never_is() -> None:
    wrong = measured("int8", 1.0, golden=("phantom-1.jpg",))
    assert recommended([measured("fp32", 10.0), wrong]).precision == "fp32"  # type: ignore[union-attr]
    assert recommended([wrong]) is None


def test_fp16_on_a_cpu_never_is() -> None:
    assert recommended([measured("fp32", 10.0), measured("fp16", 1.0)]).precision == "fp32"  # type: ignore[union-attr]


def test_it_is_said_why_nothing_is() -> None:
    emulated, wrong = measured("fp16", 1.0), measured("int8", 1.0, golden=("phantom-1.jpg",))
    assert why_none([emulated, wrong]).startswith("fp16 on cpu is computed in another precision here")
    assert "golden samples" not in why_none([emulated])
    assert "edgecad verify --precision all" in why_none([wrong])


def test_folders_decide_where_nothing_else_was_measured() -> None:
    slow, fast = (
        replace(
            measured(precision, 0.0), single_stream=None,
            offline=Offline(batches=(), folder=Folder(workers=2, median=rate, low=rate, high=rate), others=0.0),
        )
        for precision, rate in (("fp32", 10.0), ("int8", 30.0))
    )  # fmt: skip
    assert recommended([slow, fast]) == fast


def test_noise_is_told_with_its_reason() -> None:
    quiet = measured("fp32", 10.0)
    assert noise(quiet) == ()
    assert "differ by 20%" in noise(replace(quiet, single_stream=stream(10.0, medians=(9.0, 11.0))))[0]
    assert "used 30%" in noise(replace(quiet, single_stream=stream(10.0, others=0.3)))[0]
    assert noise(replace(quiet, single_stream=stream(10.0, others=None))) == ()
    folder = Folder(workers=2, median=1.0, low=1.0, high=1.0)
    assert "used 40%" in noise(replace(quiet, offline=Offline(batches=(), folder=folder, others=0.4)))[0]


@pytest.mark.parametrize(("codes", "kind"), [((4, 7), EngineBuildFailed), ((4, 4), NotAvailable), ((1,), EdgecadError)])
def test_of_failures_the_gravest_is_raised(codes: tuple[int, ...], kind: type[Exception]) -> None:
    failed = [NotMeasured(device="cpu", precision=None, reason=f"because {code}", code=code) for code in codes]
    error = error_of(failed)
    assert type(error) is kind
    assert str(error) == f"because {max(codes)}"


def test_the_networks_time_decides_and_not_the_whole_answers() -> None:
    """Decoding and preparing are the same everywhere, and vary by more than a small network's engines differ."""

    def stages(run: float, whole: float) -> SingleStream:
        named = (("run", run), ("whole", whole))
        return stream(whole, stages=tuple(StageTimes(name=name, p50=ms, p90=ms, p95=ms, p99=ms) for name, ms in named))

    fast = replace(measured("int8", 0.0), single_stream=stages(1.0, 10.2))
    slow = replace(measured("fp32", 0.0), single_stream=stages(1.1, 10.0))
    assert recommended([slow, fast]) == fast
    assert near_fastest([slow, fast], 1.05, 2) == (fast,)
    alike = replace(measured("fp32", 0.0), single_stream=stages(1.015, 11.0))
    assert recommended([alike, fast]) == alike


def test_of_engines_that_are_alike_the_first_of_the_table_is() -> None:
    """It needs no package beside the others."""
    alike = [measured("int8", 9.95, "tensorrt:0"), measured("int8", 10.0, "cuda:0"), measured("int8", 10.1)]
    assert [found.device for found in ranked(alike)] == ["cpu", "cuda:0", "tensorrt:0"]


def test_the_rest_is_ranked_as_if_the_first_were_not_there() -> None:
    found = [
        measured("int8", 5.0), measured("fp32", 10.0), measured("fp16", 9.9, "cuda:0"),
        measured("int8", 1.0, golden=("phantom-1.jpg",)), measured("fp16", 1.0),
    ]  # fmt: skip
    order = [(each.device, each.precision) for each in ranked(found)]
    assert order == [("cpu", "int8"), ("cpu", "fp32"), ("cuda:0", "fp16")]


def test_what_was_measured_in_turn_counts_before_what_was_measured_alone() -> None:
    times = {
        name: StageTimes(name="whole", p50=p50, p90=p50, p95=p50, p99=p50) for name, p50 in (("a", 4.0), ("b", 5.0))
    }
    slow, fast = replace(measured("fp32", 3.0), in_turn=times["b"]), replace(measured("int8", 6.0), in_turn=times["a"])
    assert recommended([slow, fast]) == fast


def test_the_near_ones_are_the_fastest_within_a_factor() -> None:
    found = [
        measured("fp32", 12.0),
        measured("int8", 10.0),
        measured("fp16", 11.0, "cuda:0"),
        measured("int8", 13.0, "cuda:0"),
    ]
    assert [each.precision for each in near_fastest(found, 1.25, 5)] == ["int8", "fp16", "fp32"]
    assert [each.precision for each in near_fastest(found, 1.25, 2)] == ["int8", "fp16"]
    assert near_fastest([], 1.25, 5) == ()
