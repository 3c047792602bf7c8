"""What does somebody type first: the exact commands for this server."""

from flask import url_for

from webapp.web.links import public_url

SAMPLE = (
    '<testsuite><testcase name="boots"/><testcase name="pings"><failure message="no answer"/></testcase></testsuite>'
)


def first_commands() -> list[dict[str, str]]:
    """Return the commands that report a first run, each with what it does."""
    root = public_url("").rstrip("/")
    reporter = public_url(url_for("reporters.show"))
    post = 'curl -sS -H "Authorization: Bearer $AFTERRUN_TOKEN" --data-binary @-'
    return [
        {
            "title": "Get the reporter: one file, Python alone",
            "text": f"curl -sSO {reporter}\nexport AFTERRUN_URL={root} AFTERRUN_TOKEN=art_...",
        },
        {
            "title": "Report any command, live",
            "text": "python3 afterrun.py exec --service hello -- ls -l",
        },
        {
            "title": "Report from cron with curl alone, output and exit code",
            "text": f'output=$(df -h 2>&1); code=$?\necho "$output" | {post} "{root}/api/v1/services/disk/ping/$code"',
        },
        {
            "title": "Import what a test suite wrote; your own file is --data-binary @junit.xml",
            "text": f"echo '{SAMPLE}' |\n  {post} \"{root}/api/v1/import?format=auto&service=tests\"",
        },
    ]
