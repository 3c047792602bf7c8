"""Are the files of a run what its results are, and nothing else?"""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.factories.runs import NOW, CaseReport, Device, record_run
from webapp.gitexport.filenames import file_name
from webapp.gitexport.tree import MAX_INDENTED_BYTES, Links, iterate_files
from webapp.store.db import reading
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

LINKS = Links(run="http://s/runs/1", compare=None)
Tree = Callable[[str], dict[str, bytes]]


@pytest.fixture
def tree(app: Flask, tmp_path: Path) -> Tree:
    """Return a function that gives the files of a run."""

    def read(uid: str) -> dict[str, bytes]:
        with reading() as session:
            files: dict[str, bytes] = {}
            for file in iterate_files(session, get_run(session, uid), LINKS, scratch=tmp_path):
                files[file.path] = b"".join(file.pieces)
                assert len(files[file.path]) == file.size
            return files

    return read


def test_run_becomes_files(app: Flask, tree: Tree) -> None:
    uid = record_run(
        app,
        devices=[
            Device(name="edge-2", result={"b": [1, 2.50], "a": {}}, duration_s=3),
            Device(name="edge-1", status="failed", message="no route"),
        ],
    )
    files = tree(uid)
    assert list(files) == ["devices/edge-1.json", "devices/edge-2.json", "results.json", "run.json"]
    assert files["devices/edge-2.json"].decode() == (
        '{\n  "device": "edge-2",\n  "result": {\n    "a": {},\n    "b": [\n      1,\n      2.5\n    ]\n  },\n'
        '  "status": "ok",\n  "success": true\n}\n'
    )
    assert json.loads(files["devices/edge-1.json"]) == {
        "device": "edge-1", "result": None, "status": "failed", "success": False,
    }  # fmt: skip
    expected: dict[str, Any] = {
        "results": {
            "devices": {
                "edge-1": {"result": None, "status": "failed", "success": False},
                "edge-2": {"result": {"a": {}, "b": [1, 2.5]}, "status": "ok", "success": True},
            },
            "success": False,
            "summary": {"failure": ["edge-1"], "success": ["edge-2"]},
        }
    }
    assert files["results.json"].decode() == json.dumps(expected, indent=2) + "\n"
    about = json.loads(files["run.json"])
    assert (about["uid"], about["number"], about["link"], about["compare"]) == (uid, 1, LINKS.run, None)
    assert about["verdict"] == "1 of 2 devices failed"
    assert all(text.endswith(b"\n") and not text.endswith(b"\n\n") for text in files.values())


def test_same_results_are_the_same_files(app: Flask, tree: Tree) -> None:
    once = record_run(app, devices=[Device(name="r1", result={"a": 1.0, "b": "x"}, duration_s=1), "r2"])
    again = record_run(
        app,
        devices=["r2", Device(name="r1", result={"b": "x", "a": 1}, duration_s=9, message="again")],
        now=NOW + timedelta(days=1),
    )
    first, second = tree(once), tree(again)
    assert first.pop("run.json") != second.pop("run.json")
    assert first == second


def test_retries_and_cases_have_files_of_their_own(app: Flask, tree: Tree) -> None:
    uid = record_run(
        app,
        attempts=[{"r1": "failed", "r2": "ok"}, {"r1": "ok"}],
        cases=[
            CaseReport(name="ping", device="r2", measurement=0.0, units="ms", duration_s=4),
            CaseReport(name="bgp", device="r1", result="fail", message='down, "hard"\nsince noon'),
            CaseReport(name="alone", suite="a suite"),
        ],
    )
    files = tree(uid)
    attempts = json.loads(files["attempts.json"])
    assert attempts["attempt1"]["summary"] == {"failure": ["r1"], "success": ["r2"]}
    assert list(attempts["attempt2"]["devices"]) == ["r1"]
    assert json.loads(files["results.json"])["results"]["success"] is True
    rows = list(csv.reader(io.StringIO(files["cases.csv"].decode())))
    assert rows[0] == ["suite", "name", "device", "result", "raw_result", "measurement", "units", "message"]
    assert [row[:6] for row in rows[1:]] == [
        ["a suite", "alone", "", "pass", "", ""],
        ["suite", "bgp", "r1", "fail", "", ""],
        ["suite", "ping", "r2", "pass", "", "0.0"],
    ]
    assert rows[2][7] == 'down, "hard"\nsince noon'


def test_hostile_names_stay_inside(app: Flask, tree: Tree) -> None:
    names = ["..", ".git", "CON", "dots..", "x" * 255, "Edge", "edge", "EDGE", "z\u00fc", "zu\u0308", "a/../../b", 'q"']
    files = tree(record_run(app, devices=names))
    paths = {f"devices/{file_name(name)}.json" for name in names}
    assert paths < files.keys()
    assert len(paths) == len(names)
    assert all(path.count("/") == 1 and ".." not in path.split("/") for path in paths)
    assert json.loads(files[f"devices/{file_name('x' * 255)}.json"])["device"] == "x" * 255


def test_deep_or_long_result_stands_on_one_line(app: Flask, tree: Tree) -> None:
    """Indented they would grow by far."""
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep, 1]
    long = ["x" * 1000] * (MAX_INDENTED_BYTES // 1000)
    files = tree(record_run(app, devices=[Device(name="deep", result=deep), Device(name="long", result=long)]))
    for name, value in (("deep", deep), ("long", long)):
        text = files[f"devices/{name}.json"]
        assert text.count(b"\n") == 6
        assert json.loads(text)["result"] == value


def test_files_are_made_in_little_memory(app: Flask, tmp_path: Path) -> None:
    devices = [Device(name=f"r{n}", result={"text": f"{n}" * 20_000}) for n in range(200)]
    uid = record_run(app, devices=devices)
    with reading() as session:
        run = get_run(session, uid)
        tracemalloc.start()
        size = sum(file.size for file in iterate_files(session, run, LINKS, scratch=tmp_path))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert size > 8_000_000
    assert peak < 6_000_000
