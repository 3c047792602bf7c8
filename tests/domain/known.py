"""A server that knows a few names, for tests of notify blocks."""

from webapp.domain.policy import SavedQuery


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
