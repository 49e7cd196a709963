"""What is asked of the database: noted at the driver, so that nothing passes by unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def noted() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that this process sends in the block, with its values, whoever asks it."""
    asked: list[tuple[str, Any]] = []
    execute, executemany = psycopg.Cursor.execute, psycopg.Cursor.executemany

    def note_one(cursor: Any, query: Any, params: Any = None, **how: Any) -> Any:
        asked.append((_text(query), params))
        return execute(cursor, query, params, **how)

    def note_many(cursor: Any, query: Any, params_seq: Any, **how: Any) -> Any:
        asked.append((_text(query), None))
        return executemany(cursor, query, params_seq, **how)

    psycopg.Cursor.execute, psycopg.Cursor.executemany = note_one, note_many  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        psycopg.Cursor.execute, psycopg.Cursor.executemany = execute, executemany  # type: ignore[method-assign]


def _text(query: Any) -> str:
    return query if isinstance(query, str) else str(query)
