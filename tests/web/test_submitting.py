"""A form is checked before it is used."""

import pytest
from flask import Flask

from portal.web.forms import PortalForm


def test_a_form_that_nobody_checked_or_that_failed_its_check_is_not_used(app: Flask) -> None:
    done = []
    with app.test_request_context("/", method="POST", data={"csrf_token": "none"}):
        form = PortalForm()
        with pytest.raises(RuntimeError, match="is_ready"), form.submitting():
            done.append("unchecked")
        assert not form.is_ready(), "it carries no token of this session"
        with pytest.raises(RuntimeError, match="is_ready"), form.submitting():
            done.append("failed")
    assert done == []
