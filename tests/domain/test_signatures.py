"""Are failures of the same cause told apart from others by their headlines, whatever differs from one to the next?"""

import pytest

from webapp.domain.signatures import LONGEST, Part, Signer, Template, headline

pytestmark = pytest.mark.unit

HEADLINES = {
    "": "",
    " \n\t\n": "",
    "\x00\x07": "",
    "no route\nsecond line": "no route",
    "\n  \x1b[31mERROR\x1b[0m:  it   broke\x07 \n": "ERROR: it broke",
    "NetmikoTimeoutException: \nA SSHException occurred:\n\nNo banner\nmore": (
        "NetmikoTimeoutException: A SSHException occurred: No banner"
    ),
    "ends:": "ends:",
    'Traceback (most recent call last):\n  File "a.py", line 1\n    f()\nlab.BootError: no prompt\n\nDevice: x 5': (
        "lab.BootError: no prompt"
    ),
    'Traceback (most recent call last):\n  File "a.py", line 1\n    cut': (
        'Traceback (most recent call last): File "a.py", line 1'
    ),
}

KEYS = {
    "peer 10.0.0.1 down for 3d 02:03:04 on Te0/0/0/3.100": "peer <address> down for <uptime> on <interface>",
    "ssh: connect to 10.41.12.9 port 22: timed out": "ssh: connect to <address> port <number>: timed out",
    "10.0.0.0/24, 127.0.0.1:8080.": "<address>, <address>.",
    "route to 2001:db8::10:20/64 or ::1 lost": "route to <address> or <address> lost",
    "std::map ::bar x::b, never an address: ::": "std::map ::bar x::b, never an address: ::",
    "GET https://x.example:8/y?z=1 refused": "GET <address> refused",
    "open /srv/a-2026-11-22/x.log: denied": "open <path>: denied",
    "open ~/x ./y ../z C:\\temp\\a.txt": "open <path> <path> <path> <path>",
    "and/or I/O 50/60 at 3 %": "and/or I/O <number>/<number> at <number> %",
    "missing VLANs [10, 20, 30]": "missing VLANs [<number>]",
    "version 17.3.1a, 1,024 MB": "version <number>a, <number> MB",
    "at 2026-11-22T10:11:12Z took 30 s": "at <timestamp> took <duration>",
    "mac 00:1b:44:11:3a:b7 object 0x7fff12": "mac <mac> object <hex>",
    "10x4 0xzz": "<number>0x<number> 0xzz",
    "no digits, nothing variable": "no digits, nothing variable",
    "gr\u00f6\u00dfe 5 \u00b5": "gr\u00f6\u00dfe <number> \u00b5",
}


def shown(parts: list[Part]) -> str:
    return "".join(f"[{part.text}]" if part.is_variable else part.text for part in parts)


@pytest.mark.parametrize("message", HEADLINES)
def test_headline(message: str) -> None:
    assert headline(message) == HEADLINES[message]


def test_headline_is_bounded() -> None:
    assert len(headline("x" * 10_000)) == LONGEST
    assert len(headline("x:\n" * 10_000)) == LONGEST


@pytest.mark.parametrize("line", KEYS)
def test_variable_parts_leave_the_signature(line: str) -> None:
    signature, values = Signer().read(line)
    assert signature.key == KEYS[line]
    pieces = [piece for pair in zip(signature.fixed, [*values, ""], strict=True) for piece in pair]
    assert "".join(pieces) == line


def test_names_of_devices_are_variable_as_words() -> None:
    signer = Signer(["edge-1", "core", "two words", "../../x"])
    one, values = signer.read("EDGE-1.example.net: no route from core to core-2, scored", device="edge-1")
    assert one.key == "<device>.example.net: no route from <device> to core-<number>, scored"
    assert values == ["EDGE-1", "core", "2"]
    other, values = signer.read("two words is down, core. too", device="two words")
    assert (other.key, values) == ("<device> is down, <device>. too", ["two words", "core"])
    assert signer.read("open /log/edge-1/x at ../../x", device="../../x")[1] == ["/log/edge-1/x", "../../x"]


def test_lines_that_differ_in_digits_alone_share_a_signature_and_keep_their_values() -> None:
    signer = Signer()
    first, second = signer.read("retry 1 of 5"), signer.read("retry 3 of 5")
    longer = signer.read("retry 12 of 5")
    assert first[0] is second[0]
    assert longer[0] == first[0]
    assert (first[1], second[1], longer[1]) == (["1", "5"], ["3", "5"], ["12", "5"])


def test_template_keeps_what_all_messages_have() -> None:
    signer = Signer(["a", "b"])
    template = Template(*signer.read("a: `np.float64` timed out after 30 s"))
    assert shown(template.parts()) == "a: `np.float64` timed out after 30 s"
    assert template.parts() == [Part("a: `np.float64` timed out after 30 s", is_variable=False)]
    template.add(signer.read("b: `np.float64` timed out after 30 s")[1])
    assert shown(template.parts()) == "[device]: `np.float64` timed out after 30 s"
    template.add(signer.read("b: `np.float64` timed out after 9 s")[1])
    assert shown(template.parts()) == "[device]: `np.float64` timed out after [duration]"
    assert shown(Template(*signer.read("")).parts()) == ""


def test_any_text_is_taken() -> None:
    signer = Signer(["\udc80", ""])
    for text in ("\udc80 5", "\x02 5", "<number>", "5" * 300, ":" * 300, "/" * 300, "0:" * 150):
        line = headline(text)
        signature, values = signer.read(line, device="\udc80")
        assert len(signature.fixed) == len(values) + 1
