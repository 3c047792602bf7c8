"""Which pages does a service have, and on which of them are we?

The name of a service holds no slash, so whatever follows one in an address is a page of it: `/services/<slug>/trends`.
A number there is a run. The endpoint of a page below a page begins with the other's: `services.trends_case`.
"""

from flask import Blueprint, request, url_for
from flask_login import current_user

from webapp.domain.access import Permission
from webapp.store.inventory import Service

blueprint = Blueprint("service_nav", __name__)

# title, endpoint (its rule has <slug>), what a person needs to see it
SECTIONS: tuple[tuple[str, str, Permission], ...] = (
    ("Overview", "services.show", Permission.VIEW),
    ("Trends", "services.trends", Permission.VIEW),
    ("Comparison", "noise_rules.index", Permission.VIEW),
    ("Notifications", "services.notices", Permission.OPERATE),
    ("Git", "service_git.show", Permission.OPERATE),
)


@blueprint.app_template_global("service_sections")
def service_sections(service: Service) -> list[dict[str, object]]:
    """Return the tabs of a service's pages that the person at the browser may follow."""
    return [
        {"title": title, "url": url_for(endpoint, slug=service.slug), "current": _is_here(endpoint)}
        for title, endpoint, permission in SECTIONS
        if current_user.can(permission)
    ]


def _is_here(endpoint: str) -> bool:
    here = request.endpoint or ""
    below = endpoint.removesuffix("index") if endpoint.endswith(".index") else f"{endpoint}_"
    return here == endpoint or here.startswith(below)
