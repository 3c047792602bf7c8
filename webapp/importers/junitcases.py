"""What stands in a JUnit file: its test cases, and what its suites print and say, one after the other as they end."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO

from webapp.errors import InvalidError
from webapp.importers.contract import DeviceFrom
from webapp.importers.texts import as_moment, as_name, as_seconds
from webapp.importers.xmlstream import End, Start, iterate_xml

FINDINGS = frozenset({"failure", "error", "skipped"})
RERUNS = frozenset({"rerunFailure", "rerunError", "flakyFailure", "flakyError"})
OUTPUTS = frozenset({"system-out", "system-err"})
TEXTS = FINDINGS | RERUNS | OUTPUTS | {"stackTrace", "property"}
# pytest's name for every suite says nothing.
EMPTY_NAMES = frozenset({"", "pytest"})
MAX_PROPERTIES = 10_000


@dataclass(slots=True, kw_only=True)
class Suite:
    """A test suite, and what it has from those around it; it is reported when it is over."""

    names: tuple[str, ...] = ()
    hostname: str = ""
    device: str = ""
    started_at: datetime | None = None
    duration_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Finding:
    """What is wrong with a case; `kind` is the element, `word` the tool's own word if it is to be kept."""

    kind: str
    message: str
    type: str
    text: str = ""
    word: str = ""
    outputs: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class TestCase:
    """One test case as it stands in the file."""

    __test__ = False

    suite: Suite
    line: int
    suite_name: str
    name: str
    status: str
    duration_s: float | None
    started_at: datetime | None
    device: str = ""
    findings: list[Finding] = field(default_factory=list)
    reruns: list[Finding] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)

    def rerun_as(self, rerun: Finding) -> "TestCase":
        """Return the case as one of its reruns saw it."""
        kind = "error" if rerun.kind.endswith("Error") else "failure"
        found = replace(rerun, kind=kind, word=rerun.kind)
        return replace(self, findings=[found], reruns=[], outputs=rerun.outputs, duration_s=None)

    def output(self) -> str:
        """Return everything that the file holds of the case beside its result, each part under its name."""
        parts = [("", found.text) for found in self.findings]
        parts += [part for found in self.findings for part in found.outputs] if not self.outputs else self.outputs
        if self.properties:
            parts.append(("properties", "\n".join(f"{name} = {value}" for name, value in self.properties)))
        return "\n".join(_part(name, text) for name, text in parts if text.strip())


@dataclass(slots=True, kw_only=True)
class Output:
    """What a suite as a whole printed."""

    suite: Suite
    text: str


@dataclass(slots=True, kw_only=True)
class Property:
    """What a suite says of its surroundings."""

    suite: Suite
    name: str
    value: str


Report = TestCase | Output | Property | Suite


def read_reports(stream: BinaryIO, *, device_from: DeviceFrom) -> Iterator[Report]:
    """Yield what the file holds, in order.

    Raises:
        InvalidError: it isn't XML, or no test suites.
    """
    reader = _Reader(device_from)
    for event in iterate_xml(stream, texts=TEXTS):
        if isinstance(event, Start):
            reader.start(event)
        else:
            report = reader.end(event)
            if report is not None:
                yield report


class _Reader:
    def __init__(self, device_from: DeviceFrom) -> None:
        self._device_from = device_from
        self._suites = [Suite()]
        self._is_open = False
        self._test: TestCase | None = None
        self._rerun: Finding | None = None
        self._attributes: list[dict[str, str]] = []

    def start(self, event: Start) -> None:
        attributes = event.attributes
        self._attributes.append(attributes)
        if event.tag in ("testsuites", "testsuite"):
            self._is_open = True
            self._suites.append(self._suite(event))
        elif not self._is_open:
            place = f"line {event.line}"
            raise InvalidError((place, f"expected <testsuites> or <testsuite>, got <{event.tag[:80]}>"))
        elif event.tag == "testcase":
            self._test = self._case(event)
        elif event.tag in RERUNS and self._test is not None:
            self._rerun = Finding(
                kind=event.tag, message=attributes.get("message", ""), type=attributes.get("type", "")
            )
            self._test.reruns.append(self._rerun)

    def end(self, event: End) -> Report | None:
        attributes = self._attributes.pop()
        if event.tag in ("testsuites", "testsuite"):
            return self._suites.pop()
        if event.tag == "testcase" and self._test is not None:
            test, self._test = self._test, None
            test.device = test.device or self._device_of(test.suite)
            return test
        if event.tag == "property":
            return self._property(attributes.get("name", ""), attributes.get("value") or event.text)
        if self._test is None:
            if event.tag in OUTPUTS and event.text.strip():
                return Output(suite=self._suites[-1], text=event.text)
        elif self._rerun is not None:
            self._end_in_rerun(event)
        elif event.tag in FINDINGS:
            found = Finding(
                kind=event.tag,
                message=attributes.get("message", ""),
                type=attributes.get("type", ""),
                text=event.text,
            )
            self._test.findings.append(found)
        elif event.tag in OUTPUTS:
            self._test.outputs.append((event.tag, event.text))
        return None

    def _suite(self, event: Start) -> Suite:
        outer, attributes = self._suites[-1], event.attributes
        # The name of all suites together is the tool's or the build's, not a part of a case's name.
        names = () if event.tag == "testsuites" or attributes.get("name", "") in EMPTY_NAMES else (attributes["name"],)
        return Suite(
            names=outer.names + names,
            hostname=attributes.get("hostname") or outer.hostname,
            device=outer.device,
            started_at=as_moment(attributes.get("timestamp")) or outer.started_at,
            duration_s=as_seconds(attributes.get("time")) or 0.0,
        )

    def _case(self, event: Start) -> TestCase:
        attributes, suite = event.attributes, self._suites[-1]
        class_name, name = attributes.get("classname", ""), attributes.get("name", "")
        if not as_name(name):
            # Some tools name a case by its class alone.
            class_name, name = "", class_name
        if not as_name(name):
            raise InvalidError((f"line {event.line}: testcase", "expected the attribute name, got none"))
        return TestCase(
            suite=suite,
            line=event.line,
            suite_name=_suite_name(suite.names, class_name),
            name=name,
            status=attributes.get("status", ""),
            duration_s=as_seconds(attributes.get("time")),
            started_at=as_moment(attributes.get("timestamp")),
        )

    def _device_of(self, suite: Suite) -> str:
        return suite.hostname if self._device_from == "hostname" else suite.device

    def _property(self, name: str, value: str) -> Property | None:
        is_device = self._device_from == "property" and name == "device"
        if self._test is not None:
            if is_device:
                self._test.device = value
            elif len(self._test.properties) < MAX_PROPERTIES:
                self._test.properties.append((name, value))
            return None
        if is_device:
            self._suites[-1].device = value
        return Property(suite=self._suites[-1], name=as_name(name), value=value)

    def _end_in_rerun(self, event: End) -> None:
        rerun = self._rerun
        if rerun is None:
            return
        if event.tag in RERUNS:
            rerun.text = rerun.text or event.text
            self._rerun = None
        elif event.tag == "stackTrace":
            rerun.text = event.text
        elif event.tag in OUTPUTS:
            rerun.outputs.append((event.tag, event.text))


def _suite_name(names: tuple[str, ...], class_name: str) -> str:
    """Join the suites and the class; a suite whose name begins the class's name is not said twice."""
    kept = [name for name in names if not class_name.startswith(name)]
    return " / ".join([*kept, class_name] if class_name else kept)


def _part(name: str, text: str) -> str:
    return f"--- {name} ---\n{text.strip(chr(10))}\n" if name else text.strip("\n") + "\n"
