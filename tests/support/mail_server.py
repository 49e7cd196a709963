"""A mail server of the tests' own, as the portal meets one: over TLS, with a certificate it can check (RFC 5321)."""

from __future__ import annotations

import datetime as dt
import socketserver
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class MailServer:
    """`answers` says how it takes a recipient: address -> number; everybody else is welcome. What it took is in
    `taken`: pairs of a recipient and the whole mail."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "mail-server.pem"
        self.answers: dict[str, int] = {}
        self.after_data = 250
        self.taken: list[tuple[str, str]] = []
        self.asked: list[str] = []
        key = _certificate(self.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        server = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                server._talk(self)

        class Tls(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def get_request(self):  # type: ignore[no-untyped-def]
                connection, address = super().get_request()
                return context.wrap_socket(connection, server_side=True), address

            def handle_error(self, *_about: object) -> None:
                """A client that hangs up is no fault of the test."""

        self._server = Tls(("127.0.0.1", 0), Talk)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtps://localhost:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _talk(self, client: socketserver.StreamRequestHandler) -> None:
        def say(line: str) -> None:
            client.wfile.write(f"{line}\r\n".encode())

        say("220 mail.example ready")
        whom = ""
        while line := client.rfile.readline():
            said = line.decode().strip()
            verb = said[:4].upper()
            if verb == "RCPT":
                whom = said.partition("<")[2].partition(">")[0]
                self.asked.append(whom)
                say(f"{self.answers.get(whom, 250)} about {whom}")
            elif verb == "DATA":
                say("354 go on")
                lines = []
                while (part := client.rfile.readline()) and part.strip() != b".":
                    lines.append(part.decode())
                if self.after_data == 250:
                    self.taken.append((whom, "".join(lines)))
                say(f"{self.after_data} heard")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 mail.example")


def _certificate(path: Path) -> Path:
    """One that vouches for itself, for localhost; returns where its key is."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path = path.with_suffix(".key")
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return key_path
