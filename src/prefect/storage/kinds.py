"""What storages have in common that keep a flow's bytes as one object in a bucket of some vendor."""

from __future__ import annotations

import os
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect.storage.base import Storage, dated_name
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.flow import Flow


class ObjectStorage(Storage):
    """Flows as objects: pickled, or as the text of the script that defines them.

    Args:
        key: the object's name; absent means the flow's name and the instant of adding it.
        local_script_path: the script that is uploaded; absent means the one that is being registered.
    """

    def __init__(
        self,
        key: str | None,
        stored_as_script: bool,
        local_script_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._key = key
        self.local_script_path = local_script_path or context.get("local_script_path")
        super().__init__(stored_as_script=stored_as_script, **kwargs)

    def add_flow(self, flow: Flow) -> str:
        return self._enter(flow, self._key or dated_name(flow))

    def build(self) -> Storage:
        """Upload the flows that were added."""
        super().build()
        if self.stored_as_script:
            self._upload_script()
            return self
        from prefect.storage.loading import flow_to_bytes_pickle

        for name, flow in self._flows.items():
            self.logger.info("Uploading %s to %s", self.flows[name], self._where)
            self._upload(self.flows[name], flow_to_bytes_pickle(flow))
        return self

    def _upload_script(self) -> None:
        if not self.local_script_path:
            if not self._key:
                raise ValueError(
                    f"A `key` must be provided to show where flow `.py` file is stored in {type(self).__name__} or "
                    "provide a `local_script_path` pointing to a local script that contains the flow."
                )
            return
        script = Path(self.local_script_path).read_bytes()
        for place in self.flows.values():
            self.logger.info("Uploading script %s to %s in %s", self.local_script_path, place, self._where)
            self._upload(place, script)

    def get_flow(self, flow_name: str) -> Flow:
        from prefect.storage import loading

        place = self._place_of(flow_name)
        self.logger.info("Downloading %s from %s", place, self._where)
        content = self._download(place)
        if self.stored_as_script:
            return loading.extract_flow_from_file(file_contents=content.decode(), flow_name=flow_name)
        return loading.flow_from_bytes_pickle(content)

    @property
    @abstractmethod
    def _where(self) -> str:
        """The bucket, for messages."""

    @abstractmethod
    def _upload(self, key: str, content: bytes) -> None: ...

    @abstractmethod
    def _download(self, key: str) -> bytes: ...


class ScriptStorage(Storage):
    """Flows in the files of a repository: nothing is ever uploaded, and the script is run as it lies there.

    Args:
        path: the file in the repository.
    """

    def __init__(self, path: str | None, **kwargs: Any) -> None:
        self.path = path
        super().__init__(**kwargs)

    def add_flow(self, flow: Flow) -> str:
        return self._enter(flow, self.path or "")

    def get_flow(self, flow_name: str) -> Flow:
        from prefect.storage.loading import extract_flow_from_file

        text = self._read(self._place_of(flow_name))
        return extract_flow_from_file(file_contents=text, flow_name=flow_name)

    @abstractmethod
    def _read(self, path: str) -> str:
        """Give the text of a file of the repository."""


def secret_or_variable(secret: str | None, name: str) -> str | None:
    """Give the value of a secret; unnamed, that of the local secret or environment variable ``name``, if any."""
    from prefect.client.secrets import Secret

    if secret is not None:
        return str(Secret(secret).get()).strip()
    local = (context.get("secrets") or {}).get(name)
    found = local if local is not None else os.environ.get(name)
    # A token that was read from a file ends with a line break, and errors about headers show what was in them.
    return None if found is None else str(found).strip()
