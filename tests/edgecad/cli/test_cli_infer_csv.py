"""`edgecad infer --csv`: one header line and a row a scan, which no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgecad.answer.prediction import Finding
from edgecad.answer.record_csv import COLUMNS, csv_header, csv_row
from edgecad.answer.records import Record

Run = Callable[..., Any]
HEADER = (
    "scan,frame,id,status,stamp,reason,message,label,positive,probability,threshold,threshold_from,logit_0,logit_1,"
    "findings,overruled,scan_sha256,model,contract,device,provider,precision,figure,milliseconds,time,"
    "site,colour_table,chosen_by,steps,layout,familiarity,familiarity_limit,certainty,zone_low,zone_high,"
    "recalibrated_on,own_probability,own_threshold,remarks,sop_instance_uid,study_instance_uid,series_instance_uid,"
    "chosen,clinical,clinical_baseline,clinical_image,clinical_terms\r\n"
)
ANSWER = Record(
    scan="scan.jpg",
    status="answered",
    stamp="STAMP",
    label="CAD",
    positive="CAD",
    probability=0.75,
    threshold=0.5,
    threshold_from="site",
    classes=("CAD", "nonCAD"),
    logits=(-1.5, 2.0),
    findings=(Finding("overlay", 0.1, "text, painted over"), Finding("outside", 0.2, "much")),
    overruled=("too dark", 'two "maps"'),
    scan_sha256="ab",
    model="m",
    contract="c",
    device="cpu",
    provider="CPUExecutionProvider",
    precision="fp32",
    milliseconds={"decode": 1.25, "run": 2.0},
)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def row_of(record: Record) -> dict[str, str]:
    (row,) = rows_of((csv_header() + csv_row(record)).decode())
    return row


def test_the_header_is_what_programs_were_told_and_every_row_is_as_long() -> None:
    assert csv_header().decode() == HEADER
    (cells,) = csv.reader(io.StringIO(csv_row(ANSWER).decode(), newline=""))
    assert len(cells) == len(COLUMNS)


def test_a_row_holds_what_the_record_holds_and_numbers_are_numbers() -> None:
    row = row_of(ANSWER)
    assert (row["scan"], row["status"], row["id"], row["reason"]) == ("scan.jpg", "answered", "", "")
    assert (row["probability"], row["threshold"], row["threshold_from"]) == ("0.75", "0.5", "site")
    assert (row["logit_0"], row["logit_1"]) == ("-1.5", "2.0"), "a minus sign of a number gets no apostrophe"
    assert (row["findings"], row["overruled"]) == ("overlay outside", 'too dark; two "maps"')
    assert row["milliseconds"] == "3.25"
    assert (row["model"], row["contract"], row["scan_sha256"], row["figure"]) == ("m", "c", "ab", "")


def test_what_a_refusal_lacks_is_empty() -> None:
    row = row_of(msgspec.structs.replace(ANSWER, logits=None, probability=None, milliseconds=None, findings=()))
    assert (row["logit_0"], row["logit_1"], row["probability"], row["milliseconds"], row["findings"]) == ("",) * 5


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
@pytest.mark.parametrize("field", ["scan", "id", "message", "label"])
def test_no_text_becomes_a_formula(sign: str, field: str) -> None:
    text = f"{sign}1+cmd|'/C calc'!A0"
    assert row_of(msgspec.structs.replace(ANSWER, **{field: text}))[field] == f"'{text}"


@pytest.mark.parametrize("text", ["a=1", "'a", "7-a", 'a,"b"\r\nc', "Müller 患", " =1", ";"])
def test_every_other_text_comes_back_as_it_was(text: str) -> None:
    assert row_of(msgspec.structs.replace(ANSWER, scan=text))["scan"] == text


def test_a_zero_byte_which_no_spreadsheet_reads_is_shown_as_such() -> None:
    row = row_of(msgspec.structs.replace(ANSWER, scan="a\0b", message="\0=1"))
    assert (row["scan"], row["message"]) == ("a\ufffdb", "\ufffd=1")


def test_answers_and_refusals_are_rows_that_say_what_json_says(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    formula = tmp_path / "place" / os.fsdecode("=Mü,\n\xff.jpg".encode("latin-1"))
    formula.write_bytes(phantom_jpeg.read_bytes())
    command = ("infer", formula.name, phantom_jpeg, "absent.jpg", "--model", model_folder)
    as_csv, as_json = edgecad(*command, "--csv"), edgecad(*command, "--json")
    assert as_csv.code == as_json.code == 3
    assert as_csv.stderr == ""
    assert as_csv.stdout.startswith(HEADER)
    rows, records = rows_of(as_csv.stdout), [json.loads(line) for line in as_json.stdout.splitlines()]
    assert [row["status"] for row in rows] == ["answered", "answered", "refused"]
    assert rows[0]["scan"] == f"'{records[0]['scan']}"
    for row, record in zip(rows, records, strict=True):
        for field in ("status", "stamp", "reason", "message", "label", "scan_sha256", "model", "contract", "device"):
            assert row[field] == (record[field] or ""), field
    assert float(rows[1]["probability"]) == records[1]["probability"]
    assert [float(rows[1]["logit_0"]), float(rows[1]["logit_1"])] == records[1]["logits"]
    assert sorted(path.name for path in (tmp_path / "place").iterdir()) == [formula.name], "no picture unless asked"


def test_a_picture_is_drawn_where_a_folder_is_named_whatever_its_name(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    out = os.fsdecode(b"out\xff")
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--csv", "--out", out)
    assert done.code == 0, done.stderr
    (picture,) = (tmp_path / "place" / out).iterdir()
    assert rows_of(done.stdout)[0]["figure"] == f"out\\xff/{picture.name}"


def test_a_host_gets_the_header_first_and_each_row_at_once(
    model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "edgecad", "infer", "--stdin-paths", "--csv", "--model", str(model_folder)]
    # A place in which nothing but ASCII can be printed: the table is UTF-8 all the same.
    place = {**os.environ, "PYTHONIOENCODING": "ascii"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, env=place) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        assert host.stdout.readline().decode() == HEADER
        for path, status in ((phantom_jpeg, "answered"), ("Größe.jpg", "refused"), (phantom_jpeg, "answered")):
            host.stdin.write(f"{path}\n".encode())
            host.stdin.flush()
            (row,) = rows_of(HEADER + host.stdout.readline().decode())
            assert (row["scan"], row["status"]) == (str(path), status)
        host.stdin.close()
        assert host.wait(60) == 3


def test_two_forms_at_once_are_a_usage_error(edgecad: Run, model_folder: Path, phantom_jpeg: Path) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--json", "--csv")
    assert (done.code, done.stdout) == (2, "")
    assert "--json and --csv" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_model_not_even_a_header_is_printed(edgecad: Run, phantom_jpeg: Path) -> None:
    done = edgecad("infer", phantom_jpeg, "--csv")
    assert (done.code, done.stdout) == (6, "")
