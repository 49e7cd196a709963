"""Types a paragraph, or words beside the questions of a form, into a document in LibreOffice Writer and saves it. Run
by the system's Python, which has UNO.

A document at an address of the web is saved where it is, and between the steps (opened, saved, closed) the script says
what it has done and waits for a line.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.lang import DisposedException


def main() -> None:
    document, words, *beside = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        pipe = f"folgeskab{time.monotonic_ns()}"
        office = subprocess.Popen(
            ["soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation=file://{profile}",
             f"--accept=pipe,name={pipe};urp;"],
            start_new_session=True,
        )  # fmt: skip
        try:
            desktop = connect(pipe)
            there = "://" in document
            address = document if there else uno.systemPathToFileUrl(document)
            writer = desktop.loadComponentFromURL(address, "_blank", 0, (value("Hidden", True),))
            if writer is None:
                raise SystemExit(f"Writer could not open {address}")
            if there:
                wait_after("opened")
            if beside:
                fill_in(writer, json.loads(beside[0]))
            else:
                cursor = writer.Text.createTextCursor()
                cursor.gotoEnd(False)
                writer.Text.insertControlCharacter(cursor, 0, False)
                writer.Text.insertString(cursor, words, False)
            if there:
                writer.store()
                wait_after("saved")
            else:
                writer.storeToURL(address, (value("FilterName", "MS Word 2007 XML"), value("Overwrite", True)))
            writer.close(True)
            if there:
                wait_after("closed")
            with contextlib.suppress(DisposedException):  # it may go before it has answered
                desktop.terminate()
            office.wait(20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(office.pid, signal.SIGKILL)


def wait_after(step: str) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()
    sys.stdin.readline()


def fill_in(writer, edits) -> None:
    """`edits` are question, what stands beside it, and what is to stand there; a line break begins a paragraph."""
    for question, before, after in edits:
        cell = next(
            answer
            for table in map(writer.TextTables.getByIndex, range(writer.TextTables.Count))
            for number in range(1, table.Rows.Count + 1)
            for asked, answer in [[table.getCellByName(f"{column}{number}") for column in "AB"]]
            if asked.String.split("\n")[0] == question and answer.String == before
        )
        cursor = cell.createTextCursor()
        cursor.gotoStart(False)
        cursor.gotoEnd(True)
        for number, line in enumerate(after.split("\n")):
            if number:
                cell.insertControlCharacter(cursor, 0, False)
            cell.insertString(cursor, line, not number)
            cursor.gotoEnd(False)


def connect(pipe: str):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    until = time.monotonic() + 60
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def value(name: str, content: object) -> PropertyValue:
    made = PropertyValue()
    made.Name, made.Value = name, content
    return made


main()
