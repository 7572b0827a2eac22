"""Datastores of Azure Machine Learning, with the first version of its package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class DatastoreTask(DeclaredTask):
    """A task for one workspace.

    Args:
        workspace: a ``Workspace`` of the package azureml-core.
    """

    packages: ClassVar[tuple[str, ...]] = ("azureml.core",)
    workspace: Any

    def datastores(self) -> Any:
        return self.module("azureml.core.datastore").Datastore


class DatastoreRegisterBlobContainer(
    DatastoreTask,
    init="workspace container_name datastore_name create_container_if_not_exists overwrite_existing_datastore "
    "azure_credentials_secret set_as_default",
    run="container_name datastore_name create_container_if_not_exists overwrite_existing_datastore "
    "azure_credentials_secret set_as_default",
):
    """Registers a container of Blob Storage as a datastore.

    Args:
        datastore_name: absent means that of the container.
        azure_credentials_secret: name of the secret with ``ACCOUNT_NAME`` and ``ACCOUNT_KEY``, or ``SAS_TOKEN``.
    """

    needs: ClassVar[dict[str, str]] = {"container_name": "A container name must be provided."}
    container_name: str | None = None
    datastore_name: str | None = None
    create_container_if_not_exists: bool = False
    overwrite_existing_datastore: bool = False
    azure_credentials_secret: str = "AZ_CREDENTIALS"  # noqa: S105 - the name of a secret
    set_as_default: bool = False

    def work(self) -> Any:
        """Register it, and give the datastore."""
        known = self.secret_value(self.azure_credentials_secret, "azure_credentials_secret")
        if not isinstance(known, dict) or not known.get("ACCOUNT_NAME"):
            raise ValueError(self.complaint("The secret has no ACCOUNT_NAME.", "azure_credentials_secret"))
        datastore = self.datastores().register_azure_blob_container(
            workspace=self.workspace,
            datastore_name=self.datastore_name or self.container_name,
            container_name=self.container_name,
            account_name=known["ACCOUNT_NAME"],
            account_key=known.get("ACCOUNT_KEY"),
            sas_token=known.get("SAS_TOKEN"),
            overwrite=self.overwrite_existing_datastore,
            create_if_not_exists=self.create_container_if_not_exists,
        )
        if self.set_as_default:
            datastore.set_as_default()
        return datastore


class DatastoreList(DatastoreTask, init="workspace", run=""):
    """Lists the datastores of a workspace: name -> datastore."""

    def work(self) -> dict[str, Any]:
        """List them."""
        found: dict[str, Any] = self.workspace.datastores
        return found


class DatastoreGet(DatastoreTask, init="workspace datastore_name", run="datastore_name"):
    """Gives a datastore of a workspace; without a name its default."""

    datastore_name: str | None = None

    def work(self) -> Any:
        """Give it."""
        if self.datastore_name is None:
            return self.datastores().get_default(self.workspace)
        return self.datastores().get(self.workspace, datastore_name=self.datastore_name)


class DatastoreUpload(
    DeclaredTask,
    init="datastore relative_root path target_path overwrite",
    run="datastore path relative_root target_path overwrite",
):
    """Uploads files, or a folder, and gives their place in the datastore.

    Args:
        path: of a file or a folder, or a list of files.
        relative_root: the part of the paths of files that is left out there.
        target_path: the place; absent means the root.
    """

    needs: ClassVar[dict[str, str]] = {
        "datastore": "A datastore must be provided.",
        "path": "A path must be provided.",
    }
    datastore: Any = None
    path: str | Path | list[Any] | None = None
    relative_root: str | Path | None = None
    target_path: str | Path | None = None
    overwrite: bool = False

    def work(self) -> Any:
        """Upload them."""
        target = None if self.target_path is None else str(self.target_path)
        if isinstance(self.path, (str, Path)) and Path(self.path).is_dir():
            return self.datastore.upload(
                src_dir=str(self.path), target_path=target, overwrite=self.overwrite, show_progress=False
            )
        paths = self.path if isinstance(self.path, list) else [self.path]
        return self.datastore.upload_files(
            files=[str(path) for path in paths],
            relative_root=None if self.relative_root is None else str(self.relative_root),
            target_path=target,
            overwrite=self.overwrite,
            show_progress=False,
        )
