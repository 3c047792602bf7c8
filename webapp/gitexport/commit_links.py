"""Where does a browser find a commit: the address shapes of GitLab, GitHub, Gitea and their like."""

from webapp.gitexport.addresses import AddressError, Kind, parse_address


def commit_url(repository_url: str, commit_id: str) -> str:
    """Return the page of a commit, or nothing for a repository that no web server shows.

    The kind of server is told from its name and from the depth of the path, which only GitLab has beyond two.
    """
    try:
        address = parse_address(repository_url, local_roots=())
    except AddressError:
        return ""
    path = address.path.strip("/").removesuffix(".git")
    port = f":{address.port}" if address.port and address.kind is Kind.HTTPS else ""
    if "gitlab" in address.host or path.count("/") > 1:
        verb = "-/commit"
    else:
        verb = "commits" if "bitbucket" in address.host else "commit"
    return f"https://{address.host}{port}/{path}/{verb}/{commit_id}"
