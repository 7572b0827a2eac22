"""Which run configs an agent takes from whom: a creator's word must not outrank what the operator locked.

The run config that a flow was registered with, and that of its group, are the word of whoever may register flows, and
so may choose the code that runs.  A run config that came with one run is the word of its creator, who may be allowed
less.  Pure: knows no agent and no API.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from prefect.model import codec

__all__ = ["ALLOWED", "LOCKED_VARIABLES", "RunConfigPolicy", "RunConfigRefused"]

ALLOWED = ("all", "env", "none")

#: Who may register flows, and so chooses the code that runs anyway; without keys that is everybody.  A run config that
#: came with another role counts only where the agent says so.
_AUTHORS = frozenset({"any", "admin"})

#: Variables that choose which code a process loads, which program is started, or whom it trusts and obeys; upper case,
#: ``*`` stands for any text.
LOCKED_VARIABLES = (
    # the loader and the C library
    *("LD_*", "DYLD_*", "GLIBC_*", "GCONV_PATH", "LOCPATH", "NLSPATH", "MALLOC_*", "HOSTALIASES", "RES_OPTIONS"),
    # shells and where programs are found
    *("PATH", "PATHEXT", "COMSPEC", "SYSTEMROOT", "SHELL", "SHELLOPTS", "BASHOPTS", "BASH_*", "ENV", "IFS", "CDPATH"),
    *("PS4", "PROMPT_COMMAND", "ZDOTDIR", "EDITOR", "VISUAL", "PAGER", "LESSOPEN", "BROWSER"),
    # languages
    *("PYTHON*", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "CONDA_*", "PIP_*", "UV_*", "NODE_*", "NPM_*", "PERL*"),
    *("RUBY*", "GEM_*", "BUNDLE_*", "LUA_*", "PHPRC", "PHP_INI_SCAN_DIR", "CLASSPATH", "JAVA_TOOL_OPTIONS"),
    *("_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "DOTNET_*", "CORECLR_*", "R_*", "MPLBACKEND", "MATPLOTLIBRC", "DASK_*"),
    # programs that start others by their settings, and where settings lie
    *("GIT_*", "SSH_*", "SVN_*", "HG*", "HOME", "USERPROFILE", "XDG_*", "TMP", "TEMP", "TMPDIR", "DOCKER_*"),
    *("KUBECONFIG", "AWS_*", "GOOGLE_*", "CLOUDSDK_*", "AZURE_*"),
    # whom it trusts and what it passes on its way
    *("SSL_*", "OPENSSL_*", "REQUESTS_CA_BUNDLE", "CURL_*", "*_PROXY", "SSLKEYLOGFILE"),
    # ours: keys, addresses of the API, classes that are loaded by name; but for the one of _OPEN_VARIABLES
    "PREFECT_*",
)
_OPEN_VARIABLES = frozenset({"PREFECT__LOGGING__LEVEL"})


class RunConfigRefused(ValueError):
    """A run's own run config says something that this agent lets no creator of a run say."""


class RunConfigPolicy:
    """What one agent lets the creator of a run say about how it is started.

    Args:
        allowed: of a run config that came with the run: ``all`` of it counts, only its ``env``, or ``none``; absent
            means ``none`` for keys of a role below admin, and ``all`` otherwise.
        denied: names of variables that no run config may set, not even the flow's own; ``*`` stands for any text.

    Raises:
        ValueError: another word than those.
    """

    def __init__(self, allowed: str | None = None, denied: Iterable[str] = ()) -> None:
        if allowed and allowed not in ALLOWED:
            raise ValueError(f"allow_run_config: expected one of {', '.join(ALLOWED)}, got {allowed!r}")
        self.allowed = allowed or None
        names = denied.split(",") if isinstance(denied, str) else denied
        self.denied = tuple(name.strip().upper() for name in names if name.strip())

    def admit(
        self,
        run_config: Mapping[str, Any] | None,
        *,
        own: Mapping[str, Any] | None,
        role: str | None,
        locked: Collection[str] = (),
    ) -> Mapping[str, Any] | None:
        """Give the run config that a run is started with.

        Args:
            run_config: the run's.
            own: that of its flow or flow group.
            role: of the key with which the run config was given; None: it did not come with the run.
            locked: variables that the agent sets, which a creator may not set otherwise.

        Raises:
            RunConfigRefused: it says more than its giver may; names the fields or variables, never their values.
        """
        if run_config is None:
            return None
        if role is None:
            self._check_names(run_config, self.denied, "of its run_config")
            return run_config
        mode = self.allowed or ("all" if role in _AUTHORS else "none")
        if mode == "all":
            self._check_names(run_config, self.denied, "of its run_config")
            return run_config
        asked = _asked(run_config, own)
        if mode == "none":
            if asked:
                raise RunConfigRefused(_refusal(asked, role, self.allowed))
            return own
        if asked - {"env"}:
            raise RunConfigRefused(_refusal(asked - {"env"}, role, self.allowed))
        self._check_names(run_config, (*self.denied, *LOCKED_VARIABLES), "that came with the run")
        held = {name.upper() for name in locked}
        taken = sorted(name for name in _env(run_config) if name.upper() in held)
        if taken:
            raise RunConfigRefused(f"This agent sets {', '.join(taken)} itself; the creator of a run may not.")
        self._check_names(own or {}, self.denied, "of its run_config")
        base = dict(own or {"type": run_config["type"]})
        if base.get("type") == "UniversalRun":
            base["type"] = run_config["type"]
        return {**base, "env": {**_env(own or {}), **_env(run_config)}}

    def _check_names(self, run_config: Mapping[str, Any], patterns: Iterable[str], whose: str) -> None:
        patterns = tuple(patterns)
        found = sorted(name for name in _env(run_config) if _is_named(name.upper(), patterns, self.denied))
        if found:
            raise RunConfigRefused(f"This agent lets no run set {', '.join(found)}: env {whose} names them.")


def _is_named(name: str, patterns: Iterable[str], denied: Collection[str]) -> bool:
    if name in _OPEN_VARIABLES:
        patterns = denied
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _env(run_config: Mapping[str, Any]) -> dict[str, Any]:
    env = run_config.get("env")
    return {str(name): value for name, value in env.items()} if isinstance(env, Mapping) else {}


def _asked(run_config: Mapping[str, Any], own: Mapping[str, Any] | None) -> set[str]:
    """Name the fields in which a run config says something of its own; labels only choose among agents."""
    if own is not None and _same(run_config, own):
        return set()
    known = codec.load("run_config", run_config)
    defaults = vars(type(known)())
    former = own or {}
    asked = {
        field
        for field, value in vars(known).items()
        if field != "labels" and value != defaults[field] and value not in (None, {}, [], former.get(field))
    }
    kind, own_kind = run_config.get("type"), former.get("type")
    if kind != "UniversalRun" and own_kind not in (None, "UniversalRun", kind):
        asked.add("type")
    return asked


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    ignored = ("__version__", "labels")
    return {k: v for k, v in one.items() if k not in ignored} == {k: v for k, v in other.items() if k not in ignored}


def _refusal(asked: Iterable[str], role: str, allowed: str | None) -> str:
    fields = ", ".join(sorted(asked))
    if allowed is None:
        why = f"the key that created it has the role {role}, whose run_config counts only where the agent says so"
    else:
        why = f"it was started with --allow-run-config {allowed}"
    return f"This agent does not take {fields} of the run_config that came with this run: {why}."
