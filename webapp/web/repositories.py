"""To which Git repositories are runs pushed, and does that work? For administrators."""

from pathlib import Path

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import now
from webapp.domain.access import Permission
from webapp.errors import AfterrunError, ConflictError, InvalidError
from webapp.gitexport import roster
from webapp.gitexport.access import fingerprint
from webapp.gitexport.addresses import Kind
from webapp.notify.git_queue import follow_name, list_waiting, push_now
from webapp.store.db import db, writing
from webapp.store.repositories import (
    Repository,
    RepositoryFields,
    find_last_commits,
    get_repository,
    list_repositories,
)
from webapp.web.account import mark_faults
from webapp.web.guard import requires
from webapp.web.links import settings
from webapp.web.office import office
from webapp.web.paging import counted
from webapp.web.repository_forms import RepositoryForm
from webapp.web.seen import SEEN, is_stale, mark_of, show_stale

blueprint = Blueprint("repositories", __name__, url_prefix="/admin/git")

ACCESS = {Kind.FILE: "a folder of this machine", Kind.SSH: "ssh", Kind.HTTPS: "https"}


@blueprint.app_template_global("access_of")
def access_of(repository: Repository) -> str:
    """Say how a repository is reached and opened."""
    kind = roster.kind_of(settings(), repository.url)
    if kind is None:
        return "an address that may not be used here"
    if kind is Kind.SSH:
        opened = "deploy key" if repository.private_key else "this server's own key"
    elif kind is Kind.HTTPS:
        opened = "token" if repository.token else "no token"
    else:
        return ACCESS[kind]
    return f"{ACCESS[kind]}, {opened}"


@blueprint.get("")
@requires(Permission.ADMIN)
def index() -> ResponseReturnValue:
    """List the repositories: where the last run went, what waits, what failed."""
    session = db.session()
    values = {
        "repositories": list_repositories(session),
        "commits": find_last_commits(session),
        "waiting": list_waiting(session),
    }
    return render_template("repositories/index.html", **values)


@blueprint.get("/new")
@requires(Permission.ADMIN)
def new() -> ResponseReturnValue:
    """Show the form of a new repository."""
    return _form(RepositoryForm(formdata=None, branch="main"))


@blueprint.post("/new")
@requires(Permission.ADMIN)
def add() -> ResponseReturnValue:
    """Add a repository."""
    form = RepositoryForm()
    if not form.validate():
        return _form(form)
    try:
        with writing() as session:
            made = roster.add_repository(session, settings(), form.read(), by_id=current_user.id, now=now())
    except (InvalidError, ConflictError) as error:
        return _refused(form, error)
    flash("Added. Test access before a service pushes to it.", "success")
    return redirect(url_for("repositories.show", repository_id=made))


@blueprint.get("/<int:repository_id>")
@requires(Permission.ADMIN)
def show(repository_id: int) -> ResponseReturnValue:
    """Show one repository and its form."""
    repository = get_repository(db.session(), repository_id)
    return _form(RepositoryForm(formdata=None, **_shown(repository)), repository)


@blueprint.post("/<int:repository_id>")
@requires(Permission.ADMIN)
def put(repository_id: int) -> ResponseReturnValue:
    """Change a repository."""
    repository = get_repository(db.session(), repository_id)
    form = RepositoryForm()
    if not form.validate():
        return _form(form, repository)
    try:
        with writing() as session:
            repository = get_repository(session, repository_id)
            if is_stale(_mark(repository)):
                show_stale(form, _shown(repository))
                return _form(form, repository, mark=_mark(repository))
            given = form.read()
            if given.name != repository.name:
                follow_name(session, office(), repository.name, given.name, by_id=current_user.id, now=now())
            roster.change_repository(session, settings(), repository, given, by_id=current_user.id, now=now())
    except (InvalidError, ConflictError) as error:
        return _refused(form, error, repository)
    flash("Saved.", "success")
    return redirect(url_for("repositories.show", repository_id=repository_id))


