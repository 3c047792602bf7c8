"""Which services are there, and what options does each have?"""

from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from webapp import clock
from webapp.accounts.tokens import require_service
from webapp.api.answers import Cursor, Filter, Limit, ServiceAnswer, service_answer
from webapp.api.office import office
from webapp.api.schema import Takes, operation
from webapp.domain.access import Caller, Scope
from webapp.domain.messages import OptionalName
from webapp.domain.outcome import ServiceKind
from webapp.errors import InvalidError, NotFoundError
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.known import check_options
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import db, writing
from webapp.store.inventory import Service, get_service, page_services
from webapp.store.paging import read_position, write_position

blueprint = Blueprint("api_services", __name__, url_prefix="/api/v1")

Options = Annotated[dict[str, Any], msgspec.Meta(max_length=100)]


class ServiceList(msgspec.Struct, frozen=True):
    """A page of services."""

    items: list[ServiceAnswer]
    next: str | None


class ServiceListQuery(msgspec.Struct, frozen=True):
    """Which services."""

    q: Filter = ""
    limit: Limit = 100
    cursor: Cursor = ""


class ServiceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to set; what is left out stays as it is. An option stands in `options`, or beside it under its own name."""

    kind: ServiceKind | None = None
    description: Annotated[str, msgspec.Meta(max_length=10_000)] | None = None
    owner: OptionalName | None = None
    heartbeat_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | None = None
    options: Options | None = None
    notify: Any = msgspec.UNSET
    send_notification: Any = msgspec.UNSET
    header: Any = msgspec.UNSET
    include_link: Any = msgspec.UNSET
    include_device_results: Any = msgspec.UNSET
    display_only_failed: Any = msgspec.UNSET
    mail_recipients: Any = msgspec.UNSET
    attach_log: Any = msgspec.UNSET
    push_to_git: Any = msgspec.UNSET
    git_only_meaningful: Any = msgspec.UNSET
    compare: Any = msgspec.UNSET

    @property
    def beside(self) -> dict[str, Any]:
        """Return the options that were given under their own names."""
        given = ((name, getattr(self, name)) for name in self.__struct_fields__[len(FIELDS) :])
        return {name: value for name, value in given if value is not msgspec.UNSET}

    def read(self) -> ServiceFields:
        """Return the fields, with all options in one place."""
        options = {**(self.options or {}), **self.beside} if self.beside else self.options
        return ServiceFields(**{name: getattr(self, name) for name in FIELDS[:-1]}, options=options)

    def place_of(self, path: str) -> str:
        """Return where a fault of the options stands in the body."""
        name = path.removeprefix("options.").partition(".")[0].partition("[")[0]
        return path.removeprefix("options.") if name in self.beside or self.options is None else path


FIELDS = ("kind", "description", "owner", "heartbeat_s", "options")


def readable_service(slug: str) -> Service:
    """Return a service that the caller may read.

    Raises:
        NotFoundError: there is none, or the caller's token is for other services.
    """
    service = get_service(db.session(), slug)
    caller: Caller = g.caller
    if not caller.may_touch(service.slug):
        raise NotFoundError(f"there is no service {slug}")
    return service


@operation(
    blueprint,
    "GET",
    "/services",
    scope=Scope.READ,
    answers={200: ServiceList},
    takes=Takes(query=ServiceListQuery, errors=(400,)),
)
def list_services(query: ServiceListQuery) -> ServiceList:
    """List services by name; a token that is for some services lists only those, so a page may hold fewer."""
    where = parse(query.q, view=View.SERVICES, now=clock.now())
    page = page_services(db.session(), where=where, before=read_position(query.cursor), limit=query.limit)
    caller: Caller = g.caller
    visible = [service_answer(item) for item in page.items if caller.may_touch(item.slug)]
    return ServiceList(items=visible, next=write_position(page.older))


@operation(blueprint, "GET", "/services/<slug>", scope=Scope.READ, answers={200: ServiceAnswer})
def show_service(slug: str) -> ServiceAnswer:
    """Show one service."""
    return service_answer(readable_service(slug))


@operation(
    blueprint,
    "PUT",
    "/services/<slug>",
    scope=Scope.ADMIN,
    answers={200: ServiceAnswer, 201: ServiceAnswer},
    takes=Takes(body=ServiceBody, errors=(413,)),
)
def change_service(slug: str, body: ServiceBody) -> tuple[int, ServiceAnswer]:
    """Create a service or set its options; what is left out stays as it is."""
    require_service(g.caller, slug)
    fields = body.read()
    try:
        with writing() as session:
            if fields.options is not None:
                check_options(session, office(), fields.options, now=clock.now(), viewer=g.caller)
            is_new = put_service(session, slug, fields, by_id=g.caller.user_id, now=clock.now())
            return (201 if is_new else 200), service_answer(get_service(session, slug))
    except InvalidError as error:
        raise InvalidError(*((body.place_of(path), message) for path, message in error.faults)) from error
