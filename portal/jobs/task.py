"""What a task is, and what it is given to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from procrastinate.retry import BaseRetryStrategy

from portal.jobs.retries import Logged
from portal.runtime import Runtime


@dataclass(frozen=True)
class Worker:
    """The two standings of the process that works the queue off."""

    runtime: Runtime
    """Where the windows of the person count in whose name a job is done."""
    office: Runtime
    """On the worker's role, which sees no case: for what belongs to none."""


Retry = Callable[[Runtime, Runtime], BaseRetryStrategy]


def logged(_runtime: Runtime, _office: Runtime) -> BaseRetryStrategy:
    """Tries again for a good hour, and says in the log that it was in vain."""
    return Logged()


@dataclass(frozen=True)
class Task:
    name: str
    """As jobs that are in the queue already name it: it stays, whatever the function is called."""
    run: Callable[..., None]
    """Called with the Worker and the job's arguments."""
    retry: Retry | None = None
    every: str = ""
    """When it is done of itself, as cron writes it. Such a task has no arguments, and waits in the queue once."""
    lock: str | None = None
    """Tasks with the same lock are done one at a time."""

    def arguments_for(self, worker: Worker) -> dict[str, Any]:
        """How the queue is told of it."""
        told: dict[str, Any] = {"name": self.name, "lock": self.lock}
        if self.every:
            told["queueing_lock"] = self.name
        if self.retry is not None:
            told["retry"] = self.retry(worker.runtime, worker.office)
        return told
