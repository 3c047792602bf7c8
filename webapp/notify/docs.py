"""What does the page about channels say: each channel's own words and options, and what all of them share."""

import inspect

from webapp.notify.callbacks import PLACEHOLDERS
from webapp.notify.catalogue import GROUP, Channels
from webapp.notify.contract import Channel
from webapp.plugins.fields import Choice, Flag, Option, is_secret, options_of

_INTRODUCTION = """\
<!-- Generated from the registry of channels: `make docs` writes it anew. -->

# Channels

A channel is a way to tell somebody of a run. Its options are taken from the handler or destination that names it, and
what is left out from the settings ([settings.md](settings.md)).

| name | what | whom a recipient names |
|---|---|---|
"""

_SHARED = """\
## What a message says

Every channel gets the same report: the verdict first, failing devices with "new" or "failing since #112", failing test
cases, the error, what passes again, details, the comparison, results, metadata, and the link. How much of it is said is
the verbosity's matter; a running or canceled run is only named. When a channel has no room for all, the verdict is kept
longest, then failing devices and cases, the first error, the link, and the rest; what is cut is counted, with a link.

| channel | room |
|---|---|
| `email` | 24,000 characters of text; log and results are attached |
| `slack` | 9,000 characters, in sections of at most 3,000 |
| `mattermost` | 12,000 characters |
| `apprise` | 3,000 characters |
| `irc` | one line of 400 bytes, the address kept whole |

Texts of a run are texts everywhere: no mention, link, header or markup is made of them.

### Templates

A file in `templates/notify` of the instance folder stands for the built-in one of the same name: `email.txt`,
`email.html`, `slack.txt`, `mattermost.txt`, `irc.txt`, `apprise.txt`. They are Jinja templates in a sandbox; only
`.html` is escaped. All know `report` and `verbosity`; mail has `subject`, `headline`, `title`, `parts`, `paragraphs`,
`note`, `url`, `name` and `profile_url`; the others have `paragraphs`, Slack and Mattermost also the function `escape`,
which every text of the report must pass; IRC has `title`, `name`, `gist`, `names` and `is_running` instead. A template
that cannot be filled is named on the delivery's page, and the built-in one is used.

## Outgoing HTTP

Slack, Mattermost and webhooks go out by one wire. A host's every address must be public, or within a network that
CALLBACK_ALLOW_PRIVATE names; link-local addresses and the metadata services of clouds are never spoken to. The address
that was judged is the one that is connected to. Connecting may take 5 s and everything together 30 s; 64 KiB of the
answer are kept. Certificates are checked against the system's authorities and those of CALLBACK_CA_BUNDLE; proxies and
`.netrc` of the environment are not looked at; an address with a user name or password is refused. Only 2xx succeeds: a
redirect is a failure that names its target. 4xx is for good, except 408, 425 and 429; everything else is tried again,
after the time that `Retry-After` asks for; 410 switches the destination off. CALLBACK_ALLOWED_HOSTS lists shell
patterns for the hosts of webhooks, compared with the name in its IDNA form: `*.example.com` does not match
`example.com`. When it is set, other hosts are refused.

## Webhooks

### Placeholders

`{ID}` in an address stands for the run's uid, and so on; blanks within the braces are allowed, values are
percent-encoded, what is unset is empty, and any other word in braces is refused.

"""

_DATA = """\

LAVA's numbers: status is submitted 0, running 1, complete 2, incomplete 3, canceled 4; state is submitted 0, running 3,
finished 5; health is unknown 0, complete 1, incomplete 2, canceled 3.

### Data

A POST in LAVA's words (`lava`) carries `id`, `status`, `status_string`, `state`, `state_string`, `health`,
`health_string`, `submit_time`, `start_time`, `end_time`, `submitter_username`, `submitter_email`, `failure_comment`,
`priority`, `description`, `actual_device_id`, `definition`, `metadata` and `health_check`, always all of them: null
when unset, times as ISO 8601. With the dataset `logs` or `all` there is also `log`, with `results` or `all` also
`results`: by suite, its cases as YAML text. In our words (`afterrun`) it carries `event`, `run`, the counts of
`devices` and `cases`, `failing`, `failing_cases`, `fixed` and `first_error`. A form (`urlencoded`) carries all of it
too, with whatever is no text written as JSON.

### Signature

With a secret, a POST carries the headers of [Standard Webhooks](https://www.standardwebhooks.com): `webhook-id`, which
is the same for every try, `webhook-timestamp`, and `webhook-signature`: `v1,` and base64 of HMAC-SHA256 over
`id.timestamp.body`. A secret that begins with `whsec_` is base64; any other is taken as it is. With two secrets there
are two signatures, the newest first.

"""

_OWN = f"""\
## Writing a channel

A channel is a module with `name`, `title`, `address`, `is_ordered`, `Config`, `find_targets(config)`,
`render(report, *, verbosity, target, templates)` and `send(payload, config, *, envelope)`; its docstring is its section
above. `webapp/notify/contract.py` says what each must do. In this repository it is one file in
`webapp/notify/channels/`, and one in `tests/notify/ways/` that brings it before servers which take, refuse, are busy
and say nothing; the contract tests find both. In a package of your own, name the module as an entry point:

    [project.entry-points."{GROUP}"]
    mine = "my_package.my_channel"
"""


def channels_page(channels: Channels) -> str:
    """Return the page, in Markdown."""
    rows = "".join(f"| `{each.name}` | {each.title} | {_address(each)} |\n" for each in channels)
    sections = "\n".join(_section(each) for each in channels)
    placeholders = ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)
    return f"{_INTRODUCTION}{rows}\n{sections}\n{_SHARED}{placeholders}\n{_DATA}{_OWN}"


def _address(channel: Channel) -> str:
    return f"`{channel.address}`" if channel.address else ""


def _section(channel: Channel) -> str:
    options = options_of(channel.Config)
    rows = "".join(
        f"| `{name}` | {_default(option)} | {_setting(option)} | {option.help} |\n" for name, option in options.items()
    )
    table = f"| option | default | setting | |\n|---|---|---|---|\n{rows}" if rows else ""
    return f"## {channel.title}\n\n{inspect.cleandoc(channel.__doc__ or '')}\n\n{table}"


def _default(option: Option) -> str:
    if isinstance(option, Flag):
        return "yes" if option.initial else "no"
    if isinstance(option, Choice):
        others = [word for word in option.words if word != option.initial]
        return f"`{option.initial}`; or {', '.join(f'`{word}`' for word in others)}"
    if is_secret(option):
        return "secret"
    return f"`{option.initial}`" if option.initial not in ("", ()) else ""


def _setting(option: Option) -> str:
    return f"`{option.setting}`" if option.setting else ""
