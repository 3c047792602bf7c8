"""Toy lines, one test case a line: `pass robot`."""

from collections.abc import Iterator
from typing import BinaryIO

from webapp.domain.messages import AnyEvent, Case, RunEnd, RunStart
from webapp.domain.outcome import CaseResult
from webapp.importers.contract import UNNUMBERED, ImportOptions

name = "toylines"
title = "Toy lines"
suffixes = (".toys",)


def sniff(head: bytes) -> bool:
    """Say whether the file begins with the word of a result."""
    return head.startswith((b"pass ", b"fail "))


def read(stream: BinaryIO, *, options: ImportOptions) -> Iterator[AnyEvent]:
    """Yield one case for each line."""
    yield RunStart(seq=UNNUMBERED, ts=options.now)
    for line in stream:
        result, _, case = line.decode().strip().partition(" ")
        yield Case(seq=UNNUMBERED, ts=options.now, suite="toys", name=case, result=CaseResult(result))
    yield RunEnd(seq=UNNUMBERED, ts=options.now, status="complete")
