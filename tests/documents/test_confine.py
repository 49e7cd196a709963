"""Programs that open strangers' files are held by the kernel: each means alone, and all of them together."""

from __future__ import annotations

import http.server
import io
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

from portal.documents import confine, converting, reading, slots
from portal.documents.slots import Turn
from portal.errors import Busy, UnsafeConfiguration
from portal.settings import PROJECT
from tests.support.pictures import made

SOFFICE = "/usr/bin/soffice"
TURN = Turn("a test", 60)


@contextmanager
def web_server() -> Iterator[tuple[str, list[str]]]:
    """A server of pictures on this machine, and what it was asked for."""
    asked: list[str] = []

    class Pictures(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(made("PNG", Image.new("RGB", (50, 50), "red")))

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815

        def log_message(self, *_said: object) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def docx_with_linked_picture(address: str) -> bytes:
    document = Document()
    document.add_paragraph("Hej Alma").add_run().add_picture(io.BytesIO(made("PNG", Image.new("RGB", (9, 9)))))
    blip = next(document.element.iter(qn("a:blip")))
    there = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    blip.set(qn("r:link"), document.part.relate_to(f"{address}/docx.png", there, is_external=True))
    del blip.attrib[qn("r:embed")]
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def odt_with_linked_picture(address: str) -> bytes:
    frame = (
        '<draw:frame svg:width="3cm" svg:height="3cm" text:anchor-type="as-char">'
        f'<draw:image xlink:href="{address}/odt.png" xlink:type="simple" xlink:show="embed"/></draw:frame>'
    )
    names = ["office", "text", "draw"]
    spaces = "".join(f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)
    spaces = spaces.replace("xmlns:draw:1.0", "xmlns:drawing:1.0") + (
        ' xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
    )
    content = (
        f'<office:document-content{spaces} office:version="1.2"><office:body><office:text>'
        f"<text:p>Hej {frame}</text:p></office:text></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.text"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, said in {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest}.items():
            package.writestr(name, said)
    return out.getvalue()


LINKED = {"docx": docx_with_linked_picture, "odt": odt_with_linked_picture}


def unheld(folder: Path, content: bytes, ending: str) -> None:
    """LibreOffice as anybody starts it."""
    (folder / f"document.{ending}").write_bytes(content)
    command = [SOFFICE, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    command += ["--outdir", str(folder), str(folder / f"document.{ending}")]
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=300)


@pytest.mark.parametrize("ending", LINKED)
def test_linked_pictures_are_fetched_by_a_converter_that_is_not_held_and_not_by_ours(
    ending: str, tmp_path: Path
) -> None:
    with web_server() as (address, asked):
        unheld(tmp_path, LINKED[ending](address), ending)
        assert asked, "the document does ask for something"
        asked.clear()
        assert converting.to_pdf(SOFFICE, LINKED[ending](address), ending, TURN).startswith(b"%PDF-")
        assert asked == []


def without(*names: str) -> str:
    """The launcher on a machine that cannot do some of what it does."""
    said = Path(confine.__file__).read_text("utf-8")
    cannot = "".join(f"def {name}(*_, **__):\n    raise NotPossible('not here')\n" for name in names)
    return said.replace("def main()", f"{cannot}\n\ndef main()")


@pytest.mark.parametrize("ending", LINKED)
@pytest.mark.parametrize(
    "lacking", [("stand_apart",), ("stand_apart", "see_only"), ("stand_apart", "become")], ids="+".join
)
def test_it_is_held_as_well_where_the_machine_can_do_less(
    lacking: tuple[str, ...], ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that may make no namespaces, on an older kernel, and as an ordinary user."""
    if "see_only" in lacking and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    (tmp_path / "confine.py").write_text(without(*lacking))
    monkeypatch.setattr(converting, "_LAUNCHER", tmp_path / "confine.py")
    with web_server() as (address, asked):
        assert converting.to_pdf(SOFFICE, LINKED[ending](address), ending, TURN).startswith(b"%PDF-")
        assert asked == []
    secret = tmp_path / "keys.json"
    secret.write_text("the master key")
    secret.chmod(0o600)
    converting.refuse_unheld(SOFFICE, [secret])


@pytest.mark.parametrize("lacking", [("forbid_calls",), ("see_only", "become")], ids="+".join)
def test_where_it_cannot_be_held_nothing_is_converted_and_the_worker_does_not_start(
    lacking: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "confine.py").write_text(without(*lacking))
    monkeypatch.setattr(converting, "_LAUNCHER", tmp_path / "confine.py")
    with pytest.raises(UnsafeConfiguration, match="CONVERTER"):
        converting.to_pdf(SOFFICE, docx_with_linked_picture("http://127.0.0.1:1"), "docx", TURN)
    with pytest.raises(UnsafeConfiguration, match="CONVERTER"):
        converting.refuse_unheld(SOFFICE, [])


def test_the_trial_finds_what_would_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that could not fail would prove nothing: here nothing holds at all."""
    said = Path(confine.__file__).read_text("utf-8")
    (tmp_path / "confine.py").write_text(said.replace("def main()", "def hold(*_):\n    return None\n\n\ndef main()"))
    monkeypatch.setattr(converting, "_LAUNCHER", tmp_path / "confine.py")
    secret = tmp_path / "keys.json"
    secret.write_text("the master key")
    with pytest.raises(UnsafeConfiguration, match=rf"the network, {secret}"):
        converting.refuse_unheld(SOFFICE, [secret])


def test_a_converter_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(UnsafeConfiguration, match="no program"):
        converting.refuse_unheld("/nowhere/soffice", [])


def test_a_program_that_makes_no_pdf_is_found_before_anybodys_document_is() -> None:
    """Else every document would be kept as one that cannot be read."""
    converting.refuse_unfit(SOFFICE, [])
    with pytest.raises(UnsafeConfiguration, match="makes no PDF"):
        converting.refuse_unfit("/bin/true", [])


def test_one_document_is_converted_at_a_time() -> None:
    with slots.taken_alone("converter", TURN), pytest.raises(Busy):
        converting.to_pdf(SOFFICE, b"x", "docx", Turn("another", 0))


# The readers


ATTACKS = {
    "a file": "open('/etc/hostname').read()",
    "a file in the place of a closed one": "os.close(2); open('/etc/hostname').read()",
    "the portal's own code": "open(confine.__file__).read()",
    "a file to write": "open('/tmp/portal-was-here', 'w')",
    "whether a file is there": "os.stat('/etc/passwd')",
    "the network": "socket.create_connection(('127.0.0.1', PORT), 2)",
    "a local socket": "socket.socket(socket.AF_UNIX)",
    "another program": "os.execv('/bin/true', ['true'])",
    "a child": "os.fork()",
    "a child by a program": "subprocess.run(['/bin/true'])",
    "another process": "os.kill(os.getppid(), 0)",
    "more memory": "bytearray(900 << 20)",
    "root again": "os.setuid(0) if os.getuid() else (_ for _ in ()).throw(PermissionError)",
}


@pytest.mark.parametrize("what", ATTACKS)
def test_a_reader_that_is_taken_over_reaches(what: str) -> None:
    """Nothing: whatever it tries after it is locked in fails, and before it would have worked."""
    with web_server() as (address, _asked):
        attack = ATTACKS[what].replace("PORT", address.rpartition(":")[2])
        for lock in ("", "confine.lock_in(20, 768 << 20)"):
            program = (
                "import os, socket, subprocess, sys\n"
                f"sys.path.insert(0, {str(PROJECT / 'portal' / 'documents')!r})\n"
                f"import confine\n{lock}\n"
                f"try:\n    {attack}\nexcept BaseException as problem:\n    os._exit(7)\nos._exit(0)\n"
            )
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=False)
            if not lock and what == "root again":
                continue  # root it is, before
            assert (done.returncode != 0) == bool(lock), (what, lock, done.returncode, done.stderr)
    Path("/tmp/portal-was-here").unlink(missing_ok=True)


def test_a_reader_ends_when_it_computes_for_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = f"import sys\nsys.path.insert(0, {str(PROJECT / 'portal' / 'documents')!r})\nimport confine\n"
    program += "confine.lock_in(1, 768 << 20)\nwhile True: pass\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=False)
    assert done.returncode == -24, "SIGXCPU, and not what the system kills with for want of memory"


def test_root_gives_up_being_root_to_read(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    users = set()
    for _ in range(2):
        program = f"import sys\nsys.path.insert(0, {str(PROJECT / 'portal' / 'documents')!r})\nimport os, confine\n"
        program += "confine.lock_in(20, 768 << 20)\nprint(os.getuid(), os.getgroups())\n"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        user, _, groups = done.stdout.strip().partition(" ")
        assert groups == "[]"
        users.add(int(user))
    assert len(users) == 2, "two readers are strangers to each other"
    assert all(confine.is_own_user(user) for user in users)


def test_a_reader_of_ours_that_cannot_start_is_our_fault_and_not_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not be kept that the file cannot be read."""
    (tmp_path / "reader.py").write_text("raise ImportError('a library is gone')")
    monkeypatch.setattr(reading, "_READER", tmp_path / "reader.py")
    with pytest.raises(RuntimeError, match="a library is gone"):
        reading.picture(made("PNG", Image.new("RGB", (9, 9))))


def test_what_was_left_in_memory_by_a_killed_worker_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        Path(name).chmod(0o711)
        monkeypatch.setattr(converting, "_IN_MEMORY", Path(name))
        owners = [os.getuid()] + ([confine.own_user()] if os.geteuid() == 0 else [])
        for number, owner in enumerate(owners):
            left = Path(name) / f"convert-{number}"
            left.mkdir()
            os.chown(left, owner or 0, owner or 0)
            os.utime(left, (1, 1))
        converting._take_away_what_is_left()
        assert list(Path(name).iterdir()) == []
