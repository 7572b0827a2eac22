"""Factories and pipelines of Azure Data Factory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask
from prefect.tasks.authoring.remote import Progress, RemoteJob, RemoteJobFailed, pause

CREDENTIALS = ("client_id", "client_secret", "tenant_id", "subscription_id")


class PipelineRunFailed(RemoteJobFailed, RuntimeError):
    """A run of a pipeline ended otherwise than with success."""


class DatafactoryTask(DeclaredTask):
    """A task for one factory.

    Args:
        azure_credentials_secret: name of the secret with ``client_id``, ``client_secret``, ``tenant_id`` and
            ``subscription_id``.
        options: further arguments of the call.
    """

    packages: ClassVar[tuple[str, ...]] = ("azure.mgmt.datafactory", "azure.identity")
    needs: ClassVar[dict[str, str]] = {
        "datafactory_name": "The datafactory_name must be specified.",
        "resource_group_name": "The resource_group_name must be specified.",
    }
    datafactory_name: str | None = None
    resource_group_name: str | None = None
    azure_credentials_secret: str = "AZ_CREDENTIALS"  # noqa: S105 - the name of a secret
    options: dict[str, Any] | None = None

    def factory(self) -> Any:
        """Give a client."""
        known = self.secret_value(self.azure_credentials_secret, "azure_credentials_secret")
        missing = [name for name in CREDENTIALS if not (isinstance(known, dict) and known.get(name))]
        if missing:
            raise ValueError(self.complaint(f"The secret has no {', '.join(missing)}.", "azure_credentials_secret"))
        credential = self.module("azure.identity").ClientSecretCredential(
            client_id=known["client_id"], client_secret=known["client_secret"], tenant_id=known["tenant_id"]
        )
        return self.module("azure.mgmt.datafactory").DataFactoryManagementClient(credential, known["subscription_id"])

    @property
    def place(self) -> tuple[str | None, str | None]:
        return self.resource_group_name, self.datafactory_name


class DatafactoryCreate(
    DatafactoryTask,
    args="datafactory_name resource_group_name azure_credentials_secret location polling_interval options",
):
    """Makes a factory, waits until it is there, and gives its name.

    Args:
        polling_interval: seconds between two looks.
    """

    location: str = "eastus"
    polling_interval: int = 10

    def work(self) -> str:
        """Make the factory.

        Raises:
            RuntimeError: Azure could not.
        """
        models = self.module("azure.mgmt.datafactory.models")
        client = self.factory()
        made = client.factories.create_or_update(
            *self.place, models.Factory(location=self.location), **(self.options or {})
        )
        while made.provisioning_state != "Succeeded":
            if made.provisioning_state in ("Failed", "Canceled"):
                raise RuntimeError(
                    f"{type(self).__name__}: the factory {self.datafactory_name} is {made.provisioning_state}."
                )
            self.logger.info("The %s factory status: %s", self.datafactory_name, made.provisioning_state)
            pause(self.polling_interval)
            made = client.factories.get(*self.place)
        return str(self.datafactory_name)


class PipelineCreate(
    DatafactoryTask,
    args="datafactory_name resource_group_name pipeline_name activities azure_credentials_secret parameters options",
):
    """Makes a pipeline and gives its name.

    Args:
        activities: a list of activities of the package azure-mgmt-datafactory.
    """

    needs: ClassVar[dict[str, str]] = {
        **DatafactoryTask.needs,
        "pipeline_name": "The pipeline_name must be specified.",
        "activities": "The activities must be specified.",
    }
    pipeline_name: str | None = None
    activities: list[Any] | None = None
    parameters: dict[str, Any] | None = None

    def work(self) -> str:
        """Make the pipeline."""
        models = self.module("azure.mgmt.datafactory.models")
        pipeline = models.PipelineResource(activities=self.activities, parameters=self.parameters or {})
        self.factory().pipelines.create_or_update(*self.place, self.pipeline_name, pipeline, **(self.options or {}))
        return str(self.pipeline_name)


class PipelineRun(
    DatafactoryTask,
    args="datafactory_name resource_group_name pipeline_name azure_credentials_secret parameters polling_interval "
    "last_updated_after last_updated_before",
):
    """Runs a pipeline, waits for its end, and gives the runs of its activities.

    Args:
        polling_interval: seconds between two looks.
        last_updated_after, last_updated_before: of the activities; absent means a day around now.
    """

    needs: ClassVar[dict[str, str]] = {
        **DatafactoryTask.needs,
        "pipeline_name": "The pipeline_name must be specified.",
    }
    pipeline_name: str | None = None
    parameters: dict[str, Any] | None = None
    polling_interval: int = 10
    last_updated_after: datetime | None = None
    last_updated_before: datetime | None = None

    def work(self) -> Any:
        """Run the pipeline.

        Raises:
            RuntimeError: it ended otherwise than with success.
        """
        models = self.module("azure.mgmt.datafactory.models")
        client = self.factory()

        def look(run_id: str) -> Progress:
            run = client.pipeline_runs.get(*self.place, run_id)
            if run.status in ("Failed", "Cancelled"):
                raise PipelineRunFailed(f"{type(self).__name__}: the pipeline run is {run.status}: {run.message}")
            return Progress(run.status == "Succeeded", run.status, run_id)

        run_id = RemoteJob(
            self,
            start=lambda _: (
                client.pipelines.create_run(*self.place, self.pipeline_name, parameters=self.parameters or {}).run_id
            ),
            look=look,
            cancel=lambda run_id: client.pipeline_runs.cancel(*self.place, run_id),
            poll_seconds=self.polling_interval,
            what="pipeline run",
        ).run()
        now = datetime.now(UTC)
        window = models.RunFilterParameters(
            last_updated_after=self.last_updated_after or now - timedelta(days=1),
            last_updated_before=self.last_updated_before or now + timedelta(days=1),
        )
        return client.activity_runs.query_by_pipeline_run(*self.place, run_id, window)
