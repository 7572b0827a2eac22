"""dbt: its command, and runs of jobs in dbt Cloud."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from prefect.core.authoring import defaults_from_attrs
from prefect.tasks.authoring.declared import DeclaredTask
from prefect.tasks.shell import ShellTask


class DbtShellTask(ShellTask):
    """Runs a command of dbt in a shell, with a profile of its own if need be.

    Args:
        command: such as ``dbt run``.
        profile_name: the profile's name in ``profiles.yml``, which ``dbt_project.yml`` names.
        env: variables added to the environment of the process.
        environment: the name of the target in the profile.
        overwrite_profiles: write ``profiles.yml`` also when there is one.
        profiles_dir: its folder; else ``DBT_PROFILES_DIR``, else ``~/.dbt``.
        set_profiles_envar: tell dbt of the folder.
        dbt_kwargs: the fields of the target, with its credentials. The file is readable for this account only.
        helper_script, shell, return_all, log_stderr: as for ``ShellTask``.
    """

    def __init__(
        self,
        command: str | None = None,
        profile_name: str | None = None,
        env: dict[str, str] | None = None,
        environment: str | None = None,
        overwrite_profiles: bool = False,
        profiles_dir: str | None = None,
        set_profiles_envar: bool = True,
        dbt_kwargs: dict[str, Any] | None = None,
        helper_script: str | None = None,
        shell: str = "bash",
        return_all: bool = False,
        log_stderr: bool = False,
        **kwargs: Any,
    ) -> None:
        self.profile_name = profile_name
        self.environment = environment
        self.overwrite_profiles = overwrite_profiles
        self.profiles_dir = profiles_dir
        self.set_profiles_envar = set_profiles_envar
        self.dbt_kwargs = dbt_kwargs or {}
        super().__init__(
            command=command,
            env=env,
            helper_script=helper_script,
            shell=shell,
            return_all=return_all,
            log_stderr=log_stderr,
            **kwargs,
        )

    @defaults_from_attrs("command", "env", "helper_script", "dbt_kwargs")
    def run(
        self,
        command: str = None,  # type: ignore[assignment]  # noqa: RUF013 - the types travel with the flow
        env: dict[str, str] = None,  # type: ignore[assignment]  # noqa: RUF013
        helper_script: str = None,  # type: ignore[assignment]  # noqa: RUF013
        dbt_kwargs: dict[str, Any] = None,  # type: ignore[assignment]  # noqa: RUF013
    ) -> Any:
        """Write the profile, run the command, and give the last line of its output; all lines when ``return_all``.

        Args:
            dbt_kwargs: fields that win over those of the task.

        Raises:
            TypeError: no command.
            ValueError: a profile is to be written that has no name.
            FAIL: it ended with another exit code than 0; carries the output as its result.
        """
        folder = Path(self.profiles_dir or os.environ.get("DBT_PROFILES_DIR") or Path.home() / ".dbt")
        fields = {**self.dbt_kwargs, **(dbt_kwargs or {})}
        if fields and (self.overwrite_profiles or not (folder / "profiles.yml").exists()):
            self._write_profile(folder, fields)
        if self.set_profiles_envar and (self.profiles_dir or fields):
            env = {**(env or {}), "DBT_PROFILES_DIR": str(folder)}
        return super().run(command=command, env=env, helper_script=helper_script)

    def _write_profile(self, folder: Path, fields: dict[str, Any]) -> None:
        import yaml

        for name in ("profile_name", "environment"):
            if not getattr(self, name):
                raise ValueError(f"A profile needs a name and a target. (`{name}` of DbtShellTask)")
        profile = {self.profile_name: {"outputs": {self.environment: fields}, "target": self.environment}}
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".profiles-{os.getpid()}.yml"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            yaml.safe_dump(profile, file)
        draft.replace(folder / "profiles.yml")


class DbtCloudRunJob(
    DeclaredTask,
    args="cause account_id job_id token additional_args account_id_env_var_name job_id_env_var_name "
    "token_env_var_name wait_for_job_run_completion max_wait_time domain",
):
    """Starts a run of a job in dbt Cloud, and waits for its end if that is wanted.

    Args:
        cause: why, for whoever looks at the run.
        account_id, job_id, token: else from the environment variables that the next three name.
        additional_args: further fields of the request, such as ``git_branch``.
        max_wait_time: seconds; the run is cancelled then. Absent means as long as it takes.
        domain: of the account.
    """

    needs: ClassVar[dict[str, str]] = {
        "cause": "Cause cannot be None. Please provide a cause to trigger the dbt Cloud job."
    }
    cause: str | None = None
    account_id: int | None = None
    job_id: int | None = None
    token: str | None = None
    additional_args: dict[str, Any] | None = None
    account_id_env_var_name: str = "DBT_CLOUD_ACCOUNT_ID"
    job_id_env_var_name: str = "DBT_CLOUD_JOB_ID"
    token_env_var_name: str = "DBT_CLOUD_TOKEN"  # noqa: S105 - the name of a variable
    wait_for_job_run_completion: bool = False
    max_wait_time: int | None = None
    domain: str = "cloud.getdbt.com"

    def work(self) -> Any:
        """Start the run; give what dbt Cloud says of it, at its end if it was waited for, with ``artifact_urls``.

        Raises:
            TriggerDbtCloudRunFailed: it was not started.
            DbtCloudRunFailed, DbtCloudRunCanceled, DbtCloudRunTimedOut: that is how it ended.
        """
        from prefect.tasks.authoring.remote import RemoteJob, RemoteJobTimedOut
        from prefect.tasks.dbt import dbt_cloud_utils as cloud

        account, job, token = self._identity()
        started: dict[str, Any] = {}

        def start(_: str) -> Any:
            started.update(
                cloud.trigger_job_run(account, job, token, str(self.cause), self.domain, self.additional_args)
            )
            self._link(started.get("href"))
            return started["id"]

        if not self.wait_for_job_run_completion:
            start("")
            return started
        try:
            run = RemoteJob(
                self,
                start=start,
                look=lambda run_id: cloud.look_at_run(account, token, run_id, self.domain),
                cancel=lambda run_id: cloud.cancel_run(account, token, run_id, self.domain),
                poll_seconds=cloud.POLL_SECONDS,
                limit_seconds=self.max_wait_time,
                what="dbt Cloud run",
            ).run()
        except RemoteJobTimedOut as error:
            raise cloud.DbtCloudRunTimedOut(f"Max attempts reached while checking status of job run: {error}") from None
        return {**run, "artifact_urls": self._artifacts(account, token, run["id"])}

    def _identity(self) -> tuple[Any, Any, str]:
        """Give account, job and token: of the arguments, else of the environment."""
        texts = {"account_id": "an Account ID", "job_id": "a Job ID", "token": "a token"}
        found = [
            self.given_or_variable(
                name,
                f"dbt Cloud {text.partition(' ')[2]} cannot be None. Please provide {text} or the name of the env var "
                "that contains it.",
                getattr(self, f"{name}_env_var_name"),
            )
            for name, text in texts.items()
        ]
        return found[0], found[1], found[2]

    def _artifacts(self, account: Any, token: str, run_id: Any) -> list[str]:
        from prefect.backend.artifacts import create_markdown_artifact
        from prefect.tasks.dbt.dbt_cloud_utils import DbtCloudListArtifactsFailed, list_run_artifact_links

        try:
            links = list_run_artifact_links(account, run_id, token, self.domain)
        except DbtCloudListArtifactsFailed as error:
            self.logger.warning("Unable to retrieve artifacts generated by dbt Cloud job run: %s", error)
            return []
        if links:
            lines = "\n".join(f"- [{name}]({url})" for url, name in links)
            create_markdown_artifact(f"Artifacts of the dbt Cloud run {run_id}:\n\n{lines}")
        return [url for url, _ in links]

    @staticmethod
    def _link(href: str | None) -> None:
        from prefect.backend.artifacts import create_link_artifact

        if href:
            create_link_artifact(href)
