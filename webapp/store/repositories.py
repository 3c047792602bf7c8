"""Which Git repositories are there, and which commit did a run become in them?"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import Session

from webapp.errors import ConflictError, NotFoundError
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.repositories import RepositoryRow, RunCommitRow
from webapp.store.models.runs import RunRow
from webapp.store.statements import in_chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFields:
    """What people say of a repository.

    Args:
        name: what it is called here.
        url: its address.
        branch: the branch that is pushed to.
        folder: the folder in it, empty for the top.
        author_domain: what follows the `@` in the authors' mail addresses.
        username: the name that goes with the token.
        token: for https, encrypted; empty for none.
        private_key: the deploy key for ssh, encrypted; empty for none.
        host_key: the pinned key of the ssh server; empty while none is.
        is_default: whether services use it that name none.
    """

    name: str
    url: str
    branch: str = "main"
    folder: str = ""
    author_domain: str = ""
    username: str = ""
    token: str = ""
    private_key: str = ""
    host_key: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository(RepositoryFields):
    """A repository as it is kept; the fault is that of the last try, empty when it succeeded."""

    id: int
    fault: str
    fault_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommit:
    """The commit that a run became in a repository."""

    commit_id: str
    pushed_at: datetime
    repository: str
    url: str
    run_uid: str
    run_number: int
    service: str


_NAMES = (*RepositoryFields.__dataclass_fields__, "id", "fault", "fault_at", "created_at")


def list_repositories(session: Session) -> list[Repository]:
    """Return every repository by name."""
    return [_repository(row) for row in session.scalars(select(RepositoryRow).order_by(RepositoryRow.name))]


def get_repository(session: Session, repository_id: int) -> Repository:
    """Return a repository.

    Raises:
        NotFoundError: there is none.
    """
    row = session.get(RepositoryRow, repository_id)
    if row is None:
        raise NotFoundError(f"there is no repository {repository_id}")
    return _repository(row)


def find_repository(session: Session, name: str) -> Repository | None:
    """Return the repository of this name, or the default one for an empty name."""
    clause = RepositoryRow.name == name if name else RepositoryRow.is_default.is_(True)
    row = session.scalars(select(RepositoryRow).where(clause).limit(1)).first()
    return None if row is None else _repository(row)


def add_repository(session: Session, fields: RepositoryFields, *, now: datetime) -> int:
    """Add a repository and return its id; the first one is the default.

    Raises:
        ConflictError: the name is taken.
    """
    _refuse_taken(session, fields.name, but=None)
    is_first = session.scalar(select(func.count()).select_from(RepositoryRow)) == 0
    row = RepositoryRow(**asdict(fields), created_at=now)
    row.is_default = row.is_default or is_first
    session.add(row)
    session.flush()
    _keep_one_default(session, row)
    return row.id


def save_repository(session: Session, repository_id: int, fields: RepositoryFields) -> None:
    """Change a repository; what failed before is forgotten.

    Raises:
        ConflictError: the name is taken.
    """
    _refuse_taken(session, fields.name, but=repository_id)
    row = _row(session, repository_id)
    for name, value in asdict(fields).items():
        setattr(row, name, value)
    row.fault, row.fault_at = "", None
    session.flush()
    _keep_one_default(session, row)


def remove_repository(session: Session, repository_id: int) -> None:
    """Forget a repository and which runs it holds; the repository itself is not touched."""
    session.delete(_row(session, repository_id))


def mark_host_key(session: Session, repository_id: int, host_key: str) -> None:
    """Pin the key of a repository's server, or forget it when it is empty."""
    _row(session, repository_id).host_key = host_key


def mark_pushed(session: Session, repository_id: int, *, run_id: int, commit_id: str, now: datetime) -> None:
    """Keep which commit a run became."""
    row = _row(session, repository_id)
    row.fault, row.fault_at = "", None
    session.merge(RunCommitRow(run_id=run_id, repository_id=repository_id, commit_id=commit_id, pushed_at=now))


def mark_fault(session: Session, repository_id: int, fault: str, *, now: datetime) -> None:
    """Keep why the last try failed."""
    statement = update(RepositoryRow).where(RepositoryRow.id == repository_id)
    session.execute(statement.values(fault=fault, fault_at=now))


def find_commits(session: Session, run_ids: Sequence[int]) -> dict[int, list[RunCommit]]:
    """Return the commits that runs became by the runs' ids, each run's by repository."""
    found: dict[int, list[RunCommit]] = {}
    for ids in in_chunks(run_ids):
        rows = session.execute(_commits().where(RunCommitRow.run_id.in_(ids)).order_by(RepositoryRow.name))
        for row in rows:
            found.setdefault(row.run_id, []).append(_commit(row))
    return found


def find_last_commits(session: Session) -> dict[int, RunCommit]:
    """Return the newest commit of each repository by its id."""
    newest = (
        select(RunCommitRow.repository_id, func.max(RunCommitRow.pushed_at).label("pushed_at"))
        .group_by(RunCommitRow.repository_id)
        .subquery()
    )
    found = _commits().join(
        newest,
        (newest.c.repository_id == RunCommitRow.repository_id) & (newest.c.pushed_at == RunCommitRow.pushed_at),
    )
    return {row.repository_id: _commit(row) for row in session.execute(found.order_by(RunCommitRow.run_id))}


def replace_secrets(session: Session, renew: Callable[[str, str], str]) -> int:
    """Encrypt every kept token and key again and return how many there are; `renew` is given each and what it is."""
    count = 0
    for row in session.scalars(select(RepositoryRow)):
        for name in ("token", "private_key"):
            sealed = getattr(row, name)
            if sealed:
                setattr(row, name, renew(sealed, f"the secret of the repository {row.name}"))
                count += 1
    return count


def _row(session: Session, repository_id: int) -> RepositoryRow:
    row = session.get(RepositoryRow, repository_id)
    if row is None:
        raise NotFoundError(f"there is no repository {repository_id}")
    return row


def _refuse_taken(session: Session, name: str, *, but: int | None) -> None:
    taken = session.scalar(select(RepositoryRow.id).where(RepositoryRow.name == name))
    if taken is not None and taken != but:
        raise ConflictError(f"there is a repository {name!r} already")


def _keep_one_default(session: Session, row: RepositoryRow) -> None:
    if row.is_default:
        session.execute(update(RepositoryRow).where(RepositoryRow.id != row.id).values(is_default=False))


def _repository(row: RepositoryRow) -> Repository:
    return Repository(**{name: getattr(row, name) for name in _NAMES})


def _commits() -> Select[*tuple[Any, ...]]:
    return (
        select(
            RunCommitRow.repository_id,
            RunCommitRow.run_id,
            RunCommitRow.commit_id,
            RunCommitRow.pushed_at,
            RepositoryRow.name.label("repository"),
            RepositoryRow.url,
            RunRow.uid.label("run_uid"),
            RunRow.number.label("run_number"),
            ServiceRow.slug.label("service"),
        )
        .join(RepositoryRow, RepositoryRow.id == RunCommitRow.repository_id)
        .join(RunRow, RunRow.id == RunCommitRow.run_id)
        .join(ServiceRow, ServiceRow.id == RunRow.service_id)
    )


def _commit(row: Row[*tuple[Any, ...]]) -> RunCommit:
    values = row._asdict()
    del values["repository_id"], values["run_id"]
    return RunCommit(**values)
