"""How templates call the functions they know."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from jinja2.runtime import Context, Macro


class PageContext(Context):
    """Calls macros, and functions that ask for nothing of the template, as they stand. Jinja looks at each of them
    anew, in five steps, whether it asks for something: a page of a case calls more than a hundred, and that is 3 % of
    it (bench/README.md). A macro escapes like the template that it stands in."""

    def call(self, called: Any, /, *values: Any, **named: Any) -> Any:
        if type(called) is Macro or (type(called) is FunctionType and not hasattr(called, "jinja_pass_arg")):
            # What Jinja gives along for functions that ask for the template's names.
            named.pop("_block_vars", None)
            named.pop("_loop_vars", None)
            return called(*values, **named)
        return super().call(called, *values, **named)
