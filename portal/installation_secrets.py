"""The secrets of a new installation: made once, each in a file of its own, never replaced."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from portal.errors import UnsafeConfiguration
from portal.storage.keys import make_keys

_ACTIONS = ["Admin", "Read", "Write", "List", "Tagging"]


def make_secrets(folder: Path) -> None:
    """Writes what docker-compose.yml asks for into `folder`. Raises UnsafeConfiguration when one of the files is there
    already."""
    postgres, owner, app, worker, s3_key = (secrets.token_hex(24) for _ in range(5))
    s3_id = secrets.token_hex(10)
    identity = {"name": "portal", "credentials": [{"accessKey": s3_id, "secretKey": s3_key}], "actions": _ACTIONS}
    content = {
        "postgres_password": postgres,
        "owner_password": owner,
        "app_password": app,
        "worker_password": worker,
        "database_url": f"postgresql://portal_app:{app}@postgres/portal",
        "worker_database_url": f"postgresql://portal_worker:{worker}@postgres/portal",
        "owner_database_url": f"postgresql://portal_owner:{owner}@postgres/portal",
        "s3_access_key": s3_id,
        "s3_secret_key": s3_key,
        "s3_config": json.dumps({"identities": [identity]}),
    }
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if there := sorted({*content, "keys_file"} & {path.name for path in folder.iterdir()}):
        raise UnsafeConfiguration(f"{', '.join(there)} is in {folder} already; a secret is never replaced")
    for name, value in content.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
    make_keys(folder / "keys_file")
