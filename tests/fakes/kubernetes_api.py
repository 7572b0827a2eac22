"""A fake of the Kubernetes API, written for the tests of the agent: a real HTTP server, and nothing of Kubernetes.

It knows jobs, pods and events of namespaces: create, read, list (by label or field, in pages), delete; 404, 409 and 422
as the real one answers them, as far as the agent can tell. Nothing is scheduled and nothing runs: the tests say what
becomes of a job. That the agent works with it does not show that it works with a cluster.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATH = re.compile(r"/(?:api|apis/batch)/v1/namespaces/([^/]+)/(jobs|pods|events)(?:/([^/]+))?")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
KINDS = {"jobs": ("batch/v1", "Job"), "pods": ("v1", "Pod"), "events": ("v1", "Event")}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

Object = dict[str, Any]


class Refusal(Exception):
    """An answer of kind Status."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        self.code = code
        self.status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
        self.status["message"] = message


class FakeKubernetes:
    """The state of the cluster that is not there, and the hands of the test that moves it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.objects: dict[tuple[str, str], dict[str, Object]] = {}
        self.lost_answers = 0
        """So many of the next requests that write are done, and their connection is closed without an answer."""
        self.requests: list[tuple[str, str]] = []
        self._made = 0
        self.url = ""

    def jobs(self, namespace: str = "default") -> list[Object]:
        with self.lock:
            return list(self.objects.get((namespace, "jobs"), {}).values())

    def add_pod(self, job: Object, phase: str, *containers: Object, name: str = "pod") -> str:
        """Add a pod of a job; ``containers`` are states, such as ``{"waiting": {"reason": "ErrImagePull"}}``."""
        labels = job["spec"]["template"]["metadata"]["labels"]
        statuses = [
            {"name": f"c{number}", "state": state, "image": "i", "imageID": "", "ready": False, "restartCount": 0}
            for number, state in enumerate(containers)
        ]
        pod = {"metadata": {"name": name, "labels": labels}, "spec": job["spec"]["template"]["spec"]}
        pod["status"] = {"phase": phase, "containerStatuses": statuses}
        self._put(job["metadata"]["namespace"], "pods", pod)
        return name

    def add_event(self, pod: str, reason: str, message: str, at: datetime, namespace: str = "default") -> None:
        event = {
            "metadata": {"name": f"{pod}.{uuid.uuid4().hex}"},
            "involvedObject": {"kind": "Pod", "name": pod, "namespace": namespace},
            "reason": reason,
            "message": message,
            "lastTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self._put(namespace, "events", event)

    def set_status(self, job: Object, **status: Any) -> None:
        with self.lock:
            job["status"] = status

    # ----- what the API does

    def create(self, namespace: str, kind: str, body: Object) -> Object:
        name = body.get("metadata", {}).get("name", "")
        if not NAME.fullmatch(name):
            raise Refusal(422, "Invalid", f'Job.batch "{name}" is invalid: metadata.name')
        pod = body["spec"]["template"]["spec"]
        if pod.get("restartPolicy") not in ("Never", "OnFailure"):
            raise Refusal(422, "Invalid", f'Job.batch "{name}" is invalid: spec.template.spec.restartPolicy')
        if not all(container.get("name") and container.get("image") for container in pod["containers"]):
            raise Refusal(422, "Invalid", f'Job.batch "{name}" is invalid: spec.template.spec.containers[0].image')
        values = [entry.get("value", "") for container in pod["containers"] for entry in container.get("env", [])]
        if not all(isinstance(value, str) for value in values):
            raise Refusal(400, "BadRequest", "Job in version v1 cannot be handled: env value is no string")
        with self.lock:
            if name in self.objects.get((namespace, kind), {}):
                raise Refusal(409, "AlreadyExists", f'jobs.batch "{name}" already exists')
            body.setdefault("status", {})
            return self._put(namespace, kind, body)

    def read(self, namespace: str, kind: str, name: str) -> Object:
        with self.lock:
            found = self.objects.get((namespace, kind), {}).get(name)
        if found is None:
            raise Refusal(404, "NotFound", f'{kind} "{name}" not found')
        return found

    def listed(self, namespace: str, kind: str, query: dict[str, str]) -> Object:
        with self.lock:
            found = list(self.objects.get((namespace, kind), {}).values())
        found = [item for item in found if _matches(item, query)]
        start, limit = int(query.get("continue", 0)), int(query.get("limit", len(found) or 1))
        more = start + limit < len(found)
        version, name = KINDS[kind]
        return {
            "apiVersion": version,
            "kind": f"{name}List",
            "metadata": {"resourceVersion": str(self._made), **({"continue": str(start + limit)} if more else {})},
            "items": found[start : start + limit],
        }

    def delete(self, namespace: str, kind: str, name: str) -> Object:
        found = self.read(namespace, kind, name)
        with self.lock:
            del self.objects[namespace, kind][name]
            selector = found["metadata"].get("labels", {}).get("prefect.io/identifier")
            pods = self.objects.get((namespace, "pods"), {})
            for pod in list(pods.values()):
                if pod["metadata"]["labels"].get("prefect.io/identifier") == selector:
                    del pods[pod["metadata"]["name"]]
        return {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def _put(self, namespace: str, kind: str, body: Object) -> Object:
        with self.lock:
            self._made += 1
            version, name = KINDS[kind]
            body |= {"apiVersion": version, "kind": name}
            body["metadata"] |= {
                "namespace": namespace,
                "uid": str(uuid.uuid4()),
                "resourceVersion": str(self._made),
                "creationTimestamp": (LONG_AGO + timedelta(seconds=self._made)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            self.objects.setdefault((namespace, kind), {})[body["metadata"]["name"]] = body
            return body


def _matches(item: Object, query: dict[str, str]) -> bool:
    labels = item["metadata"].get("labels", {})
    for requirement in filter(None, query.get("labelSelector", "").split(",")):
        key, equals, value = requirement.partition("=")
        if key not in labels or (equals and labels[key] != value.lstrip("=")):
            return False
    for requirement in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, value = requirement.partition("=")
        found: Any = item
        for part in path.split("."):
            found = found.get(part, {})
        if found != value:
            return False
    return True


@contextmanager
def fake_kubernetes() -> Iterator[FakeKubernetes]:
    """Serve a fake on a port of this machine for the length of a ``with`` block."""
    fake = FakeKubernetes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_kubeconfig(fake: FakeKubernetes, path: Path) -> Path:
    """Write a kubeconfig that leads to the fake."""
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "fake",
                "clusters": [{"name": "fake", "cluster": {"server": fake.url}}],
                "users": [{"name": "nobody", "user": {}}],
                "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "nobody"}}],
            }
        )
    )
    return path


def _handler(fake: FakeKubernetes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body are two writes; held back, each answer would take 40 ms.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:  # noqa: N802,RUF100 - the name that the base class calls
            def answer(namespace: str, kind: str, name: str | None, query: dict[str, str]) -> Object:
                return fake.read(namespace, kind, name) if name else fake.listed(namespace, kind, query)

            self._do(200, answer)

        def do_POST(self) -> None:  # noqa: N802,RUF100 - as above
            body = json.loads(self._body())
            self._do(201, lambda namespace, kind, name, query: fake.create(namespace, kind, body))

        def do_DELETE(self) -> None:  # noqa: N802,RUF100 - as above
            self._body()
            self._do(200, lambda namespace, kind, name, query: fake.delete(namespace, kind, name or ""))

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _do(self, code: int, work: Any) -> None:
            parts = urlsplit(self.path)
            fake.requests.append((self.command, self.path))
            matched = PATH.fullmatch(parts.path)
            try:
                if matched is None:
                    raise Refusal(404, "NotFound", "the server could not find the requested resource")
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                answer = work(matched[1], matched[2], matched[3], query)
            except Refusal as refusal:
                code, answer = refusal.code, refusal.status
            if self.command != "GET" and fake.lost_answers:
                fake.lost_answers -= 1
                self.close_connection = True
                return
            data = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002,RUF100 - the base class's name
            """Write no line for each request."""

    return Handler
