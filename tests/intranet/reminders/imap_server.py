"""A small IMAP server on the loopback address: as much of RFC 3501 as somebody needs who reads what is new in a folder."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from dataclasses import dataclass, field


@dataclass
class Folder:
    """The mails of a folder, those that were seen, and what clients asked for."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    password: str = "a password for bounces"
    commands: list[str] = field(default_factory=list)
    hangs_up_at: str = ""  # a command at which the connection is cut
    broken: set[int] = field(default_factory=set)  # mails that the server cannot show


class Conversation(socketserver.StreamRequestHandler):
    folder: Folder

    def handle(self) -> None:
        self.say("* OK ready")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            self.folder.commands.append(command)
            if self.folder.hangs_up_at and command.upper().startswith(self.folder.hangs_up_at):
                return
            if not self.answer(tag, command):
                return

    def answer(self, tag: str, command: str) -> bool:
        """Whether the conversation goes on."""
        words = command.upper()
        if words.startswith("CAPABILITY"):
            self.say("* CAPABILITY IMAP4rev1")
        elif words.startswith("LOGIN") and f'"{self.folder.password}"' not in command:
            self.say(f"{tag} NO wrong password")
            return True
        elif words.startswith("SELECT"):
            self.say(f"* {len(self.folder.mails)} EXISTS")
        elif words.startswith("UID SEARCH"):
            new = [str(number) for number in self.numbers() if number not in self.folder.seen]
            self.say(f"* SEARCH {' '.join(new)}".rstrip())
        elif (found := re.match(r"UID FETCH (\d+)", words)) and int(found[1]) in self.folder.broken:
            self.say(f"{tag} NO cannot read it")
            return True
        elif found := re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", words):
            content = self.folder.mails[int(found[1]) - 1][: int(found[2])]
            self.wfile.write(
                b"* %s FETCH (UID %s BODY[]<0> {%d}\r\n" % (found[1].encode(), found[1].encode(), len(content))
            )
            self.wfile.write(content + b")\r\n")
        elif found := re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \(\\SEEN\)", words):
            self.folder.seen.add(int(found[1]))
        elif words.startswith("LOGOUT"):
            self.say("* BYE")
            self.say(f"{tag} OK")
            return False
        elif not words.startswith("LOGIN"):
            self.say(f"{tag} BAD unknown")
            return True
        self.say(f"{tag} OK done")
        return True

    def numbers(self) -> range:
        return range(1, len(self.folder.mails) + 1)

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class ImapServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, folder: Folder) -> None:
        super().__init__(("127.0.0.1", 0), type("Talk", (Conversation,), {"folder": folder}))
        folder.port = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(10)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
