"""Being the process of a flow run in a fork: all that a new interpreter would have been given, without its start.

Whoever forks has loaded this package and nothing of a user's. What is the same in all its forks is what an interpreter
decides when it starts (the seed of hashes, its own options) and the code that was loaded before. A run whose
environment would have changed any of that must not be forked: :func:`needs_interpreter` tells.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from types import ModuleType

COMMAND = ("-m", "prefect", "execute", "flow-run")
"""What an interpreter is started with for the flow run of its environment."""

# What an interpreter, or the C library below it, reads when it starts. PYTHONPATH is seen to here.
_READ_AT_START = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "LC_", "COVERAGE_", "OPENSSL_", "SSL_")
_READ_AT_START_TOO = frozenset({"HOME", "LANG", "LANGUAGE", "TZ", "GLIBC_TUNABLES", "PREFECT__LOGGING__EXTRA_LOGGERS"})
_RUN_AT_START = ("sitecustomize", "usercustomize")


class ForkedProcess:
    """A process that this one has forked, as ``subprocess`` shows one that it has started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._exit_code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give its exit code, negative for a signal.

        Raises:
            TimeoutError: it has not ended within so many seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self._exit_code is None:
            pid, status = os.waitpid(self.pid, 0 if end is None else os.WNOHANG)
            if pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
            elif end is not None and time.monotonic() > end:
                raise TimeoutError
            else:
                time.sleep(0.02)
        return self._exit_code

    def kill(self) -> None:
        if self._exit_code is None:
            os.kill(self.pid, signal.SIGKILL)


class Origin:
    """How the interpreter was started that is to be forked: taken down before anything changes."""

    def __init__(self) -> None:
        self._environ = _of_start(os.environ)
        own = _python_path(os.environ)
        rest = sys.path if sys.flags.safe_path else sys.path[1:]
        self._rest = [path for path in rest if path not in own]
        self._stamps: dict[str, tuple[int, int]] = {}

    def note_files(self) -> None:
        """Take down the files that are loaded, for :meth:`is_outdated`."""
        self._stamps = _stamps()

    def needs_interpreter(self, environ: Mapping[str, str], working_dir: str | None) -> str:
        """Say why a run of this environment cannot be a fork; empty when it can."""
        if self._environ != (there := _of_start(environ)):
            names = {name for name, value in self._environ.items() ^ there.items()}
            return f"its environment has another {', '.join(sorted(names))}"
        # Not those below: what is found there is what was loaded.
        first = [working_dir or _present_directory(), *_python_path(environ)]
        found = _shadowed([path for path in dict.fromkeys(first) if path not in self._rest])
        return f"it has a {found} of its own" if found else ""

    def is_outdated(self) -> bool:
        """Whether a file that was noted has changed meanwhile."""
        return any(_stamp(path) != stamp for path, stamp in self._stamps.items())

    def begin_anew(self, environ: Mapping[str, str], working_dir: str | None = None) -> None:
        """Make this process, forked a moment ago, one of its own.

        Raises:
            OSError: there is no such directory, or it may not be entered.
        """
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(environ)
        if working_dir:
            os.chdir(working_dir)
        first = [] if sys.flags.safe_path else [_present_directory()]
        sys.path[:] = [*first, *dict.fromkeys([*_python_path(os.environ), *self._rest])]
        sys.path_importer_cache.clear()
        _become_main()
        _forget_settings()


def _present_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # deleted meanwhile
        return ""


def _of_start(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if (name.startswith(_READ_AT_START) and name != "PYTHONPATH") or name in _READ_AT_START_TOO
    }


def _python_path(environ: Mapping[str, str]) -> list[str]:
    text = environ.get("PYTHONPATH")
    return [] if not text else [os.path.abspath(path) for path in text.split(os.pathsep)]


def _shadowed(paths: Iterable[str]) -> str:
    """Name a module in these directories that an interpreter would have loaded in place of the one that is loaded."""
    loaded = {name for name in sys.modules if "." not in name and name != "__main__"}
    for path in paths:
        try:
            entries = os.listdir(path)
        except NotADirectoryError:  # an archive
            return os.path.basename(path)
        except OSError:
            continue
        for entry in entries:
            name, _, ending = entry.partition(".")
            if (name in loaded or name in _RUN_AT_START) and not _is_loaded_from(name, path):
                is_package = not ending and os.path.exists(os.path.join(path, entry, "__init__.py"))
                if is_package or ending.endswith(("py", "pyc", "so")):
                    return name
    return ""


def _is_loaded_from(name: str, path: str) -> bool:
    if name not in sys.modules:
        return False
    file = getattr(sys.modules[name], "__file__", None) or ""
    return os.path.dirname(file) in (path, os.path.join(path, name))


def _stamps() -> dict[str, tuple[int, int]]:
    """Take down the files that were loaded and may change while this process lives: not the standard library's."""
    library = os.path.dirname(os.__file__)
    found = {}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and (os.path.dirname(path) != library) and not path.startswith(os.path.join(library, "lib-dynload")):
            found[path] = _stamp(path)
    return found


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


def _become_main() -> None:
    """Have the arguments and the main module that the command for a flow run has."""
    from importlib.util import find_spec

    spec = find_spec("prefect.__main__")
    main = ModuleType("__main__")
    main.__spec__ = spec
    main.__package__ = "prefect"
    if spec is not None and spec.origin is not None:
        main.__file__ = spec.origin
        main.__loader__ = spec.loader
    sys.modules["__main__"] = main
    sys.argv[:] = [str(main.__dict__.get("__file__")), *COMMAND[2:]]
    sys.orig_argv[:] = [sys.executable, *COMMAND]


def _forget_settings() -> None:
    """Let the settings be read again, from this environment, and the loggers set up by them."""
    from prefect import configuration
    from prefect.utilities import context, logging

    configuration.forget()
    logging.configure_logging()
    context.forget()
