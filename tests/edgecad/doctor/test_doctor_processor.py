"""A processor has a name, also where the system gives numbers only."""

from __future__ import annotations

import platform

import pytest

from edgecad.doctor.processor import processor_in

ARM = (
    "processor\t: 0\nBogoMIPS\t: 62.50\nFeatures\t: fp asimd\nCPU implementer\t: {0}\nCPU architecture: 8\n"
    "CPU variant\t: 0x0\nCPU part\t: {1}\nCPU revision\t: 1\n\n"
    "processor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n"
)


@pytest.mark.parametrize(
    ("cpuinfo", "board", "name"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC 9654\nflags\t\t: avx2\n", "", "AMD EPYC 9654"),
        (ARM.format("0x41", "0xd42"), "NVIDIA Jetson Orin Nano\0", "Cortex-A78AE, NVIDIA Jetson Orin Nano"),
        (ARM.format("0x4e", "0x004"), "", "Carmel"),
        (ARM.format("0x61", "0x022"), "", "Arm 0x61, part 0x022"),
        (ARM.format("0x41", "0xD0C"), "\0", "Neoverse N1"),
    ],
)  # fmt: skip
def test_the_first_processor_is_named(cpuinfo: str, board: str, name: str) -> None:
    assert processor_in(cpuinfo, board) == name


def test_where_nothing_tells_the_name_is_pythons() -> None:
    assert processor_in("", "a board") == processor_in("CPU part\t: 0xd42\n") == platform.processor()
