"""How the command behaves whatever it is given: streams, colours, exit codes, and never a traceback for a mistake."""

from __future__ import annotations

import json
import os
import pty
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest

from prefect import codes
from support.commands import PREFECT, clean_environment
from support.tls import make_certificate

# These do not end by themselves once they have begun, or ask at a terminal: only their options are tried.
GO_ON = {"prefect server start", "prefect dev", "prefect repl", "prefect heartbeat flow-run"}
VALUES = ("", "no-such-thing", "💥\nb", "../x", "-1", "9" * 40, "{", "\x00")
ENDLESS = {"watch", "follow", "detach", "schedule"}


def every_command() -> Iterator[tuple[str, click.Command]]:
    from prefect.cli import cli

    def walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=path)
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from walk(f"{path} {name}", found)
        else:
            yield path, command

    yield from walk("prefect", cli)


COMMANDS = dict(every_command())


def bad_calls(path: str, command: click.Command) -> Iterator[list[str]]:
    """Give wrong ways to call a command: too little, too much, and each option and argument with strange values."""
    places = [part for part in command.params if isinstance(part, click.Argument)]
    yield ["--no-such-option"]
    if path in GO_ON:
        return
    yield ["x"] * (len(places) + 3)
    for value in VALUES:
        yield ["--", *[value] * len(places)] if places else []
    options = [part for part in command.params if isinstance(part, click.Option) and part.name not in ENDLESS]
    for number, option in enumerate(options):
        for value in (VALUES[number % len(VALUES)], VALUES[(number + 3) % len(VALUES)]):
            given = [option.opts[0]] if option.is_flag else [option.opts[0], value]
            yield [*given, "--", *["x"] * len(places)]


# Clients of Docker and of AWS leave their connections to whoever collects them.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("path", COMMANDS)
def test_no_mistake_of_a_user_gives_a_traceback(path: str, invoke, api, tmp_path: Path, monkeypatch) -> None:
    api.on("create_tenant", {"errors": [{"message": "no", "extensions": {"code": "X"}}]})
    for name in ("EDITOR", "VISUAL", "BROWSER"):
        monkeypatch.setenv(name, "false")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("prefect.configuration.USER_CONFIG", str(tmp_path / "config.toml"))

    for arguments in bad_calls(path, COMMANDS[path]):
        done = invoke(*path.split()[1:], *arguments, input="")

        told = f"{path} {arguments}: {done.stdout}\n{done.stderr}"
        assert done.exception is None or isinstance(done.exception, SystemExit), told
        assert "Traceback" not in done.output, told
        assert done.exit_code in (0, 1, 2), told
        assert "\x1b" not in done.output, told
        if done.exit_code:
            assert done.stderr.strip(), told
            said = [line.split()[1] for line in done.stderr.splitlines() if line.startswith("code: ")]
            assert said or "Aborted!" in done.stderr or done.stderr.startswith(("Usage", "No ")), told
            assert set(said) <= set(codes.names()) | {"X"}, told
            assert "UNEXPECTED" not in said, told


# ----- colours


