"""Are plugins found, checked and named, and is it said what is wrong with those that can't be used?"""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest

from webapp.errors import InvalidError, SettingError
from webapp.importers import formats
from webapp.plugins.registry import FUNCTION, Kind, Registry, Unusable, add_entry_points, fill

pytestmark = pytest.mark.unit

LACKING = "outside_shapes.lacking: a shape needs draw (Callable), got nothing"
KIND = Kind(word="shape", group="afterrun.shapes", attributes={"name": str, "draw": FUNCTION})


def shape(name: str) -> SimpleNamespace:
    """Return what is a shape."""
    return SimpleNamespace(name=name, draw=print)


def shapes(*names: str, allowed: tuple[str, ...] = ()) -> Registry[SimpleNamespace]:
    """Return a registry of shapes."""
    registry: Registry[SimpleNamespace] = Registry(KIND, allowed=allowed)
    for name in names:
        registry.add(shape(name), source="test")
    return registry


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=KIND.group)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a package of somebody else that can be imported as `outside_shapes`."""
    folder = tmp_path / "outside_shapes"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "round_one.py").write_text("name = 'round'\n\ndef draw():\n    return 'o'\n")
    (folder / "lacking.py").write_text("name = 'lacking'\n")
    (folder / "broken.py").write_text("import a_library_that_is_not_there\n")
    (folder / "faulty.py").write_text("def (\n")
    (folder / "_private.py").write_text("raise RuntimeError('never imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("", ".round_one", ".lacking", ".broken", ".faulty"):
        monkeypatch.delitem(sys.modules, f"outside_shapes{module}", raising=False)
    return folder


def test_plugins_are_named_and_sorted() -> None:
    registry = shapes("square", "circle")
    assert registry.names == ["circle", "square"]
    assert [each.name for each in registry] == ["circle", "square"]
    assert registry.get("square").name == "square"


def test_unknown_name_names_the_known_and_the_close() -> None:
    with pytest.raises(InvalidError) as caught:
        shapes("circle", "square").get("cirlce")
    assert caught.value.faults == [("shape", "expected one of circle, square, got 'cirlce'; did you mean 'circle'?")]
    with pytest.raises(InvalidError, match="expected one of none, because none is installed"):
        shapes().get("circle")


def test_hostile_name_is_cut() -> None:
    with pytest.raises(InvalidError) as caught:
        shapes("circle").get("<script>" * 100_000)
    assert len(str(caught.value)) < 200


def test_same_name_twice_is_refused() -> None:
    with pytest.raises(SettingError, match="other: the shape 'circle' is there already"):
        shapes("circle").add(shape("circle"), source="other")


@pytest.mark.parametrize(
    ("plugin", "sentence"),
    [
        (SimpleNamespace(name="x"), "a shape needs draw (Callable), got nothing"),
        (SimpleNamespace(name=7, draw=print), "a shape needs name (str), got int"),
    ],
)
def test_what_lacks_something_is_refused(plugin: object, sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        shapes().add(plugin, source="test")
    assert str(caught.value) == f"test: {sentence}"


def test_folder_is_walked_once_without_private_modules() -> None:
    registry: Registry[object] = fill(
        Registry(Kind(word="format", group="afterrun.nothing", attributes={"name": str})), formats
    )
    assert {"junit", "ndjson", "nornir"} <= set(registry.names)


def test_entry_points_are_loaded_and_broken_ones_named_when_asked_for(package: Path) -> None:
    points = [
        point("round", "outside_shapes.round_one"),
        point("lacking", "outside_shapes.lacking"),
        point("broken", "outside_shapes.broken"),
        point("faulty", "outside_shapes.faulty"),
        point("gone", "outside_shapes.round_one:nothing"),
    ]
    registry = add_entry_points(shapes("circle"), points)
    assert registry.names == ["circle", "round"]
    assert len(registry.unusable) == 4
    assert Unusable(source="outside_shapes.lacking", reason=LACKING) in registry.unusable
    with pytest.raises(InvalidError, match=r"'broken' of outside_shapes\.broken cannot be used: ModuleNotFoundError"):
        registry.get("broken")
    with pytest.raises(InvalidError, match="needs draw"):
        registry.get("lacking")


def test_entry_point_cannot_take_a_name_that_is_there(package: Path) -> None:
    registry = add_entry_points(shapes("round"), [point("round", "outside_shapes.round_one")])
    assert registry.get("round").draw is print
    assert "is there already" in registry.unusable[0].reason


def test_dotted_path_is_loaded_only_when_allowed(package: Path) -> None:
    path = "outside_shapes.round_one"
    assert shapes(allowed=(path,)).get(path).name == "round"
    with pytest.raises(InvalidError, match="expected one of"):
        shapes("circle").get(path)
    missing = "outside_shapes.round_one:nothing"
    with pytest.raises(SettingError, match="cannot be loaded: AttributeError"):
        shapes(allowed=(missing,)).get(missing)
