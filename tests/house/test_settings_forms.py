"""Has every setting that can be stored its place in exactly one form?"""

from collections import Counter

import pytest

from webapp.settings.catalogue import BY_NAME, SETTINGS, Section
from webapp.web.settings_layout import GROUPS, groups_of, label_of

pytestmark = pytest.mark.unit


def test_every_stored_setting_is_in_one_form() -> None:
    shown = Counter(name for section in Section for group in groups_of(section) for name in group.names)
    assert sorted(name for name, count in shown.items() if count != 1) == []
    assert {setting.name for setting in SETTINGS if setting.is_stored} - shown.keys() == set()


def test_groups_name_settings_of_their_section() -> None:
    strangers = [
        name
        for section, groups in GROUPS.items()
        for group in groups
        for name in group.names
        if name not in BY_NAME or BY_NAME[name].section is not section
    ]
    assert strangers == []


def test_labels_of_a_section_differ() -> None:
    for section in Section:
        labels = [label_of(setting) for setting in SETTINGS if setting.section is section]
        assert len(set(labels)) == len(labels)
