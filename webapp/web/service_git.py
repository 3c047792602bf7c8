"""Are the runs of a service pushed to Git, and where to?"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from webapp.clock import now
from webapp.domain.access import Permission
from webapp.domain.notice_options import read_notice_options
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.channels.git import ONLY_MEANINGFUL
from webapp.store import accounts
from webapp.store.db import db, writing
from webapp.store.inventory import Service, get_service
from webapp.store.repositories import Repository, list_repositories
from webapp.web.account_forms import CheckboxListField
from webapp.web.guard import requires

blueprint = Blueprint("service_git", __name__, url_prefix="/services")

OPTION = "push_to_git"


class PushForm(FlaskForm):  # type: ignore[misc]
    """Which repositories a service's runs go to."""

    repositories = CheckboxListField(
        "Push every ended run to",
        description="None: nothing is pushed. A canceled run never is: it would take away the devices that it did not "
        "come to.",
    )
    only_meaningful = BooleanField(
        "Only changes that matter",
        description="A device's file stays as it is when its result differs only in what comparisons of this service "
        "ignore: timestamps and durations in texts, and the service's own rules.",
    )

    def offer(self, repositories: list[Repository], chosen: tuple[str, ...]) -> None:
        """Offer the repositories, and those that were chosen and are gone."""
        known = {repository.name: _title(repository) for repository in repositories}
        names = {
            **known,
            **{name: f"{name}: there is none by this name any more" for name in chosen if name not in known},
        }
        self.repositories.choices = [SelectChoice(name, title) for name, title in names.items()]


@blueprint.get("/<slug>/git")
@requires(Permission.OPERATE)
def show(slug: str) -> ResponseReturnValue:
    """Show where the runs of a service are pushed to."""
    service = get_service(db.session(), slug)
    repositories = list_repositories(db.session())
    chosen = _chosen(service.options, repositories)
    form = PushForm(
        formdata=None, repositories=list(chosen), only_meaningful=service.options.get(ONLY_MEANINGFUL) is True
    )
    form.offer(repositories, chosen)
    return _show(service, form, repositories)


@blueprint.post("/<slug>/git")
@requires(Permission.OPERATE)
def put(slug: str) -> ResponseReturnValue:
    """Choose where the runs of a service are pushed to."""
    service = get_service(db.session(), slug)
    repositories = list_repositories(db.session())
    form = PushForm()
    form.offer(repositories, _chosen(service.options, repositories))
    if not form.validate():
        return _show(service, form, repositories)
    options = {OPTION: form.repositories.data or None, ONLY_MEANINGFUL: form.only_meaningful.data or None}
    fields = ServiceFields(options=options)
    with writing() as session:
        put_service(session, slug, fields, now=now())
        accounts.add_audit(session, user_id=current_user.id, action="service.git_changed", subject=slug, now=now())
    flash("Saved. It counts for the runs that end from now on.", "success")
    return redirect(url_for("service_git.show", slug=slug))


def _show(service: Service, form: PushForm, repositories: list[Repository]) -> ResponseReturnValue:
    values = {"service": service, "form": form, "repositories": repositories}
    return render_template("services/git.html", **values), 422 if form.errors else 200


def _chosen(options: Mapping[str, Any], repositories: list[Repository]) -> tuple[str, ...]:
    """Return the names of a service's repositories."""
    default = next((repository.name for repository in repositories if repository.is_default), "")
    names = (name or default for name in read_notice_options(options).push_to_git)
    return tuple(name for name in names if name)


def _title(repository: Repository) -> str:
    place = repository.url + (f", folder {repository.folder}" if repository.folder else "")
    return f"{repository.name}: {place}"
