"""What do people type about themselves: the forms of signing in and of the profile."""

from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.form import BaseForm
from wtforms.validators import EqualTo, InputRequired, Length, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from webapp.accounts.people import Account
from webapp.domain.access import SCOPES, Role, Scope

SCOPE_HELP = {
    Scope.INGEST: "ingest: report runs, results and logs",
    Scope.READ: "read: everything that pages show",
    Scope.ADMIN: "admin: all that you may do",
}
EXPIRIES = [
    SelectChoice("90", "In 90 days"),
    SelectChoice("30", "In 30 days"),
    SelectChoice("365", "In a year"),
    SelectChoice("0", "Never"),
]
MAX_TOKEN_SERVICES = 4000


class CheckboxListField(SelectMultipleField):
    """Several words out of a few, each with a box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _choose_one(_form: BaseForm, field: Field) -> None:
    """Ask for at least one of several boxes, without telling the browser that every box is required."""
    if not field.data:
        raise StopValidation("Choose at least one.")


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Name and password."""

    name = StringField(
        "Name", [InputRequired("Type your name."), Length(max=64)], render_kw={"autocomplete": "username"}
    )
    password = PasswordField(
        "Password",
        [InputRequired("Type your password."), Length(max=MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, twice."""

    password = PasswordField(
        "New password",
        [InputRequired("Choose a password."), Length(MIN_LENGTH, MAX_LENGTH, f"At least {MIN_LENGTH} characters.")],
        description=f"At least {MIN_LENGTH} characters; a sentence is good.",
        render_kw={"autocomplete": "new-password", "minlength": MIN_LENGTH},
    )
    again = PasswordField(
        "The same again",
        [InputRequired("Type it again."), EqualTo("password", "The two are not the same.")],
        render_kw={"autocomplete": "new-password"},
    )


class ChangePasswordForm(NewPasswordForm):
    """The password so far, and a new one."""

    old = PasswordField(
        "Password so far",
        [InputRequired("Type the password you have now."), Length(max=MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )


class ContactForm(FlaskForm):  # type: ignore[misc]
    """Where messages to a person go."""

    email = StringField("E-mail", [Length(max=254)], render_kw={"autocomplete": "email", "inputmode": "email"})
    irc_handle = StringField("IRC name", [Length(max=64)], render_kw={"autocomplete": "off"})
    irc_server = StringField(
        "IRC server", [Length(max=255)], description="Host, or host:port.", render_kw={"autocomplete": "off"}
    )


class TokenForm(FlaskForm):  # type: ignore[misc]
    """A new API token."""

    description = StringField(
        "What is it for?",
        [InputRequired("Name it, to know it later."), Length(max=255)],
        render_kw={"autocomplete": "off"},
    )
    scopes = CheckboxListField("May", [_choose_one])
    services = StringField(
        "Only for these services",
        [Length(max=MAX_TOKEN_SERVICES)],
        description="Names with commas between them; empty is every service.",
        render_kw={"autocomplete": "off"},
    )
    expires = SelectField("Expires", choices=EXPIRIES)

    def offer(self, account: Account) -> None:
        """Offer the scopes that a person's role allows."""
        self.scopes.choices = [
            SelectChoice(scope.value, SCOPE_HELP[scope]) for scope in Scope if scope in SCOPES[account.role]
        ]


class PersonForm(FlaskForm):  # type: ignore[misc]
    """A person to add."""

    name = StringField("Name", [InputRequired("Type a name."), Length(max=64)], render_kw={"autocomplete": "off"})
    email = StringField("E-mail", [Length(max=254)], render_kw={"autocomplete": "off", "inputmode": "email"})
    role = SelectField("Role", choices=[SelectChoice(role.value, role.value.capitalize()) for role in Role])
