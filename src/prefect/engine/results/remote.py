"""What results in an object store of somebody's cloud have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from prefect.engine.results.places import check_filled_key, check_key
from prefect.model.result import Result


class RemoteResult(Result):
    """A value in an object that is uploaded and downloaded whole; a subclass says how."""

    reads_empty_as_none: ClassVar[bool] = True
    """Whether an empty object means None; otherwise the serializer has to read it."""

    def write(self, /, value_: Any, **kwargs: Any) -> Self:
        """Write a value to this result's location, filled in with ``kwargs``; what is there is replaced."""
        new = self.format(**kwargs)
        new.value = value_
        self.logger.debug("Starting to upload result to %s...", new.location)
        self._upload(new.location, self.serializer.serialize(value_))
        self.logger.debug("Finished uploading result to %s.", new.location)
        return new

    def read(self, location: str) -> Self:
        """Give a new result with the value of the object ``location``."""
        new = self.copy()
        new.location = location
        self.logger.debug("Starting to download result from %s...", location)
        data = self._download(location)
        new.value = None if self.reads_empty_as_none and not data else self.serializer.deserialize(data)
        self.logger.debug("Finished downloading result from %s.", location)
        return new

    def check_location(self, location: str) -> None:
        """Refuse an object whose name does not begin as this result's location does.

        Raises:
            ValueError: it does not.
        """
        check_key(location, self._template)

    def _check_filled(self, location: str, values: Mapping[str, Any]) -> None:
        check_filled_key(location, self._template, values)

    def _upload(self, location: str | None, data: bytes) -> None:
        """Put the object there."""
        raise NotImplementedError

    def _download(self, location: str) -> bytes:
        """Get what the object holds."""
        raise NotImplementedError
