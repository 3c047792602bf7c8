"""Does a configuration take what people mean, refuse what can't be meant, and never show a secret?"""

from dataclasses import dataclass
from typing import Any

import pytest

from webapp.errors import InvalidError
from webapp.plugins.fields import (
    MASK,
    Choice,
    Flag,
    Integer,
    ListOf,
    Secret,
    Text,
    Url,
    dump_config,
    option,
    options_of,
    read_config,
    secrets_of,
)

pytestmark = pytest.mark.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every kind of option once."""

    server: str = option(Text(label="Server", help="Where it is.", is_required=True))
    port: int = option(Integer(label="Port", help="Its port.", default=25, low=1, high=65535))
    is_safe: bool = option(Flag(label="Safe", help="Whether it is encrypted.", default=True))
    password: str = option(Secret(label="Password", help="What opens it."))
    hook: str = option(Url(label="Hook", help="What is called."))
    kind: str = option(Choice(label="Kind", help="Which one.", words=("one", "two")))
    people: tuple[str, ...] = option(ListOf(label="People", help="Who.", each=Text(label="Person", help="One.")))


def test_left_out_values_are_the_initial_ones() -> None:
    config = read_config(Config, {"server": "mail"})
    assert config == Config(server="mail", port=25, is_safe=True, password="", hook="", kind="one", people=())


def test_words_of_forms_and_environments_are_understood() -> None:
    given = {
        "server": " mail ",
        "port": "587",
        "is_safe": "no",
        "kind": "two",
        "people": "a, b\nc,,a",
        "hook": "https://h.example/x",
    }
    config = read_config(Config, given)
    assert (config.server, config.port, config.is_safe, config.kind) == ("mail", 587, False, "two")
    assert config.people == ("a", "b", "c")
    assert config.hook == "https://h.example/x"


def test_every_fault_is_named_at_once_with_its_path() -> None:
    given = {"port": "0", "is_safe": "perhaps", "hook": "file:///etc", "kind": "three", "sever": "x", "people": 7}
    with pytest.raises(InvalidError) as caught:
        read_config(Config, given, path="handlers.mail")
    assert dict(caught.value.faults) == {
        "handlers.mail.port": "expected a whole number, 1 to 65,535",
        "handlers.mail.is_safe": "expected yes or no",
        "handlers.mail.hook": "expected an address such as https://host.example/path",
        "handlers.mail.kind": "expected one of one, two",
        "handlers.mail.sever": (
            "expected one of server, port, is_safe, password, hook, kind, people; did you mean 'server'?"
        ),
        "handlers.mail.people": "expected a list, or values with commas between them",
        "handlers.mail.server": "expected a value: Where it is.",
    }


@pytest.mark.parametrize("given", ["a\nb", "x" * 5000, True, None, ["a"]])
def test_text_refuses_what_is_no_line(given: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        Text(label="Text", help="A line.").parse(given)


@pytest.mark.parametrize("given", [True, 1.0, "1.5", "", "9" * 13, None])
def test_integer_refuses_what_is_no_whole_number(given: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Integer(label="Number", help="How many.").parse(given)


@pytest.mark.parametrize("given", ["http://", "https://[::1", "ftp://h", "h.example", "https://h:0/"])
def test_url_refuses_what_is_no_address(given: str) -> None:
    with pytest.raises(ValueError, match="expected an address"):
        Url(label="Address", help="Where.").parse(given)


@pytest.mark.parametrize("given", ["a\0b", "x" * 40_000, 7])
def test_secret_refuses_what_is_no_text(given: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        Secret(label="Key", help="A key.").parse(given)


def test_secret_of_several_lines_is_kept() -> None:
    assert Secret(label="Key", help="A key.").parse("-----BEGIN\nabc\n") == "-----BEGIN\nabc"


def test_configuration_goes_to_json_and_back() -> None:
    config = read_config(Config, {"server": "mail", "people": ["a"], "password": "hunter2"})
    assert read_config(Config, dump_config(config)) == config


def test_masked_configuration_shows_no_secret() -> None:
    config = read_config(Config, {"server": "mail", "password": "hunter2"})
    assert dump_config(config, is_masked=True)["password"] == MASK
    assert "hunter2" not in str(dump_config(config, is_masked=True))
    assert dump_config(Config(server="x"), is_masked=True)["password"] == ""
    assert secrets_of(config) == ["hunter2"]


def test_options_stand_in_their_order() -> None:
    assert list(options_of(Config)) == ["server", "port", "is_safe", "password", "hook", "kind", "people"]
