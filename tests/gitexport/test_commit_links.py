"""Is a commit found where each kind of server shows it?"""

import pytest

from webapp.gitexport.commit_links import commit_url

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("https://github.com/team/results.git", "https://github.com/team/results/commit/abc"),
        ("git@github.com:team/results.git", "https://github.com/team/results/commit/abc"),
        ("https://gitea.lab:3000/team/results", "https://gitea.lab:3000/team/results/commit/abc"),
        ("https://gitlab.lab/team/results.git", "https://gitlab.lab/team/results/-/commit/abc"),
        ("ssh://git@git.lab:2222/group/team/results.git", "https://git.lab/group/team/results/-/commit/abc"),
        ("git@bitbucket.org:team/results.git", "https://bitbucket.org/team/results/commits/abc"),
        ("/srv/git/results.git", ""),
    ],
)
def test_commit_has_a_page_or_none(repository: str, expected: str) -> None:
    assert commit_url(repository, "abc") == expected
