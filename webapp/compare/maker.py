"""The process that makes one large comparison: started for it, limited in time and memory, and ended at its limits.

It reads an order from its standard input, says on its standard output what it does, one line each, and at last what
came of it. It knows no database and no setting.
"""

import os
import resource
import signal
import sys
from types import FrameType

import msgspec

from webapp.compare.making import Order, make, make_messages
from webapp.diff.rules import RuleError
from webapp.errors import TooLargeError

CPU_S = 90
NICE = 10

READY = "ready"
REFUSED = "refused: "


class RulesError(Exception):
    """The rules of a service took too long."""


def main() -> int:
    """Make what the order wants."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    resource.setrlimit(resource.RLIMIT_AS, (order.memory_bytes, order.memory_bytes))
    try:
        if order.rules:
            signal.signal(signal.SIGVTALRM, _rules_take_too_long)
            signal.setitimer(signal.ITIMER_VIRTUAL, order.rules_s)
        make(order, say)
        say(READY)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        make_messages(order)
    except MemoryError:
        say(f"{REFUSED}it needs more than {order.memory_bytes // 1024**2:,} MB of memory")
    except RulesError:
        say(
            f"{REFUSED}a rule of the service may never end: with the rules it took more than {order.rules_s:g} seconds;"
            " the level exact uses none"
        )
    except (TooLargeError, RuleError) as error:
        say(f"{REFUSED}{error}")
    return 0


def say(text: str) -> None:
    """Write a line for the server that waits."""
    sys.stdout.write(f"{' '.join(text.split())}\n")
    sys.stdout.flush()


def _rules_take_too_long(_number: int, _frame: FrameType | None) -> None:
    raise RulesError


if __name__ == "__main__":
    raise SystemExit(main())
