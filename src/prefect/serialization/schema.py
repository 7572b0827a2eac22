"""What all Schema classes have: one object or many, JSON objects or text, all fields or some."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from prefect.model import codec


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "__version__"}


class Schema:
    """Turns objects of one kind into JSON objects and back.

    Args:
        many: lists instead of single objects, unless a call says otherwise.
        only: the fields that ``dump`` gives; all when absent.
        exclude: fields that it leaves out.
        context, load_only, dump_only, partial, unknown: taken as in 1.x, without effect: no field is loaded or dumped
            only, and unknown fields are always ignored.
    """

    def __init__(
        self,
        *,
        many: bool = False,
        only: Iterable[str] | None = None,
        exclude: Iterable[str] = (),
        context: dict[str, Any] | None = None,
        load_only: Iterable[str] = (),
        dump_only: Iterable[str] = (),
        partial: bool = False,
        unknown: str | None = None,
    ) -> None:
        self.context = context or {}
        self.many = many
        self.only = None if only is None else {*only, "type", "__version__"}
        self.exclude = set(exclude)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Give the JSON object of ``obj``, or with ``many`` the list of those of its items."""
        if self.many if many is None else many:
            return [self._chosen(self._dump(item)) for item in obj]
        return self._chosen(self._dump(obj))

    def dumps(self, obj: Any, *, many: bool | None = None) -> str:
        """Give the same as JSON text."""
        return json.dumps(self.dump(obj, many=many))

    def load(
        self,
        data: Any,
        create_object: bool = True,
        *,
        many: bool | None = None,
        partial: bool | None = None,
        unknown: str | None = None,
    ) -> Any:
        """Make the object, or with ``many`` the list of objects, that JSON data describes.

        Args:
            create_object: False gives the fields of the data, checked, without ``__version__``.

        Raises:
            ValueError: names what is missing or wrong.
        """
        loaded = self._load_all(data, many)
        if create_object:
            return loaded
        return [_fields(item) for item in data] if isinstance(data, list) else _fields(data)

    def _load_all(self, data: Any, many: bool | None) -> Any:
        if self.many if many is None else many:
            if not isinstance(data, list):
                raise ValueError(f"Invalid data: expected a list, not {type(data).__name__}")
            return [self._load_all(item, False) for item in data]
        if not isinstance(data, Mapping):
            raise ValueError(f"Invalid data: expected a JSON object, not {type(data).__name__}")
        return self._load(data)

    def loads(self, json_data: str | bytes, *, many: bool | None = None, **options: Any) -> Any:
        """Make the same of JSON text."""
        return self.load(json.loads(json_data), many=many, **options)

    def validate(self, data: Any, *, many: bool | None = None, partial: bool | None = None) -> dict[str, list[str]]:
        """Say what is wrong with JSON data; an empty answer means nothing."""
        try:
            self.load(data, many=many)
        except ValueError as error:
            return {"_schema": [str(error)]}
        return {}

    def _chosen(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in fields.items() if (self.only is None or k in self.only) and k not in self.exclude}

    def _dump(self, obj: Any) -> dict[str, Any]:
        return codec.dump(obj)

    def _load(self, data: Mapping[str, Any]) -> Any:
        raise NotImplementedError


class FamilySchema(Schema):
    """A Schema over one family of the codec."""

    family: str

    def _load(self, data: Mapping[str, Any]) -> Any:
        return codec.load(self.family, data)


class KindSchema(Schema):
    """A Schema over one class of a family: its JSON needs no ``type``, and whatever ``type`` it has does not matter."""

    family: str
    kind: str

    def _dump(self, obj: Any) -> dict[str, Any]:
        return {name: value for name, value in codec.dump(obj).items() if name != "type"}

    def _load(self, data: Mapping[str, Any]) -> Any:
        return codec.load(self.family, {**data, "type": self.kind})


def schemas_of(module: str, family: str, kinds: Iterable[str]) -> dict[str, type[KindSchema]]:
    """Make the Schema classes of the classes of a family: ``SuccessSchema`` for ``Success``, and so on."""
    return {
        f"{kind}Schema": type(
            f"{kind}Schema",
            (KindSchema,),
            {"family": family, "kind": kind, "__module__": module, "__doc__": f"Loads and dumps {kind} objects."},
        )
        for kind in kinds
    }
