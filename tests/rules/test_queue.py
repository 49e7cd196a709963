"""The tasks of the queue: jobs that wait in a running installation name them, so a name stays, whatever moves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from portal import jobs
from portal.jobs import worker
from portal.settings import PROJECT

NAMES = {
    "check_trace",
    "forget_blob",
    "look_into_version",
    "mail_invitation",
    "mail_new_address",
    "mail_news",
    "mail_notice",
    "mail_old_address",
    "mail_reset",
    "make_export",
    "remind",
    "scan_paper",
    "scan_version",
    "scan_waiting",
    "send_code",
    "send_notices",
    "send_waiting_notices",
    "sweep",
    "sweep_notices",
    "take_up_again",
    "watch_trace",
}
EVERY = {
    "check_trace": "20 2 * * *",
    "remind": "40 4 * * *",
    "scan_waiting": "* * * * *",
    "send_waiting_notices": "* * * * *",
    "sweep": "17 * * * *",
    "sweep_notices": "27 3 * * *",
    "take_up_again": "*/5 * * * *",
    "watch_trace": "50 * * * *",
}
ALONE = {"check_trace": "check_trace", "scan_waiting": "scan_waiting", "watch_trace": "check_trace"}
"""Done by one worker at a time, by the lock they share."""


def test_the_worker_knows_the_tasks_that_jobs_in_the_queue_may_name() -> None:
    nobody: Any = SimpleNamespace(settings=SimpleNamespace(worker_database_url="postgresql://nowhere/"))
    app = worker.build(nobody)
    ours = {name: task for name, task in app.tasks.items() if not name.startswith(("builtin:", "procrastinate."))}
    assert set(ours) == NAMES
    timed = app.periodic_registry.periodic_tasks.values()
    assert {one.task.name: one.cron for one in timed} == EVERY
    assert {name: task.lock for name, task in ours.items() if task.lock} == ALONE
    assert {name for name, task in ours.items() if task.queueing_lock} == set(EVERY)


def test_whatever_is_put_off_for_later_is_a_task_the_worker_knows() -> None:
    asked = set(_put_off())
    assert asked
    assert asked <= NAMES
    assert NAMES - asked == set(EVERY), "a task that nobody queues and no clock starts is dead"


def test_each_task_is_a_plain_function_of_its_module_with_the_name_of_the_task() -> None:
    for task in worker.TASKS:
        assert task.run.__name__ == task.name
        assert "<locals>" not in task.run.__qualname__


def test_every_mail_text_is_sent_by_some_task() -> None:
    templates = {path.stem for path in (PROJECT / "templates" / "mail").glob("*.txt")}
    source = (Path(jobs.__file__).parent / "mail_texts.py").read_text("utf-8")
    written = {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "_write"
        and isinstance(node.args[0], ast.Constant)
    }
    assert templates == written


def _put_off() -> Iterator[str]:
    """The task of every call of `outbox.later`, of which each must name it in so many letters."""
    for path in Path(jobs.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("later", "later_once", "outbox.later"):
                assert isinstance(node.args[1], ast.Constant), (path, ast.unparse(node))
                yield str(node.args[1].value)
