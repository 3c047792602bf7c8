"""May this person see this page: the permission every page declares."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.domain.access import SCOPES, Caller, Permission
from webapp.errors import ForbiddenError

# A header longer than some kB is refused by reverse proxies.
MAX_NEXT = 1_000

Params = ParamSpec("Params")
Answer = TypeVar("Answer", bound=ResponseReturnValue)


def requires(permission: Permission) -> Callable[[Callable[Params, Answer]], Callable[Params, ResponseReturnValue]]:
    """Let only people with the permission in; put it directly under the route decorator.

    Somebody unknown is sent to the sign-in page and comes back afterwards; somebody known gets 403.
    """

    def decorate(view: Callable[Params, Answer]) -> Callable[Params, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: Params.args, **kwargs: Params.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return _ask_to_sign_in()
            if not current_user.can(permission):
                raise ForbiddenError("your account may not do this; an administrator can change its role")
            return view(*args, **kwargs)

        vars(guarded)["permission"] = permission
        return guarded

    return decorate


def public(view: Callable[Params, Answer]) -> Callable[Params, Answer]:
    """Mark a page that anybody may see; put it directly under the route decorator."""
    vars(view)["permission"] = None
    return view


def caller_here() -> Caller:
    """Return the person at the browser as whoever asks for something."""
    return Caller(
        user_id=current_user.id, name=current_user.name, role=current_user.role, scopes=SCOPES[current_user.role]
    )


def _ask_to_sign_in() -> ResponseReturnValue:
    """Send a browser to the sign-in page; a partial or a stream cannot follow, it gets a bare 401."""
    if request.headers.get("X-Partial") or request.accept_mimetypes.best == "text/event-stream":
        return "", 401
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("account.login", next=None if here == "/" or len(here) > MAX_NEXT else here))
