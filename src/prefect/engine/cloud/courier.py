"""Carrying the states of task runs to the API: what need not be there at once goes along with what must.

The tasks of one flow run that are run in the process of the flow run share one courier. A task's code begins when its
Running is durable; that it succeeded may be told together with the next thing that is told, or a moment later. What
several threads have to tell at the same moment goes in one request, and is one transaction of the server.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from prefect.client.client import Client, TaskRunInfoResult, proposal_of, state_after
from prefect.exceptions import ClientError, ServerUnreachable, VersionLockMismatchSignal
from prefect.model.state import ClientFailed, State, Success
from prefect.utilities.logging import get_logger

LONGEST_WAIT_SECONDS = 0.01
"""How long the end of a task is kept back when nothing else is told."""

ROUNDS_WITHOUT_POST = 20
"""After so many the postman rests until there is some: waking it for each letter would cost more than its rounds do."""

MOST_TOGETHER = 50
"""The server sets so many states in one transaction, whatever follows from them."""

MOST_BYTES_TOGETHER = 200_000
LARGEST_KEPT_BACK = 16_000
"""A longer state is told at once: whether it can be kept at all shall be known while its task is there."""

_open: dict[str, Courier] = {}


def _forget_all() -> None:
    _open.clear()


if hasattr(os, "register_at_fork"):
    # What the parent has to tell, the parent tells.
    os.register_at_fork(after_in_child=_forget_all)


class UpstreamChanged(BaseException):
    """The end of a task before this one was not taken, somebody had decided otherwise: look at all upstream again.

    Not an ``Exception``: it is about no state and no handler, and passes through all steps of the runner.
    """


class _Letter:
    """One state on its way."""

    __slots__ = (
        "answer",
        "error",
        "gate",
        "is_called",
        "is_done",
        "is_kept_back",
        "proposal",
        "seen",
        "size",
        "state",
        "written_at",
    )

    def __init__(self, state: State, proposal: dict[str, Any], size: int, *, seen: int, is_kept_back: bool) -> None:
        self.state = state
        self.proposal = proposal
        self.size = size
        self.seen = seen
        self.is_kept_back = is_kept_back
        self.is_done = False
        self.answer: State | None = None
        self.error: BaseException | None = None
        # Behind it waits who has to know, until it is done or it is his turn to send: each is woken for himself.
        self.gate: threading.Lock | None = None
        self.is_called = False
        self.written_at = time.monotonic() if is_kept_back else 0.0


class Courier:
    """Tells the API the states of one flow run's task runs, in the order in which they came to be.

    Args:
        client: what requests are sent by.
        keeps_back: the states that are handed on are the very ones that were told of; not so where tasks run elsewhere.

    Attributes:
        changes: how often a success that was told later was not taken.
    """

    def __init__(self, client: Client, *, keeps_back: bool) -> None:
        self._client = client
        self._keeps_back = keeps_back
        self._knows_children = True
        self.changes = 0
        self._changed = threading.Condition()
        self._letters: list[_Letter] = []
        self._is_sending = False
        self._is_closed = False
        self._postman: threading.Thread | None = None
        # How many letters were kept back so far, and whether the postman waits for the next one to be told of it.
        self._kept_back = 0
        self._is_resting = False
        self._has_post = threading.Event()

    def propose(
        self, task_run_id: str, version: int | None, state: State, *, seen: int, at_once: bool = False
    ) -> State:
        """Tell a state, and give the one that holds: this one, or Queued.

        A success is told a little later, and cannot be refused here: when it is, the state becomes what has been
        decided instead.

        Args:
            seen: ``changes`` when the states upstream were looked at.
            at_once: keep nothing back.

        Raises:
            UpstreamChanged: the task shall not begin before it has looked at the states upstream again.
            Exception: as ``Client.set_task_run_state`` raises it.
        """
        proposal = proposal_of(task_run_id, version, state)
        size = len(proposal.text)
        is_kept_back = (
            type(state) is Success
            and self._keeps_back
            and not at_once
            and size <= LARGEST_KEPT_BACK
            and self._client.knows_extras
        )
        letter = _Letter(state, proposal, size, seen=seen, is_kept_back=is_kept_back)
        if is_kept_back and self._keep_back(letter):
            return state
        letter.is_kept_back = False
        self._deliver(letter)
        if letter.error is not None:
            raise letter.error
        return letter.answer or state

    def children(self, flow_run_id: str, task_id: str, first: int, count: int) -> list[TaskRunInfoResult] | None:
        """Learn of children of a mapped task, at most 500; None from a server that cannot tell of many at once."""
        if not self._knows_children:
            return None
        try:
            return self._client.get_mapped_task_runs(flow_run_id, task_id, first, count)
        except ClientError as error:
            if "get_or_create_mapped_task_runs" not in str(error):
                raise
            self._knows_children = False
            return None

    def settle(self) -> None:
        """Tell all that has been kept back."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._is_sending)
                if not self._letters:
                    return
            self._send_some()

    def close(self) -> None:
        """Tell all that has been kept back, and keep nothing back any more."""
        with self._changed:
            self._keeps_back = False
            self._is_closed = True
        self._has_post.set()
        self.settle()

    # ----- keeping back

    def _keep_back(self, letter: _Letter) -> bool:
        """Keep it for the next request; False when there will be none, since the courier was closed meanwhile."""
        with self._changed:
            if self._is_closed:
                return False
            self._letters.append(letter)
            self._kept_back += 1
            is_resting, self._is_resting = self._is_resting, False
            if self._postman is None:
                self._postman = threading.Thread(target=self._go_round, name="task-states", daemon=True)
                self._postman.start()
        if is_resting:
            self._has_post.set()
        return True

    def _go_round(self) -> None:
        """Tell what nobody took along, until the courier is closed."""
        seen, rounds = 0, 0
        while not self._is_closed:
            time.sleep(LONGEST_WAIT_SECONDS / 2)
            self._send_some(only_before=time.monotonic() - LONGEST_WAIT_SECONDS / 2)
            with self._changed:
                rounds = 0 if self._letters or self._kept_back != seen else rounds + 1
                seen = self._kept_back
                rests = self._is_resting = rounds >= ROUNDS_WITHOUT_POST and not self._is_closed
            if rests:
                self._has_post.wait()
                self._has_post.clear()

    # ----- sending

    def _deliver(self, letter: _Letter) -> None:
        letter.gate = threading.Lock()
        letter.gate.acquire()
        with self._changed:
            self._letters.append(letter)
        try:
            while not letter.is_done:
                if not self._send_some() and not letter.is_done:
                    letter.gate.acquire()
                    with self._changed:
                        letter.is_called = False
        except BaseException:
            # Whoever is interrupted here does not begin: nobody else shall say that it did.
            with self._changed:
                if letter in self._letters:
                    self._letters.remove(letter)
                self._call_next()
            raise

    def _call_next(self) -> None:
        """Wake one who waits, if nobody sends: behind the lock."""
        if not self._is_sending:
            waiting = next((letter for letter in self._letters if letter.gate is not None), None)
            if waiting is not None:
                self._call(waiting)

    @staticmethod
    def _call(letter: _Letter) -> None:
        if letter.gate is not None and not letter.is_called:
            letter.is_called = True
            letter.gate.release()

    def _send_some(self, only_before: float | None = None) -> bool:
        """Send what waits, as far as it fits into one request; False when there was nothing, or somebody else sends.

        Args:
            only_before: send only if something was kept back before this time.
        """
        batch: list[_Letter] = []
        is_mine = False
        try:
            with self._changed:
                if self._is_sending or not self._letters:
                    return False
                if only_before is not None and not self._letters[0].written_at <= only_before:
                    return False
                is_mine = self._is_sending = True
                batch = self._take()
            self._send(batch)
        finally:
            # However it ends, by an interrupt at any line too, the others go on.
            if is_mine:
                with self._changed:
                    self._letters[:0] = [letter for letter in batch if not letter.is_done]
                    self._is_sending = False
                    for letter in batch:
                        if letter.is_done:
                            self._call(letter)
                    self._call_next()
                    self._changed.notify_all()
        return True

    def _take(self) -> list[_Letter]:
        size = 0
        for count, letter in enumerate(self._letters):
            size += letter.size
            if count >= MOST_TOGETHER or (count and size > MOST_BYTES_TOGETHER):
                break
        else:
            count = len(self._letters)
        batch = self._letters[:count]
        del self._letters[:count]
        return batch

    def _send(self, batch: list[_Letter]) -> None:
        if len(batch) > 1 and self._client.knows_extras and not any(self._is_outdated(letter) for letter in batch):
            try:
                answers = self._client.propose_task_run_states([letter.proposal for letter in batch])
                states = [state_after(answer, one.state) for one, answer in zip(batch, answers, strict=True)]
            except ServerUnreachable as error:
                for letter in batch:
                    self._fail(letter, error)
                return
            except (Exception, VersionLockMismatchSignal):  # noqa: S110 - all or none
                pass  # which of them is not taken, and why, is seen when each goes alone
            else:
                for letter, state in zip(batch, states, strict=True):
                    letter.answer = state
                    letter.is_done = True
                return
        for letter in batch:
            if self._is_outdated(letter):
                self._fail(letter, UpstreamChanged())
                continue
            try:
                (answer,) = self._client.propose_task_run_states([letter.proposal])
                letter.answer = state_after(answer, letter.state)
            except (Exception, VersionLockMismatchSignal) as error:
                self._fail(letter, error)
            else:
                letter.is_done = True

    def _is_outdated(self, letter: _Letter) -> bool:
        """Tell whether this is the beginning of a task whose upstream states may have changed since it looked."""
        return letter.seen != self.changes and (letter.state.is_running() or letter.state.is_mapped())

    def _fail(self, letter: _Letter, error: BaseException) -> None:
        if letter.is_kept_back:
            _become(letter.state, self._state_instead(letter, error))
            self.changes += 1
        letter.error = error
        letter.is_done = True

    def _state_instead(self, letter: _Letter, error: BaseException) -> State:
        """Give what holds in place of an end that was not taken."""
        logger = get_logger("CloudTaskRunner")
        if isinstance(error, VersionLockMismatchSignal):
            try:
                return self._client.get_task_run_state(letter.proposal["task_run_id"])
            except Exception as failure:
                error = failure
        logger.error("Failed to set task state with error: %r", error, exc_info=error)
        return ClientFailed(state=copy(letter.state))


