"""What the tasks for Kubernetes share: the six things that can be done with each kind of object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask

#: For connecting, and for each pause within an answer; ``_request_timeout`` in ``kube_kwargs`` wins.
TIMEOUT_SECONDS = 60.0
KINDS = ("deployment", "job", "pod", "secret", "service")


class KubernetesTask(DeclaredTask):
    """A task for one namespace.

    Args:
        kube_kwargs: further arguments of the call of the API.
        kubernetes_api_key_secret: name of the secret with an API key; without such a secret, or with None, the
            credentials are those of the cluster around us, else of the local kubeconfig.
    """

    empties: ClassVar[dict[str, type]] = {"kube_kwargs": dict, "body": dict}
    packages: ClassVar[tuple[str, ...]] = ("kubernetes",)
    pieces: ClassVar[tuple[str, ...]] = ("namespace", *(f"{kind}_name" for kind in KINDS))
    kind: ClassVar[str] = "pod"
    changes: ClassVar[bool] = False
    namespace: str = "default"
    kube_kwargs: dict[str, Any] | None = None
    kubernetes_api_key_secret: str | None = "KUBERNETES_API_KEY"  # noqa: S105 - the name of a secret

    @contextmanager
    def api(self, kind: str | None = None) -> Iterator[Any]:
        """Give the API object for a kind; its connections are closed afterwards.

        Raises:
            ValueError: there is no secret of the name that was given.
        """
        from prefect.utilities.kubernetes import get_kubernetes_client

        self.module("kubernetes")
        name = self.kubernetes_api_key_secret
        key = None
        if name == "KUBERNETES_API_KEY":
            key = self.optional_secret(name)
        elif name:
            key = self.secret_value(name, "kubernetes_api_key_secret")
        api = (self.carried("get_kubernetes_client") or get_kubernetes_client)(kind or self.kind, None, api_key=key)
        try:
            yield api
        finally:
            api.api_client.rest_client.pool_manager.clear()

    @property
    def extra(self) -> dict[str, Any]:
        return self.kube_kwargs or {}

    def call(self, verb: str, **arguments: Any) -> Any:
        """Call ``<verb>_namespaced_<kind>`` of the API."""
        with self.api() as api:
            method: Callable[..., Any] = getattr(api, f"{verb}_namespaced_{self.kind}")
            return method(
                **{"_request_timeout": TIMEOUT_SECONDS, "namespace": self.namespace, **arguments, **self.extra}
            )

    @property
    def object_name(self) -> str:
        """The name of the object."""
        name: str = getattr(self, f"{self.kind}_name")
        return name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "needs" in cls.__dict__:
            return
        # What is needed follows from the arguments; the sentences are those of 1.x.
        arguments, name, patch = cls._run_arguments or (), f"{cls.kind}_name", " patch" if cls.changes else ""
        needs = {}
        if "body" in arguments:
            needs["body"] = f"A dictionary representing a V1{cls.kind.capitalize()}{patch} must be provided."
        if name in arguments:
            needs[name] = f"The name of a Kubernetes {cls.kind} must be provided."
        cls.needs = needs


class Create(KubernetesTask, args="body namespace kube_kwargs kubernetes_api_key_secret"):
    """Creates an object.

    Args:
        body: the object, as a mapping.
    """

    body: dict[str, Any] | None = None

    def work(self) -> None:
        """Create the object."""
        self.call("create", body=self.body)


class List(KubernetesTask, args="namespace kube_kwargs kubernetes_api_key_secret"):
    """Lists the objects of a namespace."""

    def work(self) -> Any:
        """List the objects, as the kubernetes package gives them."""
        return self.call("list")


class Named(KubernetesTask):
    """A task for one object, whose name is given as ``<kind>_name``."""


class Delete(Named):
    """Deletes an object.

    Args:
        delete_option_kwargs: fields of ``V1DeleteOptions``, such as ``propagation_policy``.
    """

    delete_option_kwargs: dict[str, Any] | None = None

    def work(self) -> None:
        """Delete the object."""
        name = self.object_name
        options = self.module("kubernetes.client").V1DeleteOptions(**(self.delete_option_kwargs or {}))
        self.call("delete", name=name, body=options)


class Read(Named):
    """Gives an object."""

    def work(self) -> Any:
        """Read the object, as the kubernetes package gives it."""
        return self.call("read", name=self.object_name)


class Patch(Named):
    """Changes fields of an object.

    Args:
        body: the fields, as a mapping.
    """

    changes: ClassVar[bool] = True
    body: dict[str, Any] | None = None

    def work(self) -> None:
        """Change the object."""
        self.call("patch", name=self.object_name, body=self.body)


class Replace(Named):
    """Puts another object in the place of one.

    Args:
        body: the new object, as a mapping.
    """

    body: dict[str, Any] | None = None

    def work(self) -> None:
        """Replace the object."""
        self.call("replace", name=self.object_name, body=self.body)
