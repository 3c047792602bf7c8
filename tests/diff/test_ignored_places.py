"""Are the places named that paths to ignore leave out?"""

import pytest

from webapp.diff.ignored_places import ignored_places
from webapp.diff.paths import Ignore

pytestmark = pytest.mark.unit

VALUE = {
    "up": 5,
    "ports": [{"name": "e0", "rx": 1, "in": {"rx": 2}}, {"name": "e1", "rx": 3}],
    "odd key": {"rx": 4},
}


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        (["$.up"], ["$.up"]),
        (["$.none", "$.up.deeper"], []),
        (["$..rx"], ["$.ports[0].in.rx", "$.ports[0].rx", "$.ports[1].rx", '$["odd key"].rx']),
        (["$.ports[name=e1]"], ["$.ports[1]"]),
        (["$.ports[name=e0].in", "$.ports[0].in.rx"], ["$.ports[0].in"]),
        (["$.ports[*].name"], ["$.ports[0].name", "$.ports[1].name"]),
        (["$.*"], ["$.ports", "$.up", '$["odd key"]']),
    ],
)
def test_ignored_places(paths: list[str], places: list[str]) -> None:
    assert sorted(ignored_places(VALUE, Ignore(paths))) == places


def test_scalars_and_depth() -> None:
    assert list(ignored_places(5, Ignore(["$..x"]))) == []
    deep: object = {"x": 1}
    for _ in range(5_000):
        deep = [deep]
    (place,) = ignored_places(deep, Ignore(["$..x"]))
    assert place.endswith("[0].x")
