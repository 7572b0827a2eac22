"""Bytes <-> value: what a Result uses to write a value to a file, a bucket or a database."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from prefect.model.codec import public

__all__ = [
    "CompressedSerializer",
    "DateTimeSerializer",
    "JSONSerializer",
    "PandasSerializer",
    "PickleSerializer",
    "Serializer",
]

_public = public("prefect.engine.serializers")


@_public
class Serializer:
    """Turns values into bytes and back; subclasses give both methods."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    __hash__ = None  # type: ignore[assignment]

    def serialize(self, value: Any) -> bytes:
        """Give the bytes of ``value``."""
        raise NotImplementedError

    def deserialize(self, value: bytes) -> Any:
        """Give the value of the bytes that ``serialize`` gave."""
        raise NotImplementedError


@_public
class PickleSerializer(Serializer):
    """cloudpickle; also reads a pickle that was encoded as base64."""

    def serialize(self, value: Any) -> bytes:
        import cloudpickle  # 20 ms: only when a value is written

        data: bytes = cloudpickle.dumps(value)
        return data

    def deserialize(self, value: bytes) -> Any:
        import cloudpickle

        try:
            return cloudpickle.loads(value)
        except Exception as error:
            import base64

            try:
                data = base64.b64decode(value, validate=True)
            except ValueError:  # that of binascii is one
                raise error from None
            if not data:
                raise
            try:
                return cloudpickle.loads(data)
            except Exception:
                # What the bytes failed with as they are says more than what their decoding fails with.
                raise error from None


@_public
class JSONSerializer(Serializer):
    """UTF-8 JSON by the standard library."""

    def serialize(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def deserialize(self, value: bytes) -> Any:
        return json.loads(value)


@_public
class DateTimeSerializer(Serializer):
    """Times as ISO 8601 text; they come back as ``pendulum.DateTime``."""

    def serialize(self, value: Any) -> bytes:
        import pendulum

        if not isinstance(value, datetime):
            raise ValueError(f"DateTimeSerializer only accepts datetime objects, not {type(value).__name__}")
        return pendulum.instance(value).to_iso8601_string().encode()

    def deserialize(self, value: bytes) -> Any:
        from prefect.model.user_time import parse

        return parse(value.decode() if isinstance(value, bytes | bytearray) else value)


@_public
class PandasSerializer(Serializer):
    """DataFrames by ``DataFrame.to_<file_type>`` and ``pandas.read_<file_type>``.

    Args:
        file_type: the ending of both names, such as ``csv``, ``json``, ``parquet``.
        deserialize_kwargs: handed to the reading function.
        serialize_kwargs: handed to the writing method.

    Raises:
        ValueError: pandas does not both read and write this type.
    """

    def __init__(
        self,
        file_type: str,
        deserialize_kwargs: dict[str, Any] | None = None,
        serialize_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.file_type = file_type
        self.deserialize_kwargs = deserialize_kwargs or {}
        self.serialize_kwargs = serialize_kwargs or {}
        pandas = importlib.import_module("pandas")
        if not hasattr(pandas, f"read_{file_type}"):
            raise ValueError(f"{file_type!r} is unsupported by pandas: there is no `pandas.read_{file_type}`")
        if not hasattr(pandas.DataFrame, f"to_{file_type}"):
            raise ValueError(f"{file_type!r} is unsupported by pandas: there is no `DataFrame.to_{file_type}`")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None

    def serialize(self, value: Any) -> bytes:
        import io

        write = getattr(value, f"to_{self.file_type}")
        # Some writers take bytes, some text; a text writer refuses the first kind of buffer with a TypeError.
        binary = io.BytesIO()
        try:
            write(binary, **self.serialize_kwargs)
            return binary.getvalue()
        except TypeError:
            text = io.StringIO()
            write(text, **self.serialize_kwargs)
            return text.getvalue().encode()

    def deserialize(self, value: bytes) -> Any:
        import io

        read = getattr(importlib.import_module("pandas"), f"read_{self.file_type}")
        return read(io.BytesIO(value), **self.deserialize_kwargs)


COMPRESSIONS = "'bz2', 'gzip', 'lzma', 'zlib'"


@_public
class CompressedSerializer(Serializer):
    """Another serializer's bytes, compressed.

    Args:
        serializer: gives the bytes.
        format: ``bz2``, ``gzip``, ``lzma``, ``zlib``, or any module with ``compress`` and ``decompress``.
        compress: instead of ``format``, together with ``decompress``: bytes -> bytes.
        decompress: its reverse.
        compress_kwargs: handed to ``compress``.
        decompress_kwargs: handed to ``decompress``.

    Raises:
        ValueError: both or neither of ``format`` and the two functions.
        ImportError: no module of that name.
    """

    def __init__(
        self,
        serializer: Serializer,
        format: str | None = None,
        compress: Callable[..., bytes] | None = None,
        decompress: Callable[..., bytes] | None = None,
        compress_kwargs: dict[str, Any] | None = None,
        decompress_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self._serializer = serializer
        if format is not None and (compress is not None or decompress is not None):
            raise ValueError("You must specify either `format` or `compress`/`decompress`, but not both.")
        if format is not None:
            compress, decompress = self.compression_from_lib(format)
        if compress is None or decompress is None:
            raise ValueError("You must specify either `format` or `compress`/`decompress`.")
        self._compress = functools.partial(compress, **(compress_kwargs or {}))
        self._decompress = functools.partial(decompress, **(decompress_kwargs or {}))

    @staticmethod
    def compression_from_lib(compression_format: str) -> tuple[Callable[..., bytes], Callable[..., bytes]]:
        """Give the functions ``compress`` and ``decompress`` of a module.

        Raises:
            ImportError: there is no such module.
            ValueError: it has no such functions.
        """
        try:
            library = importlib.import_module(compression_format)
        except ImportError as error:
            raise ImportError(
                f"Compression module for {compression_format!r} is not installed. Did you mean to use one of "
                f"{COMPRESSIONS}?"
            ) from error
        try:
            return library.compress, library.decompress
        except AttributeError as error:
            raise ValueError(
                f"The module {compression_format!r} does not have the functions 'compress' and 'decompress'. Give "
                f"those of another library as `compress` and `decompress`, or take one of {COMPRESSIONS}."
            ) from error

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CompressedSerializer)
            and type(self) is type(other)
            and self._serializer == other._serializer
            and _parts(self._compress) == _parts(other._compress)
            and _parts(self._decompress) == _parts(other._decompress)
        )

    __hash__ = None

    def serialize(self, value: Any) -> bytes:
        return self._compress(self._serializer.serialize(value))

    def deserialize(self, value: bytes) -> Any:
        return self._serializer.deserialize(self._decompress(value))


def _parts(function: functools.partial[bytes]) -> tuple[Any, ...]:
    return function.func, function.args, function.keywords
