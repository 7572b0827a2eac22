"""Flows in files of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from prefect._lazy import lazy
from prefect.model import codec
from prefect.storage.base import Storage, dated_name, host_label
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.model.result import Result


@codec.register("storage")
class Local(Storage):
    """Flows pickled into files below a directory, or left in the script or module that defines them.

    Args:
        directory: absent means ``flows`` in the home directory of the configuration.
        validate: make the directory absolute and create it.
        path: the flow's place; for a script, its file or the name of its module.
    """

    serialized_fields = ("directory", "path", "stored_as_script")
    _result: Result | None

    def __init__(
        self,
        directory: str | None = None,
        validate: bool = True,
        path: str | None = None,
        stored_as_script: bool = False,
        **kwargs: Any,
    ) -> None:
        home = Path(str(context.config.home_dir)).expanduser()
        chosen = home / "flows" if directory is None else Path(directory).expanduser()
        if validate:
            chosen = chosen.absolute()
            if not chosen.is_relative_to(home.absolute()):
                # A directory elsewhere is the user's own: it must be usable now, not when a flow is stored.
                chosen.mkdir(parents=True, exist_ok=True)
        self.directory = str(chosen)
        self.path = path
        self._validate = validate
        super().__init__(stored_as_script=stored_as_script, **kwargs)

    @property
    def result(self) -> Result | None:
        """Where flows without a result of their own write values: files below the same directory."""
        if self._result is None:
            from prefect.engine.results import LocalResult

            self._result = LocalResult(self.directory, validate_dir=self._validate)
        return self._result

    @result.setter
    def result(self, result: Result | None) -> None:
        self._result = result

    @property
    def default_labels(self) -> list[str]:
        return [host_label()] if self.add_default_labels else []

    def add_flow(self, flow: Flow) -> str:
        self._refuse_known(flow)
        if self.stored_as_script:
            if not self.path:
                raise ValueError("A `path` must be provided to show where flow `.py` file is stored.")
            return self._enter(flow, self.path)
        place = Path(self.path or Path(self.directory) / dated_name(flow)).expanduser().absolute()
        place.parent.mkdir(parents=True, exist_ok=True)
        from prefect.storage.loading import flow_to_bytes_pickle

        place.write_bytes(flow_to_bytes_pickle(flow))
        return self._enter(flow, str(place))

    def get_flow(self, flow_name: str) -> Flow:
        from prefect.storage import loading

        place = self._place_of(flow_name)
        file = Path(place).expanduser()
        if not file.is_file():
            if "/" in place or place.endswith(".py"):
                raise FileNotFoundError(f"The flow {flow_name!r} is stored in {place}, and there is no such file here.")
            return loading.extract_flow_from_module(place, flow_name)
        if self.stored_as_script:
            return loading.extract_flow_from_file(file_path=str(file), flow_name=flow_name)
        return loading.flow_from_bytes_pickle(file.read_bytes())

    @classmethod
    def _from_travelled(cls, fields: dict[str, Any]) -> Self:
        # The directory belongs to the machine that stored the flow; nothing is created for it here.
        return cls(**fields, validate=False)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "prefect": "prefect:",
        },
    )
