"""Who may see what of a message: addresses are for whom they belong to and who looks after the server."""

from webapp.domain.access import Caller, Permission


def may_see_content(caller: Caller, submitter: str | None) -> bool:
    """Say whether somebody may read what was sent and answered: the run's submitter and administrators."""
    return caller.can(Permission.ADMIN) or (submitter is not None and caller.name == submitter)


def shown_address(to: str, *, caller: Caller, user_id: int | None, submitter: str | None) -> str:
    """Return an address as somebody may see it: a mail address of somebody else is shortened to "a…@example.org"."""
    is_own = user_id is not None and user_id == caller.user_id
    if is_own or may_see_content(caller, submitter) or "@" not in to or "://" in to:
        return to if is_own or may_see_content(caller, submitter) else _without_path(to)
    local, _, domain = to.partition("@")
    return f"{local[:1]}…@{domain}"


def _without_path(to: str) -> str:
    """Return an address of the web without what follows the host, which may be secret."""
    scheme, mark, rest = to.partition("://")
    if not mark:
        return to
    host = rest.partition("/")[0].rpartition("@")[2].partition("?")[0]
    return f"{scheme}://{host}/…" if host != rest else to
