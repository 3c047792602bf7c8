"""Which template is used: the instance's own, in a sandbox, and the built-in one when that cannot be filled."""

from pathlib import Path

import pytest

from webapp.notify.render import MessageTemplates

pytestmark = pytest.mark.unit

VALUES: dict[str, object] = {"paragraphs": ["one", "<two>"], "report": object()}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The instance's folder of templates."""
    folder = tmp_path / "templates" / "notify"
    folder.mkdir(parents=True)
    return folder


def test_built_in_template_is_filled_and_text_is_not_escaped() -> None:
    assert MessageTemplates().fill("slack.txt", VALUES) == ("one\n\n<two>\n", "")


def test_own_template_wins(own: Path, tmp_path: Path) -> None:
    (own / "slack.txt").write_text("{{ paragraphs[1] }}!")
    assert MessageTemplates(tmp_path).fill("slack.txt", VALUES) == ("<two>!", "")
    assert MessageTemplates(tmp_path).fill("mattermost.txt", VALUES)[0].startswith("one")


def test_html_is_escaped(own: Path, tmp_path: Path) -> None:
    (own / "email.html").write_text("<p>{{ paragraphs[1] }}</p>")
    assert MessageTemplates(tmp_path).fill("email.html", VALUES) == ("<p>&lt;two&gt;</p>", "")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\n{% if %}", "line 2"),
        ("{{ nothing_of_that_name }}", "nothing_of_that_name"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ paragraphs + 1 }}", "TypeError"),
        ("{{ paragraphs.append(1) }}", "SecurityError"),
        ("{{ report.__class__.__mro__ }}", "SecurityError"),
        ("{% include '../../secret.key' %}", "TemplateNotFound"),
        ("\xff", "UnicodeDecodeError"),
    ],
)
def test_faulty_template_is_named_and_the_built_in_one_used(
    own: Path, tmp_path: Path, template: str, said: str
) -> None:
    (own / "slack.txt").write_bytes(template.encode("latin-1"))
    (tmp_path / "secret.key").write_text("geheim")
    text, fault = MessageTemplates(tmp_path).fill("slack.txt", dict(VALUES, paragraphs=["one", "<two>"]))
    assert text == "one\n\n<two>\n"
    assert fault.startswith("templates/notify/slack.txt")
    assert said in fault
