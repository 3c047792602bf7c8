"""What do administrators type about a repository?"""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from webapp.gitexport.roster import LONGEST_KEY, LONGEST_NAME, RepositoryInput
from webapp.store.repositories import Repository

PLAIN = {"autocomplete": "off", "spellcheck": "false"}
KEPT = "Stored. Leave it empty to keep it."


class RepositoryForm(FlaskForm):  # type: ignore[misc]
    """A repository; what opens it is never shown again."""

    name = StringField(
        "Name",
        [InputRequired("Name it, so that services can choose it."), Length(max=LONGEST_NAME)],
        description="What it is called here.",
        render_kw=PLAIN,
    )
    url = StringField(
        "Address",
        [InputRequired("Type the address of the repository."), Length(max=2048)],
        description="https://host/path, ssh://git@host/path or git@host:path. A path of this machine only below a "
        "folder that GIT_LOCAL_ROOTS names.",
        render_kw=PLAIN,
    )
    branch = StringField(
        "Branch",
        [InputRequired("Type the name of the branch."), Length(max=200)],
        description="The first push makes it if it is not there.",
        render_kw=PLAIN,
    )
    folder = StringField(
        "Folder", [Length(max=255)], description="Where the services' folders go; empty is the top.", render_kw=PLAIN
    )
    author_domain = StringField(
        "Author's domain",
        [Length(max=255)],
        description="Commits are by whoever submitted the run: name@this domain.",
        render_kw=PLAIN,
    )
    username = StringField(
        "User name",
        [Length(max=64)],
        description="For https; many servers take any name beside a token.",
        render_kw=PLAIN,
    )
    token = PasswordField("Token", [Length(max=4096)], render_kw={"autocomplete": "new-password"})
    private_key = TextAreaField(
        "Deploy key",
        [Length(max=LONGEST_KEY)],
        render_kw={**PLAIN, "rows": 3, "placeholder": "-----BEGIN OPENSSH PRIVATE KEY-----"},
    )
    forgets = BooleanField("Forget the stored token and deploy key")
    is_default = BooleanField("Default: for services that choose none")

    def read(self) -> RepositoryInput:
        """Return what was typed; an empty secret keeps the stored one."""
        texts = {
            name: (self[name].data or "").strip()
            for name in ("name", "url", "branch", "folder", "author_domain", "username")
        }
        empty = "" if self.forgets.data else None
        return RepositoryInput(
            **texts,
            token=(self.token.data or "").strip() or empty,
            private_key=(self.private_key.data or "").strip() or empty,
            is_default=bool(self.is_default.data),
        )

    def tell_kept(self, repository: Repository) -> None:
        """Say which secrets are stored."""
        if repository.token:
            self.token.description = KEPT
        if repository.private_key:
            self.private_key.description = KEPT
