"""Who may use this server, typed: tokens and people."""

from datetime import timedelta

import click

from webapp.accounts.roster import add_person
from webapp.accounts.signin import make_link
from webapp.accounts.tokens import TokenRequest, make_token, revoke_token
from webapp.cli.context import as_json, entered_app, get_user, print_rows, print_value, settings_of
from webapp.clock import now
from webapp.domain.access import Role, Scope
from webapp.store import accounts as store
from webapp.store.db import reading, writing


@click.group()
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command("create")
@click.option("--user", "name", required=True, help="Whose token it is.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=["ingest"],
    show_default=True,
)
@click.option("--service", "services", multiple=True, help="Only for this service; may be given several times.")
@click.option("--description", default="made on the command line", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 36500), help="How long it works; for ever without.")
@as_json
def create_token(
    name: str, scopes: tuple[str, ...], services: tuple[str, ...], description: str, days: int | None, *, is_json: bool
) -> None:
    """Make a token and print it alone: this is the only time it is shown."""
    with entered_app(), writing() as session:
        request = TokenRequest(
            user_id=get_user(session, name).id,
            scopes=frozenset(Scope(word) for word in scopes),
            description=description,
            services=frozenset(services),
            expires_at=now() + timedelta(days=days) if days else None,
        )
        made = make_token(session, request, by_id=None, now=now())
    print_value({"id": made.token.id, "token": made.text, "scopes": sorted(scopes)}, made.text, is_json=is_json)


@token.command("list")
@click.option("--user", "name", help="Only the tokens of this person.")
@as_json
def list_tokens(name: str | None, *, is_json: bool) -> None:
    """List tokens, newest first; only their first characters are known."""
    with entered_app(), reading() as session:
        user_id = get_user(session, name).id if name else None
        owners = {user.id: user.name for user in store.list_users(session)}
        rows = [
            {
                "id": each.id,
                "begins": each.hint,
                "user": owners[each.user_id],
                "scopes": sorted(each.scopes),
                "services": sorted(each.services),
                "usable": each.is_usable(now()),
                "used_at": each.used_at,
                "expires_at": each.expires_at,
                "description": each.description,
            }
            for each in store.list_tokens(session, user_id=user_id)
        ]
    print_rows(rows, is_json=is_json)


@token.command("revoke")
@click.argument("token_id", type=int)
@as_json
def remove_token(token_id: int, *, is_json: bool) -> None:
    """Revoke a token by its number."""
    with entered_app(), writing() as session:
        revoke_token(session, token_id, by_id=None, is_admin=True, now=now())
    print_value({"id": token_id, "revoked": True}, f"Token {token_id} is revoked.", is_json=is_json)


@click.group()
def user() -> None:
    """Add and list people, and make links that let them in."""


@user.command("create")
@click.argument("name")
@click.option("--email", default="", help="Where messages go.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="viewer", show_default=True)
@as_json
def create_user(name: str, email: str, role: str, *, is_json: bool) -> None:
    """Add a person, and print the link with which they choose a password."""
    with entered_app() as app, writing() as session:
        made = add_person(session, name=name, email=email, role=Role(role), by_id=None, now=now())
        link = settings_of(app).server_address(session) + make_link(session, made.id, by_id=None, now=now())
    print_value({"id": made.id, "name": name, "role": role, "link": link}, link, is_json=is_json)


@user.command("list")
@as_json
def list_users(*, is_json: bool) -> None:
    """List everybody."""
    with entered_app(), reading() as session:
        rows = [
            {
                "id": each.id,
                "name": each.name,
                "role": each.role.value,
                "email": each.email,
                "active": each.is_active,
                "password": each.password_hash is not None,
                "signed_in_at": each.signed_in_at,
            }
            for each in store.list_users(session)
        ]
    print_rows(rows, is_json=is_json)


@user.command("link")
@click.argument("name")
@as_json
def make_user_link(name: str, *, is_json: bool) -> None:
    """Print a new link with which a person chooses a password, once and within 24 hours."""
    with entered_app() as app, writing() as session:
        path = make_link(session, get_user(session, name).id, by_id=None, now=now())
        link = settings_of(app).server_address(session) + path
    print_value({"name": name, "link": link}, link, is_json=is_json)


commands = (token, user)
