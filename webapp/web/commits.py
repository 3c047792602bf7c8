"""Where is the commit of a run shown?"""

from flask import Blueprint

from webapp.gitexport import commit_links
from webapp.store.repositories import RunCommit

blueprint = Blueprint("commits", __name__)


@blueprint.app_template_global("commit_url")
def commit_url(commit: RunCommit) -> str:
    """Return the page of a commit, or nothing where no web server shows it."""
    return commit_links.commit_url(commit.url, commit.commit_id)
