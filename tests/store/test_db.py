"""Does the database refuse what it cannot hold as bad input, and never as a fault of ours?"""

import pytest
from flask import Flask

from webapp.errors import InvalidError, NotFoundError
from webapp.store.db import db
from webapp.store.inventory import get_device

pytestmark = pytest.mark.integration


def test_no_name_has_a_nul(any_app: Flask) -> None:
    with pytest.raises((NotFoundError, InvalidError)):
        get_device(db.session(), "edge\0")
    with pytest.raises(NotFoundError):
        get_device(db.session(), "edge")
