"""A flow kept behind any HTTP interface: one request stores it, another gets it back."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect.client.secrets import Secret
from prefect.model import codec
from prefect.storage.base import Storage
from prefect.utilities.importtools import import_needed

if TYPE_CHECKING:
    from prefect.core.flow import Flow

METHODS = ("GET", "PATCH", "POST", "PUT")
_TEMPLATE = re.compile(r"\$\{(\w+)\}")


@codec.register("storage")
class Webhook(Storage):
    """One flow behind an HTTP interface; needs ``requests``.

    Texts in the keyword arguments may hold ``${NAME}``: an environment variable, else a secret.

    Args:
        build_request_kwargs: keyword arguments of the request that stores the flow; its bytes become ``data``.
        get_flow_request_kwargs: keyword arguments of the request that gets it.
        flow_script_path: the script that is stored, instead of the flow's pickled form.

    Raises:
        RuntimeError: a method is none of GET, PATCH, POST, PUT.
    """

    serialized_fields = (
        "build_request_kwargs",
        "build_request_http_method",
        "get_flow_request_kwargs",
        "get_flow_request_http_method",
        "stored_as_script",
    )

    def __init__(
        self,
        build_request_kwargs: dict[str, Any],
        build_request_http_method: str,
        get_flow_request_kwargs: dict[str, Any],
        get_flow_request_http_method: str,
        stored_as_script: bool = False,
        flow_script_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        for method in (build_request_http_method, get_flow_request_http_method):
            if method not in METHODS:
                message = f"HTTP method '{method}' not recognized"
                self.logger.critical(message)
                raise RuntimeError(message)
        self.build_request_kwargs = build_request_kwargs
        self.build_request_http_method = build_request_http_method
        self.get_flow_request_kwargs = get_flow_request_kwargs
        self.get_flow_request_http_method = get_flow_request_http_method
        self.flow_script_path = flow_script_path
        super().__init__(stored_as_script=stored_as_script, **kwargs)

    def add_flow(self, flow: Flow) -> str:
        # It holds one flow: another one takes its place.
        self.flows = {flow.name: flow.name}
        self._flows = {flow.name: flow}
        return flow.name

    def build(self) -> Storage:
        """Send the flow."""
        from prefect.storage.loading import flow_to_bytes_pickle

        super().build()
        for name, flow in self._flows.items():
            self.logger.info("Uploading flow '%s'", name)
            if self.stored_as_script:
                if not self.flow_script_path:
                    message = "flow_script_path must be provided if stored_as_script=True"
                    self.logger.critical(message)
                    raise RuntimeError(f"{message} (flow {name!r})")
                content = Path(self.flow_script_path).read_bytes()
            else:
                content = flow_to_bytes_pickle(flow)
            self._request(self.build_request_http_method, {**self.build_request_kwargs, "data": content})
            self.logger.info("Successfully uploaded flow '%s'", name)
        return self

    def get_flow(self, flow_name: str) -> Flow:
        from prefect.storage import loading

        self._place_of(flow_name)
        self.logger.debug("Retrieving flow '%s'", flow_name)
        answer = self._request(self.get_flow_request_http_method, self.get_flow_request_kwargs)
        if self.stored_as_script:
            return loading.extract_flow_from_file(file_contents=answer.content.decode(), flow_name=flow_name)
        return loading.flow_from_bytes_pickle(answer.content)

    def _request(self, method: str, options: Mapping[str, Any]) -> Any:
        requests = import_needed("requests", install="requests", by="Webhook storage")
        filled = _fill(options)
        answer = requests.request(method, **{"timeout": 60, **filled})
        answer.raise_for_status()
        return answer


def _fill(value: Any) -> Any:
    """Replace the templates in all texts of nested values."""
    if isinstance(value, str):
        return _TEMPLATE.sub(lambda found: _value_of(found.group(1)), value)
    if isinstance(value, Mapping):
        return {key: _fill(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item) for item in value]
    return value


def _value_of(name: str) -> str:
    # What was read from a file ends with a line break, and errors about headers show what was in them.
    if name in os.environ:
        return os.environ[name].rstrip("\r\n")
    try:
        return str(Secret(name).get()).rstrip("\r\n")
    except (ValueError, KeyError) as error:
        raise RuntimeError(
            f"Template value '{name}' does not refer to an environment variable or Prefect secret."
        ) from error
