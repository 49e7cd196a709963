"""Both plugs of the SMS gateway, against a real HTTP server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.errors import DependencyUnavailable, Undeliverable
from portal.neighbours import sms_gateway
from portal.settings import Settings
from tests.support.gateway import Gateway

TEXT = "Der er nyt til dig. Log på. https://portal.example"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    yield made
    made.close()


def settings(gateway: Gateway, folder: Path, **more: Any) -> Settings:
    (folder / "token").write_text("hemmelig\n")
    return Settings(environment="test", sms_url=f"{gateway.url}/mobile/single", sms_token_file=folder / "token", **more)


def test_gatewayapi_is_asked_as_its_documentation_says(gateway: Gateway, tmp_path: Path) -> None:
    gateway.answers = [(200, {"msg_id": "01JNN696A9E0WS89FPYGT15NBX", "recipient": 4520000017, "reference": "k1"})]
    sms_gateway.send(settings(gateway, tmp_path, sms_plug="gatewayapi"), "4520000017", TEXT, "k1")
    ((path, headers, body),) = gateway.asked
    assert path == "/mobile/single"
    assert headers["authorization"] == "Token hemmelig"
    assert headers["content-type"] == "application/json"
    assert body == {
        "sender": "Folgeskab", "message": TEXT, "recipient": 4520000017, "reference": "k1", "expiration": "P1D",
    }  # fmt: skip


def test_another_gateway_is_asked_with_the_names_in_the_settings(gateway: Gateway, tmp_path: Path) -> None:
    gateway.answers = [(201, {"state": "queued"})]
    more = {
        "sms_fields": "to=msisdn,text=body,from=,key=clientRef",
        "sms_authorization": "ApiKey {token}",
        "sms_accepted": "state=queued",
    }
    sms_gateway.send(settings(gateway, tmp_path, **more), "4520000017", TEXT, "k1")
    ((_path, headers, body),) = gateway.asked
    assert headers["authorization"] == "ApiKey hemmelig"
    assert headers["idempotency-key"] == "k1"
    assert body == {"msisdn": "4520000017", "body": TEXT, "clientRef": "k1"}


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 503])
def test_an_answer_that_is_no_fault_of_the_number_means_later(status: int, gateway: Gateway, tmp_path: Path) -> None:
    gateway.answers = [(status, {})]
    with pytest.raises(DependencyUnavailable, match="sms") as told:
        sms_gateway.send(settings(gateway, tmp_path), "4520000017", TEXT, "k1")
    assert told.value.why == str(status)
    assert len(gateway.asked) == 1, "a number goes to no other address than the one in the settings"


@pytest.mark.parametrize(
    ("answer", "plug"),
    [
        ((400, {"code": "0x0213"}), "generic"),
        ((422, "no json"), "gatewayapi"),
        ((200, {"status": "blocked"}), "generic"),
        ((200, "<html>"), "gatewayapi"),
        ((200, []), "gatewayapi"),
    ],
)
def test_a_number_that_is_not_taken_is_never_pretended_to_be(
    answer: tuple[int, Any], plug: str, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.answers = [answer]
    with pytest.raises(Undeliverable) as told:
        sms_gateway.send(settings(gateway, tmp_path, sms_plug=plug, sms_accepted="status=ok"), "4520000017", TEXT, "k1")
    assert "4520000017" not in str(told.value)


def test_a_gateway_that_is_not_there_means_later(gateway: Gateway, tmp_path: Path) -> None:
    away = settings(gateway, tmp_path).model_copy(update={"sms_url": "http://127.0.0.1:1/sms"})
    with pytest.raises(DependencyUnavailable, match="sms"):
        sms_gateway.send(away, "4520000017", TEXT, "k1")
