from __future__ import annotations

import http.server
import io
import json
import subprocess
import sys
import threading
from datetime import timedelta

import click
import pytest
from click.testing import CliRunner

from prefect._version import __version__
from prefect.utilities.agent import get_flow_image, get_flow_run_command
from prefect.utilities.backend import backend_path, load_backend, save_backend
from prefect.utilities.cli import add_options
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from prefect.utilities.datetimes import retry_delay
from prefect.utilities.debug import is_serializable, raise_on_exception
from prefect.utilities.diagnostics import config_overrides, diagnostic_info, environment_variables, system_information
from prefect.utilities.filesystems import parse_path, read_bytes_from_path
from prefect.utilities.git import TemporaryGitRepo
from prefect.utilities.graphql import GraphQLResult
from prefect.utilities.importtools import import_object
from prefect.utilities.plugins import API, MODELS, PLUGINS, register_api, register_model, register_plugin
from prefect.utilities.serialization import from_qualified_name, to_qualified_name
from prefect.utilities.slugs import slugify


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Hello World", "hello-world"),
        ("a_b.c", "a-b-c"),
        ("x  --y ", "x-y"),
        ("É à ñ", "e-a-n"),
        ("don't", "don-t"),
        ("A/B:C", "a-b-c"),
        ("İstanbul", "istanbul"),
        ("straße æ ø", "strasse-ae-o"),
        ("1,000.5", "1000-5"),
        ("  ", ""),
    ],
)
def test_slugs(text, slug):
    assert slugify(text) == slug


def test_retry_delays():
    assert [retry_delay(timedelta(seconds=10))(run) for run in (1, 2, 9)] == [timedelta(seconds=10)] * 3
    growing = retry_delay(seconds=10, exponential_backoff=True, max_delay=timedelta(minutes=1))
    assert [growing(run).total_seconds() for run in range(1, 7)] == [10, 10, 20, 40, 60, 60]
    assert retry_delay(days=10_000, exponential_backoff=True)(10_000) == timedelta(hours=2)


def test_a_retry_delay_needs_an_interval_or_keywords():
    with pytest.raises(ValueError, match="Provide either an interval or interval keywords"):
        retry_delay()
    with pytest.raises(ValueError, match="but not both"):
        retry_delay(timedelta(1), seconds=1)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a/b", ("file", "", "a/b")),
        ("/a/b", ("file", "", "/a/b")),
        ("file:///a/b", ("file", "", "/a/b")),
        ("local:///a", ("file", "", "/a")),
        ("agent:///x/y", ("agent", "", "/x/y")),
        ("s3://bucket/k/x", ("s3", "bucket", "/k/x")),
        ("gs://b/k", ("gs", "b", "/k")),
        ("http://h/p?q=1", ("http", "h", "/p")),
        ("C:\\x\\y", ("file", "", "C:\\x\\y")),
    ],
)
def test_paths_are_taken_apart(path, parts):
    assert tuple(parse_path(path)) == parts


def test_files_are_read_by_path_and_scheme(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"hi")
    for address in (f"{path}", f"file://{path}", f"local://{path}", f"agent://{path}"):
        assert read_bytes_from_path(address) == b"hi"
    with pytest.raises(FileNotFoundError):
        read_bytes_from_path(str(tmp_path / "none"))
    with pytest.raises(ValueError, match="Unsupported file scheme ftp://x/y"):
        read_bytes_from_path("ftp://x/y")


def test_files_are_read_over_http(tmp_path):
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/file?x=1" else 404)
            self.end_headers()
            self.wfile.write(b"over http")

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        try:
            assert read_bytes_from_path(f"{address}/file?x=1") == b"over http"
            with pytest.raises(OSError, match="answered with status 404"):
                read_bytes_from_path(f"{address}/none")
        finally:
            server.shutdown()
            thread.join()


def test_objects_are_imported_by_name():
    import os.path

    assert import_object("os.path") is os.path
    assert import_object("os.path.join") is os.path.join
    with pytest.raises(ModuleNotFoundError):
        import_object("no_such_module.x")
    with pytest.raises(ModuleNotFoundError):
        import_object("no_such_module")
    with pytest.raises(AttributeError):
        import_object("os.no_such_name")
    with pytest.raises(ValueError, match="Empty module name"):
        import_object("")


