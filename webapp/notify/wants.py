"""What shall a delivery say, as it is kept on its row: everything that the plan decided and the report needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from webapp.domain.notices import Dataset, Verbosity
from webapp.domain.policy import CompareWish
from webapp.notify.contract import Payload, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What a delivery shall say.

    Args:
        verbosity: how much.
        dataset: what a callback carries; None for every other recipient.
        compare: with what the run is compared.
        device_ids: the only devices it tells of; empty is all.
        sealed: a callback's token and secrets, encrypted; empty when it has none.
        note: what stands on top in place of the service's header; empty for that one.
    """

    verbosity: Verbosity = Verbosity.QUIET
    dataset: Dataset | None = None
    compare: CompareWish | None = None
    device_ids: tuple[int, ...] = ()
    sealed: str = ""
    note: str = ""

    @property
    def report_key(self) -> tuple[object, ...]:
        """Return what the report depends on: equal for deliveries that can share one."""
        return (self.dataset, self.compare, self.device_ids, self.note)


def write_wants(wants: Wants) -> dict[str, Any]:
    """Return wants as JSON."""
    found: dict[str, Any] = msgspec.to_builtins(wants)
    return found


def read_wants(kept: Mapping[str, Any]) -> Wants:
    """Return wants as they were written."""
    return msgspec.convert(dict(kept), Wants)


def write_target(target: Target) -> dict[str, Any]:
    """Return a target as JSON."""
    found: dict[str, Any] = msgspec.to_builtins(target)
    return found


def read_target(kept: Mapping[str, Any]) -> Target:
    """Return a target as it was written."""
    return msgspec.convert(dict(kept), Target)


def write_payload(payload: Payload) -> str:
    """Return a message as it is kept; what no text can hold becomes U+FFFD."""
    return msgspec.json.encode(_clean(msgspec.to_builtins(payload))).decode()


def read_payload(kept: str) -> Payload:
    """Return a message as it was written."""
    return msgspec.json.decode(kept, type=Payload)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        text = value if value.isascii() else value.encode("utf-8", "replace").decode()
        return text.replace("\0", "\u2400")
    if isinstance(value, dict):
        return {_clean(name): _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value
