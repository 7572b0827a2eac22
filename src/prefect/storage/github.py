"""Flows in files of a GitHub repository."""

from __future__ import annotations

from typing import Any

from prefect.model import codec
from prefect.storage.kinds import ScriptStorage, secret_or_variable
from prefect.utilities.importtools import import_needed


@codec.register("storage")
class GitHub(ScriptStorage):
    """A flow's script on GitHub; needs ``PyGithub``.

    Args:
        repo: ``owner/name``.
        ref: branch, tag or commit; absent means the default branch.
        access_token_secret: absent means the local secret or environment variable ``GITHUB_ACCESS_TOKEN``, if any.
        base_url: address of the API of a server of your own.
    """

    serialized_fields = ("repo", "path", "ref", "access_token_secret", "base_url")

    def __init__(
        self,
        repo: str,
        path: str,
        ref: str | None = None,
        access_token_secret: str | None = None,
        base_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.repo = repo
        self.ref = ref
        self.access_token_secret = access_token_secret
        self.base_url = base_url
        super().__init__(path, **kwargs)

    def _read(self, path: str) -> str:
        github = import_needed("github", install="PyGithub", by="GitHub storage")
        token = secret_or_variable(self.access_token_secret, "GITHUB_ACCESS_TOKEN")
        options: dict[str, Any] = {"base_url": self.base_url} if self.base_url else {}
        client = github.Github(auth=github.Auth.Token(token) if token else None, **options)
        wanted = f"repo: {self.repo!r}, path: {path!r}" + (f", ref: {self.ref!r}" if self.ref else "")
        self.logger.info("Downloading flow from GitHub storage - %s", wanted)
        # GitHub says "not found" of all three alike.
        missing = (
            f"Repo {self.repo!r} not found. Check that it exists (and is spelled correctly), and that you have "
            "configured the proper credentials for accessing it."
        )
        try:
            repository = client.get_repo(self.repo)
            ref = self.ref or repository.default_branch
            missing = f"Ref {ref!r} not found in repo {self.repo!r}."
            # The commit first: so that the log says which text was run, whatever the branch is later.
            commit = repository.get_commit(ref).sha
            missing = f"File {path!r} not found in repo {self.repo!r}, ref {ref!r}"
            text: bytes = repository.get_contents(path, ref=commit).decoded_content
        except github.UnknownObjectException:
            self.logger.error(missing)
            raise
        self.logger.info("Flow successfully downloaded. Using commit: %s", commit)
        return text.decode()