def test_a_module_that_lacks_its_own_import_tells_so(tmp_path, monkeypatch):
    (tmp_path / "lacking.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        import_object("lacking")


def test_qualified_names_go_both_ways():
    assert to_qualified_name(click.Command.main) == f"click.core.{click.Command.main.__qualname__}"
    assert from_qualified_name("click.core.Command.main") is click.Command.main
    assert from_qualified_name("click") is click
    assert "pyclbr" not in sys.modules
    for name in ("pyclbr.readmodule", "click.no_such", "no_such.x"):
        with pytest.raises(ValueError, match=f"Couldn't load \"{name}\"; maybe it hasn't been imported yet"):
            from_qualified_name(name)
    with pytest.raises(AttributeError):
        to_qualified_name(object())


def test_pickling_is_tried_in_another_process():
    assert is_serializable(1)
    assert is_serializable(lambda: 1)
    assert not is_serializable(threading.Lock())
    with pytest.raises(TypeError, match="cannot pickle"):
        is_serializable(threading.Lock(), raise_on_error=True)


class _OnlyHere:
    """Pickles, but cannot be read where this test module cannot be imported."""

    def __reduce__(self) -> tuple:
        return int, ("no number",)


def test_what_cannot_be_read_again_is_not_serializable():
    assert not is_serializable(_OnlyHere())
    with pytest.raises(subprocess.CalledProcessError, check=lambda error: "Traceback" in error.stderr.decode()):
        is_serializable(_OnlyHere(), raise_on_error=True)


def test_exceptions_leave_a_flow_when_asked():
    with raise_on_exception():
        assert context.raise_on_exception is True
    assert "raise_on_exception" not in context


def test_the_backend_is_kept_in_a_file(tmp_path):
    with set_temporary_config({"home_dir": str(tmp_path / "home")}):
        assert load_backend() == {}
        save_backend("cloud")
        assert load_backend() == {"backend": "cloud"}
        assert backend_path().read_text() == 'backend = "cloud"\n'


def _flow_run(run_config: dict | None = None, **flow: object) -> GraphQLResult:
    return GraphQLResult(
        flow={"storage": {"type": "Local"}, "core_version": "1.4.1+12.g", **flow}, run_config=run_config
    )


@pytest.mark.parametrize(
    ("flow_run", "default", "image"),
    [
        (_flow_run(), None, "prefecthq/prefect:1.4.1"),
        (_flow_run(core_version=None), None, "prefecthq/prefect:latest"),
        (_flow_run(), "mine", "mine"),
        (_flow_run({"type": "KubernetesRun", "image": "k"}), "mine", "k"),
        (_flow_run({"type": "DockerRun", "image": "k"}, storage={"type": "Docker", "registry_url": "r/", "image_name": "i", "image_tag": "t"}), None, "r/i:t"),  # noqa: E501
        (_flow_run(storage={"type": "Docker", "registry_url": None, "image_name": "i", "image_tag": "t"}), None, "i:t"),
        (_flow_run({"type": "LocalRun"}), None, "prefecthq/prefect:1.4.1"),
    ],
)  # fmt: skip
def test_the_image_of_a_flow_run(flow_run, default, image):
    assert get_flow_image(flow_run, default=default) == image


@pytest.mark.parametrize(
    ("version", "command"),
    [
        ("1.4.1+9", "flow-run"),
        ("0.13.0", "flow-run"),
        ("0.12.6", "cloud-flow"),
        (None, "cloud-flow"),
        ("1.0rc1", "flow-run"),
    ],
)
def test_the_command_of_a_flow_run(version, command):
    assert get_flow_run_command(_flow_run(core_version=version)) == f"prefect execute {command}"


def test_shared_options_are_shown_in_their_order():
    @click.command()
    @add_options([click.option("--first"), click.option("--second")])
    def command(first: str, second: str) -> None:
        click.echo(f"{first} {second}")

    assert CliRunner().invoke(command, ["--first", "1", "--second", "2"]).output == "1 2\n"
    shown = CliRunner().invoke(command, ["--help"]).output
    assert shown.index("--first") < shown.index("--second")


def test_plugins_are_registered_by_dotted_name():
    import prefect

    for register, registry in ((register_api, API), (register_model, MODELS), (register_plugin, PLUGINS)):

        @register("deep.thing")
        class Thing:
            pass

        assert registry.deep.thing is Thing
        registry.clear()
    assert (prefect.api, prefect.models, prefect.plugins) == (API, MODELS, PLUGINS)
    assert prefect.plugins is PLUGINS


def test_diagnostics_name_what_is_set_but_no_value(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text(
        '[cloud]\napi_key = "hidden value"\nrequest_timeout = 0\n[context.secrets]\nNAME = "hidden value"\n'
    )
    monkeypatch.setattr("prefect.configuration.USER_CONFIG", str(path))
    monkeypatch.setenv("PREFECT__CLOUD__API_KEY", "hidden value")
    text = diagnostic_info()
    assert "hidden value" not in text
    assert "NAME" not in text
    told = json.loads(text)
    assert told["config_overrides"]["cloud"] == {"api_key": True, "request_timeout": False}
    assert "PREFECT__CLOUD__API_KEY" in environment_variables()["env_vars"]
    assert system_information()["system_information"]["prefect_version"] == __version__
    assert config_overrides(include_secret_names=True)["config_overrides"]["context"] == {"secrets": {"NAME": True}}


def test_a_git_repository_takes_a_branch_or_a_tag():
    with pytest.raises(ValueError, match="not both"):
        TemporaryGitRepo("url", branch_name="a", tag="b")


def test_a_file_object_is_no_path():
    with pytest.raises((ValueError, OSError)):
        read_bytes_from_path(io.BytesIO(b"x"))
