"""Is this server well? One function a check, each with its own limit of time."""

import shutil
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from webapp.clock import now
from webapp.domain.outcome import CaseResult
from webapp.errors import AfterrunError
from webapp.gitexport.access import Access
from webapp.gitexport.addresses import parse_address, read_local_roots
from webapp.gitexport.repository import FOLDER, Target, ask
from webapp.gitexport.roster import open_target
from webapp.notify.addresses import EVERYWHERE
from webapp.notify.contract import ChannelError
from webapp.notify.line import Line
from webapp.notify.smtp import MailServer, SmtpSession, explain
from webapp.notify.trust import trusting
from webapp.settings.resolve import Settings
from webapp.store.db import reading
from webapp.store.integrity import check_database, find_database_time
from webapp.store.repositories import find_repository

LOOK_S = 10.0
ANSWER_S = 10.0
MIN_FREE = 500 * 1000**2
MAX_DRIFT_S = 5.0
Facts = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the checks look at."""

    instance: Path
    settings: Settings
    started_at: datetime
    started_mono: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    result: CaseResult
    message: str
    facts: Facts = field(default_factory=dict)


Check = Callable[[Bench], Finding]


def check_store(_bench: Bench) -> Finding:
    """Look through the database and write to it."""
    found = check_database(now=now(), budget_s=LOOK_S)
    looked = "sound" if found.is_checked else f"sound as far as {LOOK_S:g} s went"
    facts: Facts = {
        "kind": found.kind,
        "version": found.version,
        "size_bytes": found.size,
        "checked_wholly": found.is_checked,
        "write_ms": round(found.write_s * 1000, 1),
    }
    message = f"{found.kind} {found.version}, {_amount(found.size)}, {looked}"
    return Finding(result=CaseResult.PASS, message=message, facts=facts)


def check_disk(bench: Bench) -> Finding:
    """See how much room the instance folder has left."""
    usage = shutil.disk_usage(bench.instance)
    message = f"{_amount(usage.free)} of {_amount(usage.total)} free"
    facts: Facts = {"free_bytes": usage.free, "total_bytes": usage.total}
    if usage.free < MIN_FREE:
        message += f"; at least {_amount(MIN_FREE)} are needed"
        return Finding(result=CaseResult.FAIL, message=message, facts=facts)
    return Finding(result=CaseResult.PASS, message=message, facts=facts)


def check_clock(bench: Bench) -> Finding:
    """Compare this machine's clock with its uptime, and with the database's clock."""
    passed = time.monotonic() - bench.started_mono
    jumped = (now() - bench.started_at).total_seconds() - passed
    with reading() as session:
        database = (find_database_time(session) - now()).total_seconds()
    facts: Facts = {"jumped_s": round(jumped, 3), "database_ahead_s": round(database, 3)}
    if abs(jumped) > MAX_DRIFT_S:
        message = f"the clock was moved by {jumped:.1f} s since the server started"
    elif abs(database) > MAX_DRIFT_S:
        message = f"the database's clock is {database:.1f} s ahead of this machine's"
    else:
        return Finding(result=CaseResult.PASS, message="runs evenly, and the database's agrees", facts=facts)
    return Finding(result=CaseResult.FAIL, message=message, facts=facts)


def check_mail(bench: Bench) -> Finding:
    """Speak to the mail server, as far as it goes without sending anything."""
    with reading() as session:
        host = bench.settings.text(session, "MAIL_SERVER")
        port = int(bench.settings.number(session, "MAIL_PORT"))
        is_ssl = bench.settings.flag(session, "MAIL_USE_SSL")
        is_tls = bench.settings.flag(session, "MAIL_USE_TLS")
        user = bench.settings.text(session, "MAIL_USERNAME")
        password = bench.settings.text(session, "MAIL_PASSWORD")
        sender = bench.settings.text(session, "MAIL_SENDER")
        ca_bundle = bench.settings.text(session, "CALLBACK_CA_BUNDLE")
    if not host or not sender:
        missing = "server is set (MAIL_SERVER)" if sender else "sender is set (MAIL_SENDER)"
        return Finding(result=CaseResult.SKIP, message=f"no {missing}")
    facts: Facts = {"server": host, "port": port, "encrypted": is_ssl or is_tls}
    server = MailServer(
        host=host, port=port, use_tls=is_tls, use_ssl=is_ssl, username=user, password=password, own_name="localhost"
    )
    with Line(EVERYWHERE, connect_s=ANSWER_S, total_s=ANSWER_S) as line:
        try:
            with SmtpSession(server, line, trust=trusting(ca_bundle), answer_s=ANSWER_S) as mail:
                _offer(mail, sender)
        except (OSError, smtplib.SMTPException, UnicodeError, ChannelError) as error:
            reason = error if isinstance(error, ChannelError) else explain(error, host, is_late=line.is_cut)
            message = f"{host}:{port}: {reason}"
            return Finding(result=CaseResult.FAIL, message=message[:500], facts=facts)
    return Finding(result=CaseResult.PASS, message=f"{host}:{port} answers", facts=facts)


def _offer(server: smtplib.SMTP, sender: str) -> None:
    """Begin a mail from the sender, and take it back."""
    server.ehlo_or_helo_if_needed()
    code, answer = server.mail(parseaddr(sender)[1])
    server.rset()
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, answer, sender)


def check_git(bench: Bench) -> Finding:
    """Ask the default repository, or the one of GIT_AUTOMATION before it is one, for its branch."""
    with reading() as session:
        repository = find_repository(session, "")
        given = bench.settings.text(session, "GIT_AUTOMATION")
    if repository is not None:
        target = open_target(bench.settings, repository)
    elif given:
        roots = read_local_roots(str(bench.settings.at_start("GIT_LOCAL_ROOTS").value))
        target = Target(address=parse_address(given, local_roots=roots), branch="main", access=Access())
    else:
        return Finding(result=CaseResult.SKIP, message="no repository is set (Admin, Git; or GIT_AUTOMATION)")
    answer = ask(replace(target, answer_s=ANSWER_S), folder=bench.instance / FOLDER)
    facts: Facts = {"repository": target.address.url, "commit": answer.tip or ""}
    return Finding(result=CaseResult.PASS, message=f"{target.address.url} answers", facts=facts)


CHECKS: dict[str, Check] = {
    "database": check_store,
    "disk": check_disk,
    "clock": check_clock,
    "mail": check_mail,
    "git": check_git,
}


def examine(check: Check, bench: Bench) -> Finding:
    """Make one check; whatever it raises is what it found."""
    try:
        return check(bench)
    except AfterrunError as error:
        return Finding(result=CaseResult.FAIL, message=str(error)[:500])
    except Exception as error:  # noqa: BLE001  (the worker's edge: the finding records it)
        return Finding(result=CaseResult.FAIL, message=f"{type(error).__name__}: {error}"[:500])


def _amount(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