def _become(state: State, other: State) -> None:
    """Make a state that has been handed on another one: whoever has it shall see what was decided."""
    state.__class__ = type(other)
    state.__dict__.clear()
    state.__dict__.update(other.__dict__)


def courier_of(flow_run_id: str | None) -> Courier | None:
    """Give the courier of a flow run that this process runs; None in a worker, or where everything is told at once."""
    return _open.get(flow_run_id or "")


@contextmanager
def courier_for(client: Client, flow_run_id: str, *, keeps_back: bool) -> Iterator[None]:
    """Have a courier for the tasks of a flow run, while the block lasts; all has been told when it ends."""
    if not _is_of_this_package(client) or not client.knows_extras or flow_run_id in _open:
        yield
        return
    courier = _open[flow_run_id] = Courier(client, keeps_back=keeps_back)
    try:
        yield
    finally:
        _open.pop(flow_run_id, None)
        courier.close()


_TOLD_BY = ("set_task_run_state", "get_task_run_info", "graphql", "change", "_execute")
_own_ways = {name: getattr(Client, name) for name in _TOLD_BY}


def _is_of_this_package(client: object) -> bool:
    """Tell whether this is the client as it is: whoever puts another in its place wants to hear of each state."""
    return type(client) is Client and all(
        getattr(Client, name) is way and name not in client.__dict__ for name, way in _own_ways.items()
    )
