"""What does a service ignore when its runs are compared: the list of rules, the form of one, and what they hit?"""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp import clock
from webapp.compare.rule_trials import RUNS, Trial, try_rules
from webapp.diff.rules import MOST_RULES
from webapp.domain.access import Permission
from webapp.domain.compare_options import CompareOptions, NoiseRule, read_compare_options
from webapp.domain.mask_examples import EXAMPLES, show_example
from webapp.errors import ConflictError, InvalidError, NotFoundError
from webapp.ingest.noise_rules import Edit, add_rule, edit_rules, moving, removing, replacing, version_of
from webapp.store.db import db, writing
from webapp.store.inventory import Service, get_service
from webapp.web.guard import requires
from webapp.web.links import local_path
from webapp.web.noise_rule_forms import KINDS, RuleForm, read_suggestions

blueprint = Blueprint("noise_rules", __name__, url_prefix="/services/<slug>/comparison")

STEPS = {"up": -1, "down": 1}


@blueprint.get("")
@requires(Permission.VIEW)
def index(slug: str) -> ResponseReturnValue:
    """List what is ignored when runs of a service are compared."""
    return _list(slug)


@blueprint.post("/trial")
@requires(Permission.OPERATE)
def try_all(slug: str) -> ResponseReturnValue:
    """List it with what each rule hits in the last runs."""
    session = db.session()
    service = get_service(session, slug)
    return _list(slug, trial=try_rules(session, service.id, _options(service).rules))


@blueprint.get("/rules/new")
@requires(Permission.OPERATE)
def new(slug: str) -> ResponseReturnValue:
    """Show the form of a new rule, filled with a suggestion for the line that the address names."""
    session = db.session()
    service = get_service(session, slug)
    suggested = read_suggestions(session)
    form = RuleForm(formdata=None)
    if suggested:
        form.fill(suggested[0])
    return _show_form(service, form, others=suggested[1:])


@blueprint.post("/rules")
@requires(Permission.OPERATE)
def add(slug: str) -> ResponseReturnValue:
    """Add a rule, or try it and show the form again."""
    service = get_service(db.session(), slug)
    form = RuleForm()
    rule = form.read()
    if rule is None:
        return _show_form(service, form)
    if "try" in request.form:
        return _show_form(service, form, trial=try_rules(db.session(), service.id, [rule]))
    try:
        with writing() as session:
            add_rule(session, slug, rule, by_id=current_user.id, now=clock.now())
    except InvalidError as error:
        form.form_errors.append(str(error))
        return _show_form(service, form)
    flash("The rule is added.", "success")
    return redirect(_way_back(slug))


@blueprint.get("/rules/<int:place>")
@requires(Permission.OPERATE)
def show(slug: str, place: int) -> ResponseReturnValue:
    """Show the form of a rule; rules count from 1."""
    service = get_service(db.session(), slug)
    form = RuleForm(formdata=None)
    form.fill(_rule_at(service, place))
    return _show_form(service, form, place=place)


@blueprint.post("/rules/<int:place>")
@requires(Permission.OPERATE)
def put(slug: str, place: int) -> ResponseReturnValue:
    """Change a rule, or try it and show the form again."""
    service = get_service(db.session(), slug)
    _rule_at(service, place)
    form = RuleForm()
    rule = form.read()
    if rule is None:
        return _show_form(service, form, place=place)
    if "try" in request.form:
        return _show_form(service, form, place=place, trial=try_rules(db.session(), service.id, [rule]))
    return _edit(slug, replacing(place - 1, rule), "The rule is changed.")


@blueprint.post("/rules/<int:place>/remove")
@requires(Permission.OPERATE)
def remove(slug: str, place: int) -> ResponseReturnValue:
    """Remove a rule."""
    _rule_at(get_service(db.session(), slug), place)
    return _edit(slug, removing(place - 1), "The rule is removed.")


@blueprint.post("/rules/<int:place>/move")
@requires(Permission.OPERATE)
def move(slug: str, place: int) -> ResponseReturnValue:
    """Move a rule up or down."""
    _rule_at(get_service(db.session(), slug), place)
    by = STEPS.get(request.form.get("to", ""))
    if by is None:
        raise InvalidError(("to", f"expected one of {', '.join(STEPS)}"))
    return _edit(slug, moving(place - 1, by), "The rule is moved.")


def _options(service: Service) -> CompareOptions:
    return read_compare_options(service.options)


def _rule_at(service: Service, place: int) -> NoiseRule:
    rules = _options(service).rules
    if not 0 < place <= len(rules):
        raise NotFoundError(f"the service {service.slug} has no rule {place}")
    return rules[place - 1]


def _edit(slug: str, edit: Edit, done: str) -> ResponseReturnValue:
    """Change the list that the person has looked at, and show it."""
    version = request.form.get("version", "")
    try:
        with writing() as session:
            edit_rules(session, slug, edit, version=version, by_id=current_user.id, now=clock.now())
    except (ConflictError, InvalidError) as error:
        return _list(slug, fault=str(error))
    flash(done, "success")
    return redirect(url_for("noise_rules.index", slug=slug))


def _list(slug: str, *, trial: Trial | None = None, fault: str = "") -> ResponseReturnValue:
    db.session.rollback()  # a new moment, in which what was done is there
    service = get_service(db.session(), slug)
    options = _options(service)
    values = {
        "service": service,
        "options": options,
        "version": version_of(options.rules),
        "kinds": KINDS,
        "masks": {name: show_example(name) for name in EXAMPLES},
        "trial": trial,
        "fault": fault,
        "most_rules": MOST_RULES,
        "tried_runs": RUNS,
    }
    return render_template("noise_rules/index.html", **values), 409 if fault else 200


def _show_form(
    service: Service,
    form: RuleForm,
    *,
    place: int = 0,
    others: Sequence[NoiseRule] = (),
    trial: Trial | None = None,
) -> ResponseReturnValue:
    values = {
        "service": service,
        "form": form,
        "place": place,
        "others": others,
        "kinds": KINDS,
        "trial": trial,
        "version": request.form.get("version") or version_of(_options(service).rules),
        "back": _way_back(service.slug),
        "tried_runs": RUNS,
    }
    is_faulty = bool(form.errors or form.form_errors)
    return render_template("noise_rules/show.html", **values), 422 if is_faulty else 200


def _way_back(slug: str) -> str:
    """Return where the person came from, or the list."""
    back = request.values.get("back", "")
    return local_path(back) if back else url_for("noise_rules.index", slug=slug)
