"""A server that knows a few names, and what blocks become there, for tests of notify blocks."""

from webapp.domain.policy import Policy, SavedQuery
from webapp.domain.policy_check import check_policy

FINISHED = {"criteria": {"status": "finished"}}
KEYS = "criteria, verbosity, recipients, callbacks, callback, compare"
STATUSES = "running, complete, incomplete, canceled, finished, all"
CHANGES = "regression, progression, change, new-failure, fixed, still-failing"
TO = "method, user, email, handle, server, channel, destination"
METHODS = "email, irc, mattermost, slack, webhook"
ADDRESS = "https://ci.example.org/done/{ID}"


class SmallWorld:
    """Knows alice and bob, the destination ops, the saved query alice/nightly, and hosts that do not begin with x."""

    methods = frozenset({"email", "irc", "slack", "mattermost", "webhook"})

    def find_user_fault(self, name: str) -> str:
        """Say what is wrong with an account's name."""
        return "" if name in ("alice", "bob") else f"there is no account {name!r}"

    def find_destination_fault(self, name: str) -> str:
        """Say what is wrong with a named destination."""
        return "" if name == "ops" else f"there is no destination {name!r}"

    def find_query_fault(self, text: str) -> str:
        """Say what is wrong with a query."""
        return "cannot be read" if "(" in text else ""

    def find_saved_query_fault(self, query: SavedQuery) -> str:
        """Say what is wrong with a saved query."""
        return "" if (query.username, query.name) == ("alice", "nightly") else "there is no such saved query"

    def find_host_fault(self, host: str) -> str:
        """Say why a host may not be called."""
        return f"the host {host!r} is not allowed" if host.startswith("x") else ""


def policy_of(block: object) -> Policy:
    """Return what a right block wants."""
    checked = check_policy(block, SmallWorld())
    assert checked.faults == []
    assert checked.policy is not None
    return checked.policy


def faults_of(block: object) -> dict[str, str]:
    """Return what is wrong with a block, by path."""
    return dict(check_policy(block, SmallWorld()).faults)
