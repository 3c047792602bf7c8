"""Who calls: the bearer token or the signed-in browser behind a request, and whether it may."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request
from flask_login import current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from webapp import clock
from webapp.accounts.people import Account
from webapp.accounts.tokens import find_caller
from webapp.domain.access import Caller, Permission, Scope

View = Callable[..., Any]

SESSION_SCOPES = {
    Permission.VIEW: Scope.READ,
    Permission.OPERATE: Scope.INGEST,
    Permission.ADMIN: Scope.ADMIN,
}


def requires_scope(scope: Scope, *, in_address: bool = False) -> Callable[[View], View]:
    """Let only callers in whose token covers the scope; a signed-in browser may read with GET.

    Args:
        scope: what the token must be good for.
        in_address: the token may stand in the address, as `user` and `token`.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            caller = (_find_in_address() if in_address else None) or identify()
            if not caller.has_scope(scope):
                raise Forbidden(f"this call needs a token with the scope {scope.value!r}")
            g.caller = caller
            return view(*args, **kwargs)

        guarded.scope = scope  # type: ignore[attr-defined]
        return guarded

    return guard


def identify() -> Caller:
    """Return who calls.

    Raises:
        Unauthorized: no token, one that is unknown, expired or revoked, or no signed-in browser.
    """
    header = request.headers.get("Authorization", "")
    kind, _, text = header.partition(" ")
    if header:
        caller = find_caller(text.strip(), now=clock.now()) if kind.lower() == "bearer" else None
        if caller is None:
            raise _unauthorized("the token is unknown, expired or revoked; expected 'Authorization: Bearer <token>'")
        return caller
    if current_user.is_authenticated and request.method in ("GET", "HEAD"):
        return _caller_of(current_user)
    raise _unauthorized("expected 'Authorization: Bearer <token>'")


def _find_in_address() -> Caller | None:
    """Return whose name and token the address holds; None when it holds none, or a header says who calls."""
    text = request.args.get("token")
    if text is None or "Authorization" in request.headers:
        return None
    caller = find_caller(text, now=clock.now())
    if caller is None or caller.name != request.args.get("user"):
        raise _unauthorized("the token is unknown, expired or revoked, or not that of the user named beside it")
    return caller


def _unauthorized(sentence: str) -> Unauthorized:
    return Unauthorized(sentence, www_authenticate=WWWAuthenticate("bearer", {"realm": "Afterrun"}))


def _caller_of(account: Account) -> Caller:
    scopes = frozenset(scope for permission, scope in SESSION_SCOPES.items() if account.can(permission))
    return Caller(user_id=account.id, name=account.name, role=account.role, scopes=scopes)


def public(view: View) -> View:
    """Mark a page of the API that anybody may see."""
    vars(view)["scope"] = None
    return view
