"""Work on several things at a time, each in a process of its own that never outlives this one."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")
_PATIENCE = 20.0  # seconds until a process that was asked to stop is killed; its kernel may need five


class Ended(NamedTuple, Generic[T]):
    """What came of one name: the ``outcome``, or None and the exit code of a process that died before it had any."""

    name: str
    outcome: T | None
    code: int


def side_by_side(
    work: Callable[[str], T], names: Sequence[str], jobs: int, *, begin: Callable[[str], None]
) -> Iterator[Ended[T]]:
    """``work`` of each name as it ends, at most ``jobs`` at a time; ``begin`` hears of each as it starts.

    ``work`` and what it returns must pickle. When the caller is interrupted, or turns away, all that runs is stopped;
    when the caller is killed, the processes notice and stop by themselves.
    """
    waiting, running = deque(names), dict[Connection, tuple[str, SpawnProcess]]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                begin(waiting[0])
                outlet, process = _start(work, waiting[0])
                running[outlet] = waiting.popleft(), process
            ready = wait(list(running))
            for outlet in [one for one in running if one in ready]:
                name, process = running.pop(outlet)
                outcome = _outcome(outlet)
                process.join()
                yield Ended(name, outcome, process.exitcode or 0)
    finally:
        _stop([process for _, process in running.values()])


def _start(work: Callable[[str], T], name: str) -> tuple[Connection, SpawnProcess]:
    """A new interpreter, so that neither torch's threads nor this one's working folder are in it."""
    context = multiprocessing.get_context("spawn")
    outlet, inlet = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, name, inlet), name=name)
    process.start()
    inlet.close()  # the child alone holds it now: when it dies, the outlet ends
    return outlet, process


def _outcome(outlet: Connection) -> Any:  # noqa: ANN401
    """What the process sent, or None where it died first."""
    try:
        return outlet.recv()
    except EOFError:
        return None
    finally:
        outlet.close()


def _stop(processes: list[SpawnProcess]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_PATIENCE)
        if process.is_alive():
            process.kill()


def _child(work: Callable[[str], T], name: str, inlet: Connection) -> None:
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the parent too, which says what follows from it
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        inlet.send(work(name))
    except KeyboardInterrupt:
        return


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Leave through every ``finally``, which is where kernels are stopped; once, so that they are."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    parent, main = multiprocessing.parent_process(), threading.main_thread().ident
    if parent is not None and main is not None:
        parent.join()
        signal.pthread_kill(main, signal.SIGTERM)
