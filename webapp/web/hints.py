"""What does somebody type first: the exact commands for this server."""

from flask import url_for

from webapp.web.links import public_url


def first_commands() -> list[dict[str, str]]:
    """Return the commands that report a first run, each with what it does."""
    root = public_url("").rstrip("/")
    reporter = public_url(url_for("reporters.show"))
    settings = f"export AFTERRUN_URL={root} AFTERRUN_TOKEN=<a token from your profile>"
    return [
        {"title": "Get the reporter: one file, Python alone", "text": f"curl -O {reporter}\n{settings}"},
        {
            "title": "Report any command, live",
            "text": "python3 afterrun.py exec --service backup -- ./backup.sh",
        },
        {
            "title": "Report from cron with curl alone",
            "text": f'./backup.sh 2>&1 | curl -sS -H "Authorization: Bearer $AFTERRUN_TOKEN" --data-binary @- '
            f"{root}/api/v1/services/backup/ping",
        },
        {
            "title": "Import what a test suite wrote",
            "text": f'curl -sS -H "Authorization: Bearer $AFTERRUN_TOKEN" --data-binary @junit.xml '
            f'"{root}/api/v1/import?format=auto&service=tests"',
        },
    ]
