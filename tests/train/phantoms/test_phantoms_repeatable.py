"""The same seed gives the same patients, screens and files; another seed gives others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgecad_train.phantoms import dicom_bytes, draw_patient, jpeg_bytes, percent_map, render_screen, write_dataset
from edgecad_train.phantoms.streams import Stream, stream


def _bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_numbers_draw_the_same_patient_whatever_was_drawn_before() -> None:
    first = draw_patient(5, 3)
    draw_patient(8, 0)
    assert draw_patient(5, 3) == first


@pytest.mark.parametrize(("seed", "index"), [(6, 3), (5, 4), (3, 5)])
def test_another_seed_or_number_draws_another_patient(seed: int, index: int) -> None:
    one, other = draw_patient(5, 3), draw_patient(seed, index)
    assert one.uptake.waves != other.uptake.waves
    assert one.layout != other.layout
    assert not np.array_equal(percent_map(one, 64), percent_map(other, 64))


def test_each_purpose_and_patient_has_its_own_stream_of_numbers() -> None:
    first_numbers = {stream(s, i, p).random() for s in range(4) for i in range(4) for p in Stream}
    assert len(first_numbers) == 4 * 4 * len(Stream)


def test_screens_repeat_to_the_byte() -> None:
    patient = draw_patient(1, 2)
    one, again = render_screen(patient), render_screen(draw_patient(1, 2))
    assert jpeg_bytes(one) == jpeg_bytes(again)
    assert jpeg_bytes(one) != jpeg_bytes(render_screen(draw_patient(1, 3)))


def test_dicom_objects_repeat_to_the_byte_and_differ_between_screens() -> None:
    pytest.importorskip("pydicom", reason="DICOM needs the extra edgecad[dicom]")
    screen = render_screen(draw_patient(1, 2))[::8, ::8].copy()
    assert dicom_bytes(screen) == dicom_bytes(screen.copy())
    assert dicom_bytes(screen) != dicom_bytes(255 - screen)


def test_folders_repeat_to_the_byte(tmp_path: Path) -> None:
    for name, seed in (("one", 4), ("again", 4), ("other", 5)):
        write_dataset(tmp_path / name, 4, seed)
    one, again, other = (_bytes_in(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert sum(path.endswith(".jpg") for path in one) == 4
    assert sum(path.endswith(".png") for path in one) == sum(bool(draw_patient(4, index).defects) for index in range(4))
    assert one["labels.csv"] != other["labels.csv"]
    assert not {data for path, data in one.items() if path.endswith("jpg")} & set(other.values())


def test_a_palette_for_all_changes_colours_and_nothing_else(tmp_path: Path) -> None:
    mixed = write_dataset(tmp_path / "mixed", 4, 4)
    grey = write_dataset(tmp_path / "grey", 4, 4, "grey")
    assert (mixed.cad, mixed.disagreeing) == (grey.cad, grey.disagreeing)
    rows = [(tmp_path / name / "labels.csv").read_text().splitlines() for name in ("mixed", "grey")]
    for one, other in zip(*(map(str.split, lines, [","] * 5) for lines in rows), strict=True):
        assert one[:10] == other[:10]
        assert one[11:] == other[11:]
        assert other[10] in ("palette", "grey")
