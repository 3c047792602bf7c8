"""Does every built-in mask have an example, and does it hide what the example says?"""

import pytest

from webapp.diff.masks import MASKS, hidden_parts
from webapp.domain.mask_examples import EXAMPLES, show_example

pytestmark = pytest.mark.unit


def test_every_mask_has_an_example() -> None:
    assert EXAMPLES.keys() == {name for name, _ in MASKS}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_hidden_by_its_mask_alone(name: str) -> None:
    assert {mask for mask, _, _ in hidden_parts(EXAMPLES[name].encode())} == {name}
    parts = show_example(name)
    assert "".join(part.text for part in parts) == EXAMPLES[name]
    assert any(part.is_variable for part in parts)
    assert any(not part.is_variable for part in parts)
