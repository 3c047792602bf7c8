"""Which addresses is git given, and which never?"""

from pathlib import Path

import pytest

from webapp.gitexport.addresses import AddressError, Kind, check_branch, parse_address, read_local_roots

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "kind", "host", "port", "path"),
    [
        ("https://git.example.org/team/results.git", Kind.HTTPS, "git.example.org", None, "/team/results.git"),
        ("https://[::1]:8443/r.git", Kind.HTTPS, "[::1]", 8443, "/r.git"),
        ("ssh://git@git.example.org:2222/r.git", Kind.SSH, "git.example.org", 2222, "/r.git"),
        ("git@git.example.org:team/r.git", Kind.SSH, "git.example.org", None, "team/r.git"),
    ],
)
def test_address_is_taken_apart(text: str, kind: Kind, host: str, port: int | None, path: str) -> None:
    address = parse_address(text, local_roots=[])
    assert (address.kind, address.host, address.port, address.path) == (kind, host, port, path)
    assert address.url == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected an address of 1"),
        ("x" * 3000, "expected an address of 1"),
        ("https://host/a b", "without blanks"),
        ("https://host/a\nb", "without blanks"),
        ("--upload-pack=touch /tmp/x", "without blanks"),
        ("--upload-pack=/bin/sh", "not an option or a program"),
        ("-oProxyCommand=x:y", "not an option or a program"),
        ("ext::sh", "not an option or a program"),
        ("fd::17", "not an option or a program"),
        ("ext://x/y", "expected https, ssh or file, got 'ext'"),
        ("http://host/r.git", "expected https, ssh or file, got 'http'"),
        ("git://host/r.git", "expected https, ssh or file, got 'git'"),
        ("https://name:geheim@host/r.git", "a token is entered in its own field"),
        ("https://geheim@host/r.git", "a token is entered in its own field"),
        ("ssh://name:geheim@host/r.git", "a token is entered in its own field"),
        ("https://host/r.git?x=1", "without '?' and '#'"),
        ("https://host", "expected the path"),
        ("https:///r.git", "expected the name or the IP address"),
        ("https://host:99999/r.git", "expected an address: Port out of range"),
        ("https://[x/r.git", "expected an address: Invalid IPv6 URL"),
        ("ssh://-oProxyCommand=x/r", "expected the name or the IP address"),
        ("ssh://host/-x", "expected the path"),
        ("-x@host:r.git", "not an option or a program"),
        ("a@-host:r.git", "expected the name or the IP address"),
        ("@host:r.git", "expected a user name"),
        ("a@host:-r", "expected a path that does not begin"),
        ("relative/path", "expected https://host/path"),
        ("file://host/r.git", "expected file:///"),
        ("/srv/r.git", "must lie below a folder that GIT_LOCAL_ROOTS names"),
    ],
)
def test_address_that_is_none_is_refused(text: str, expected: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text, local_roots=[])
    assert expected in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_local_repository_lies_below_a_root(tmp_path: Path) -> None:
    roots = read_local_roots(f" {tmp_path}/in,")
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    inside = parse_address(f"file://{tmp_path}/in/r.git", local_roots=roots)
    assert (inside.kind, inside.url) == (Kind.FILE, f"{tmp_path}/in/r.git")
    for path in ("in", "in/../out/r.git", "in/link/r.git", "inside/r.git"):
        with pytest.raises(AddressError, match="GIT_LOCAL_ROOTS"):
            parse_address(f"{tmp_path}/{path}", local_roots=roots)


def test_root_that_is_no_whole_path_is_named() -> None:
    with pytest.raises(AddressError, match="GIT_LOCAL_ROOTS names 'srv/git', expected the whole path"):
        parse_address("/srv/git/r.git", local_roots=read_local_roots("/srv/git,srv/git"))


@pytest.mark.parametrize("branch", ["main", "results/lab-1", "v1.2", "a+b"])
def test_branch_is_taken(branch: str) -> None:
    assert check_branch(branch) == branch


@pytest.mark.parametrize(
    "branch", ["", "-x", "a..b", "a b", "a~1", "x.lock", "a/.b", "a//b", "HEAD", "a:b", "a.", "a/", "@{1}", "x" * 201]
)
def test_branch_that_git_refuses_is_refused(branch: str) -> None:
    with pytest.raises(AddressError, match="the name of a branch"):
        check_branch(branch)