@blueprint.post("/<int:repository_id>/test")
@requires(Permission.ADMIN)
def test(repository_id: int) -> ResponseReturnValue:
    """Try whether a push would be let in, and pin the host key that an ssh server shows for the first time."""
    repository = get_repository(db.session(), repository_id)
    db.session.rollback()  # nothing is read while the network is waited for
    try:
        answer = roster.try_access(settings(), repository, instance=Path(current_app.instance_path))
    except AfterrunError as error:
        flash(f"{repository.name}: {error}", "danger")
        return redirect(url_for("repositories.show", repository_id=repository_id))
    with writing() as session:
        is_pinned = roster.pin_host_key(session, repository, answer, by_id=current_user.id, now=now())
    branch = (
        f"the branch {repository.branch} is at {answer.tip[:10]}"
        if answer.tip
        else (f"the first push makes the branch {repository.branch}")
    )
    pinned = f" The host key {fingerprint(answer.host_key)} is pinned from now on." if is_pinned else ""
    flash(f"{repository.name} lets a push in; {branch}.{pinned}", "success")
    return redirect(url_for("repositories.show", repository_id=repository_id))


@blueprint.post("/<int:repository_id>/push")
@requires(Permission.ADMIN)
def push(repository_id: int) -> ResponseReturnValue:
    """Have what waits for a repository pushed now."""
    with writing() as session:
        repository = get_repository(session, repository_id)
        count = push_now(session, office(), repository.name, by_id=current_user.id, now=now())
    flash(f"{counted(count, 'run')} will be pushed now." if count else "Nothing waits.", "success")
    return redirect(url_for("repositories.show", repository_id=repository_id))


@blueprint.post("/<int:repository_id>/host-key")
@requires(Permission.ADMIN)
def forget_host_key(repository_id: int) -> ResponseReturnValue:
    """Forget the pinned host key; the next test pins the one that is shown then."""
    with writing() as session:
        repository = get_repository(session, repository_id)
        roster.forget_host_key(session, repository, by_id=current_user.id, now=now())
    flash("The host key is forgotten. Test access pins the one that the server shows then.", "success")
    return redirect(url_for("repositories.show", repository_id=repository_id))


@blueprint.post("/<int:repository_id>/remove")
@requires(Permission.ADMIN)
def remove(repository_id: int) -> ResponseReturnValue:
    """Forget a repository; what was pushed stays there."""
    with writing() as session:
        repository = get_repository(session, repository_id)
        roster.remove_repository(session, repository, by_id=current_user.id, now=now())
    flash(f"{repository.name} is removed here. What was pushed stays where it is.", "success")
    return redirect(url_for("repositories.index"))


def _shown(repository: Repository) -> dict[str, object]:
    """Return the values that the form shows."""
    names = ("name", "url", "branch", "folder", "author_domain", "username", "is_default")
    return {name: getattr(repository, name) for name in names}


def _mark(repository: Repository) -> str:
    """Return the mark of what people said of a repository."""
    names = RepositoryFields.__dataclass_fields__.keys() - {"host_key"}  # which a test pins
    return mark_of({name: getattr(repository, name) for name in names})


def _form(form: RepositoryForm, repository: Repository | None = None, *, mark: str = "") -> ResponseReturnValue:
    """Show a form; `mark` is that of what it is filled with, if that is not what came in or is stored."""
    if repository is not None:
        form.tell_kept(repository)
    values = {
        "form": form,
        "repository": repository,
        "seen": mark or request.form.get(SEEN) or (_mark(repository) if repository else ""),
        "fingerprint": fingerprint(repository.host_key) if repository else "",
        "commit": find_last_commits(db.session()).get(repository.id) if repository else None,
        "waiting": list_waiting(db.session()).get(repository.name, []) if repository else [],
        "is_automation": repository is not None and repository.name == roster.AUTOMATION,
    }
    return render_template("repositories/show.html", **values), 409 if mark else 422 if form.errors else 200


def _refused(
    form: RepositoryForm, error: InvalidError | ConflictError, repository: Repository | None = None
) -> ResponseReturnValue:
    mark_faults(form, error if isinstance(error, InvalidError) else InvalidError(("name", str(error))))
    return _form(form, repository)