@pytest.mark.parametrize(
    ("settings", "at_a_terminal", "is_coloured"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("arguments", [["nope"], ["backend", "server"], ["delete", "project", "x"]], ids=" ".join)
def test_colours_are_where_a_terminal_is_unless_the_environment_says_otherwise(
    arguments: list[str], settings: dict[str, str], at_a_terminal: bool, is_coloured: bool, tmp_path: Path
) -> None:
    environment = {**clean_environment(tmp_path), "TERM": "xterm", "PREFECT__CLOUD__API": "nonsense", **settings}
    for name in {"NO_COLOR", "FORCE_COLOR"} - settings.keys():
        environment.pop(name, None)
    if at_a_terminal:
        said = said_at_a_terminal(arguments, environment)
    else:
        said = subprocess.run([*PREFECT, *arguments], env=environment, capture_output=True, timeout=60, check=False)
        said = said.stdout + said.stderr

    assert said.strip()
    assert (b"\x1b[3" in said) == (is_coloured and arguments != ["nope", "-"])
    assert is_coloured or b"\x1b" not in said


def said_at_a_terminal(arguments: list[str], environment: dict[str, str]) -> bytes:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PREFECT, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            said += part
        process.wait(60)
    os.close(ours)
    return said


# ----- settings


def test_settings_that_cannot_be_read_are_told_with_their_file(prefect, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[cloud\n")

    done = prefect("get", "flows")

    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}/config.toml is not valid TOML" in done.stderr
    assert "code: CONFIG_INVALID " in done.stderr
    assert "Traceback" not in done.stderr
    assert prefect("version").returncode == 0


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PREFECT__CLOUD__APIKEY", "PREFECT__CLOUD__API_KEY"),
        ("PREFECT_CLOUD__API", "PREFECT__CLOUD__API"),
        ("PREFECT__LOGING__LEVEL", "PREFECT__LOGGING__LEVEL"),
        ("PREFECT__BACKED", "PREFECT__BACKEND"),
        ("PREFECT__CLOUD__AGENT__LABLES", "PREFECT__CLOUD__AGENT__LABELS"),
    ],
)
def test_a_variable_that_is_almost_a_setting_is_told(prefect, name: str, meant: str) -> None:
    done = prefect("version", **{name: "secret-value"})

    assert done.returncode == 0
    assert done.stderr == f"warning: {name} is no setting and has no effect. Did you mean {meant}?\n"


@pytest.mark.parametrize(
    "name",
    [
        "PREFECT__MY__OWN",
        "PREFECT__CLOUD__API_KEY",
        "PREFECT__CONTEXT__SECRETS__API_KEY",
        "PREFECT_SERVER__SERVICES__PORT",
        "PREFECT__CLOUD",
    ],
)
def test_other_variables_are_not(prefect, name: str) -> None:
    assert prefect("version", **{name: "5"}).stderr == ""


def test_a_variable_of_another_kind_than_its_setting_is_refused(prefect) -> None:
    done = prefect("get", "flows", PREFECT__CLOUD__REQUEST_TIMEOUT="soon")

    assert done.returncode == 1
    assert "PREFECT__CLOUD__REQUEST_TIMEOUT: expected a number, got 'soon'." in done.stderr
    assert "code: CONFIG_INVALID " in done.stderr
    assert (
        "PREFECT__BACKEND: expected one of server, cloud, got 'mine'."
        in prefect("kv", "list", PREFECT__BACKEND="mine").stderr
    )
    assert prefect("version", PREFECT__LOGGING__LEVEL="10").returncode == 0


def test_a_setting_of_another_kind_in_a_file_is_named(prefect, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[cloud]\nrequest_timeout = 'soon'\n")

    done = prefect("get", "flows")

    assert f"{tmp_path}/config.toml: cloud.request_timeout: expected a number, got 'soon'." in done.stderr
    assert "code: CONFIG_INVALID " in done.stderr


# ----- the way to the server


@contextmanager
def answering(status: int, headers: dict[str, str], tls: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Answer every request with this status and these headers; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"data": {"flow": []}}).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # clients that do not trust it go away in the middle

    server = Quiet(("127.0.0.1", 0), Handler)
    scheme = "http"
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_certificate_that_nobody_trusts_is_told_and_trusted_when_it_is_named(prefect, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    none = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "")  # the machine may have its own
    with answering(200, {}, (certificate, key)) as address:
        prefect = partial(prefect, "get", "flows")
        unknown = prefect(PREFECT__CLOUD__API=address, **none)
        missing = prefect(PREFECT__CLOUD__API=address, **none | {"REQUESTS_CA_BUNDLE": "/no/such.pem"})
        unread = prefect(PREFECT__CLOUD__API=address, **none | {"SSL_CERT_FILE": "/no/such.pem"})
        trusted = [prefect(PREFECT__CLOUD__API=address, **none | {name: str(certificate)}) for name in none]

    assert unknown.returncode == 1
    assert "its certificate is not trusted: self-signed certificate" in unknown.stderr
    assert "hint: Name the file of the authority (PEM) that signed it in SSL_CERT_FILE or REQUESTS_CA_BUNDLE." in (
        unknown.stderr
    )
    assert "code: CERTIFICATE_NOT_TRUSTED " in unknown.stderr
    assert "REQUESTS_CA_BUNDLE names /no/such.pem, which cannot be read" in missing.stderr
    assert "code: CERTIFICATES_UNREADABLE " in missing.stderr
    assert "SSL_CERT_FILE names /no/such.pem, which cannot be read" in unread.stderr
    assert [done.returncode for done in trusted] == [0, 0, 0], trusted


def test_tls_that_is_not_spoken_is_told(prefect) -> None:
    with answering(200, {}) as address:
        done = prefect("get", "flows", PREFECT__CLOUD__API=address.replace("http:", "https:"))

    assert "does not speak TLS" in done.stderr
    assert "code: NOT_TLS " in done.stderr


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_named_without_what_may_be_a_token(prefect, status: int) -> None:
    with answering(status, {"Location": "https://u:pw@elsewhere.example/login?token=geheim"}) as address:
        done = prefect("get", "flows", PREFECT__CLOUD__API=address)

    assert done.returncode == 1
    assert f"{address} answered with a redirect ({status}) to https://elsewhere.example/login" in done.stderr
    assert "prefect config set server.endpoint https://elsewhere.example" in done.stderr
    assert "code: REDIRECTED " in done.stderr
    assert "geheim" not in done.stderr
    assert "pw" not in done.stderr


# ----- codes


def test_a_code_is_explained(prefect) -> None:
    done = prefect("explain", "server-unreachable")
    listed = prefect("explain")
    unknown = prefect("explain", "SERVR_UNREACHABLE")

    assert done.stdout.startswith("SERVER_UNREACHABLE\n\nNothing answers")
    assert "Remedies" in done.stdout
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(codes.names())
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "hint: Did you mean SERVER_UNREACHABLE?" in unknown.stderr


def test_a_refusal_of_the_server_has_its_code_and_hint(served) -> None:
    done = served("delete", "flow-run", "no-such-run")
    absent = served("delete", "project", "no-such-project")

    assert done.returncode == 1
    assert "code: " in done.stderr
    assert "code: NOT_FOUND " in absent.stderr
    assert "hint: " in absent.stderr
