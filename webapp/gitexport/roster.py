"""Which repositories does this server push to: how one is added, changed, tried and opened."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from webapp.domain.names import find_name_fault
from webapp.errors import InvalidError, NotFoundError
from webapp.gitexport.access import Access
from webapp.gitexport.addresses import Address, AddressError, Kind, check_branch, parse_address, read_local_roots
from webapp.gitexport.failures import RepositoryError, Trouble
from webapp.gitexport.filenames import file_name
from webapp.gitexport.repository import FOLDER, Answer, Cache, Target, ask
from webapp.settings.resolve import Settings
from webapp.store import accounts
from webapp.store import repositories as store
from webapp.store.db import Session
from webapp.store.repositories import Repository, RepositoryFields

AUTOMATION = "automation"
LONGEST_NAME = 64
LONGEST_KEY = 16_384
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryInput:
    """What somebody typed; token and key are None to keep what is there, and empty for none."""

    name: str
    url: str
    branch: str = "main"
    folder: str = ""
    author_domain: str = ""
    username: str = ""
    token: str | None = None
    private_key: str | None = None
    is_default: bool = False


def add_repository(
    session: Session, settings: Settings, given: RepositoryInput, *, by_id: int | None, now: datetime
) -> int:
    """Add a repository and return its id.

    Raises:
        InvalidError: something can't be used; every fault is told by its field.
        ConflictError: the name is taken.
    """
    _check(settings, given)
    made = store.add_repository(session, _fields(settings, given, None), now=now)
    accounts.add_audit(session, user_id=by_id, action="repository.added", subject=given.name, now=now)
    return made


def change_repository(
    session: Session,
    settings: Settings,
    repository: Repository,
    given: RepositoryInput,
    *,
    by_id: int | None,
    now: datetime,
) -> None:
    """Change a repository.

    What opens it and the pinned host key belong to a server: they are forgotten when the address names another one.

    Raises:
        InvalidError: something can't be used; every fault is told by its field.
        ConflictError: the name is taken.
    """
    _check(settings, given)
    kept = repository if _server(settings, repository.url) == _server(settings, given.url) else None
    store.save_repository(session, repository.id, _fields(settings, given, kept))
    accounts.add_audit(session, user_id=by_id, action="repository.changed", subject=given.name, now=now)


def remove_repository(session: Session, repository: Repository, *, by_id: int | None, now: datetime) -> None:
    """Forget a repository; what was pushed stays where it is."""
    store.remove_repository(session, repository.id)
    accounts.add_audit(session, user_id=by_id, action="repository.removed", subject=repository.name, now=now)


def forget_host_key(session: Session, repository: Repository, *, by_id: int | None, now: datetime) -> None:
    """Let the next test pin the key that the server shows then."""
    store.mark_host_key(session, repository.id, "")
    accounts.add_audit(session, user_id=by_id, action="repository.host_key_forgotten", subject=repository.name, now=now)


def pin_host_key(session: Session, repository: Repository, answer: Answer, *, by_id: int | None, now: datetime) -> bool:
    """Keep the host key that a server showed when none was kept, and say whether it is new."""
    if not answer.host_key or repository.host_key:
        return False
    store.mark_host_key(session, repository.id, answer.host_key)
    accounts.add_audit(session, user_id=by_id, action="repository.host_key_pinned", subject=repository.name, now=now)
    return True


def try_access(settings: Settings, repository: Repository, *, instance: Path) -> Answer:
    """Ask a repository for its branch and whether it would let a push in; nothing is pushed.

    A host key that is not known yet is accepted and returned.

    Raises:
        RepositoryError: it does not answer, or refuses.
    """
    folder = instance / FOLDER
    target = open_target(settings, repository)
    answer = ask(target, folder=folder, pins=True)
    pinned = replace(target, access=replace(target.access, host_key=answer.host_key))
    cache = Cache(folder, str(repository.id), pinned)
    with cache.locked():
        cache.try_push()
    return answer


def open_target(settings: Settings, repository: Repository) -> Target:
    """Return a repository's branch with what opens it.

    Raises:
        RepositoryError: its address may not be used here any more.
        SettingError: its secret was kept under a key that is gone.
    """
    name = f"the secret of the repository {repository.name}"
    try:
        address = _address(settings, repository.url)
    except AddressError as error:
        raise RepositoryError(Trouble.NO_REPOSITORY, f"This address may not be used: {error}") from None
    access = Access(
        username=repository.username,
        token=settings.unseal(repository.token, name) if repository.token else "",
        private_key=settings.unseal(repository.private_key, name) if repository.private_key else "",
        host_key=repository.host_key,
    )
    return Target(address=address, branch=repository.branch, access=access)


def kind_of(settings: Settings, url: str) -> Kind | None:
    """Return how a repository is reached, None when its address may not be used here."""
    try:
        return _address(settings, url).kind
    except AddressError:
        return None


def find_chosen(session: Session, name: str) -> Repository:
    """Return the repository that a service names, or the default one for an empty name.

    Raises:
        NotFoundError: there is none.
    """
    found = store.find_repository(session, name)
    if found is None:
        what = f"there is no repository {name}" if name else "there is no default repository"
        raise NotFoundError(f"{what}: an administrator adds one under Admin, Git")
    return found


def follow_automation(session: Session, settings: Settings, *, now: datetime) -> bool:
    """Have a repository of the address that GIT_AUTOMATION gives, and say whether anything changed.

    It is the default one when it is made; its other fields are set like those of any other.

    Raises:
        InvalidError: the setting's value is no address that can be pushed to.
    """
    url = settings.text(session, "GIT_AUTOMATION")
    found = store.find_repository(session, AUTOMATION)
    if not url or (found is not None and found.url == url):
        return False
    if found is None:
        given = RepositoryInput(name=AUTOMATION, url=url, is_default=True)
        add_repository(session, settings, given, by_id=None, now=now)
        return True
    _check(settings, RepositoryInput(name=AUTOMATION, url=url))
    kept = _server(settings, found.url) == _server(settings, url)
    fields = _fields(settings, _as_input(found, url), found if kept else None)
    store.save_repository(session, found.id, fields)
    return True


def _check(settings: Settings, given: RepositoryInput) -> None:
    faults: list[tuple[str, str]] = []
    name_fault = find_name_fault(given.name, limit=LONGEST_NAME)
    if name_fault:
        faults.append(("name", name_fault))
    kind = None
    try:
        kind = _address(settings, given.url).kind
    except AddressError as error:
        faults.append(("url", str(error)))
    try:
        check_branch(given.branch)
    except AddressError as error:
        faults.append(("branch", str(error)))
    if given.folder and any(not part or file_name(part) != part for part in given.folder.split("/")):
        faults.append(("folder", "expected folders of lower-case letters and digits, such as results/lab-1"))
    if given.author_domain and not _DOMAIN.fullmatch(given.author_domain):
        faults.append(("author_domain", "expected the domain of a mail address, such as example.org"))
    faults += _secret_faults(given, kind)
    if faults:
        raise InvalidError(*faults)


def _secret_faults(given: RepositoryInput, kind: Kind | None) -> list[tuple[str, str]]:
    faults = []
    if given.username and (not given.username.isprintable() or ":" in given.username):
        faults.append(("username", "expected a name without ':'"))
    if given.token and (not given.token.isprintable() or len(given.token) > 4096):
        faults.append(("token", "expected one line of at most 4,096 printable characters"))
    if given.token and kind not in {Kind.HTTPS, None}:
        faults.append(("token", "expected none: a token is for https addresses"))
    if given.private_key and kind not in {Kind.SSH, None}:
        faults.append(("private_key", "expected none: a deploy key is for ssh addresses"))
    elif given.private_key and (len(given.private_key) > LONGEST_KEY or "PRIVATE KEY-----" not in given.private_key):
        faults.append(("private_key", "expected a private key in OpenSSH format, from -----BEGIN to -----END"))
    return faults


def _fields(settings: Settings, given: RepositoryInput, kept: Repository | None) -> RepositoryFields:
    return RepositoryFields(
        name=given.name,
        url=given.url,
        branch=given.branch,
        folder=given.folder,
        author_domain=given.author_domain,
        username=given.username,
        token=_sealed(settings, given.token, kept.token if kept else ""),
        private_key=_sealed(settings, given.private_key, kept.private_key if kept else ""),
        host_key=kept.host_key if kept else "",
        is_default=given.is_default,
    )


def _sealed(settings: Settings, given: str | None, kept: str) -> str:
    if given is None:
        return kept
    return settings.seal(given) if given else ""


def _as_input(repository: Repository, url: str) -> RepositoryInput:
    return RepositoryInput(
        name=repository.name,
        url=url,
        branch=repository.branch,
        folder=repository.folder,
        author_domain=repository.author_domain,
        username=repository.username,
        is_default=repository.is_default,
    )


def _address(settings: Settings, url: str) -> Address:
    roots = read_local_roots(str(settings.at_start("GIT_LOCAL_ROOTS").value))
    return parse_address(url, local_roots=roots)


def _server(settings: Settings, url: str) -> tuple[Kind, str, int | None] | None:
    try:
        address = _address(settings, url)
    except AddressError:
        return None
    return address.kind, address.host, address.port
