"""What dhcpd tells those who have no key, another one, or its name alone: a JSON object. argv: address, key's name."""

from __future__ import annotations

import json
import socket
import sys

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _omapi_message as wire
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import Key, Message

NAME = sys.argv[2]
WRONG = "d3Jvbmctd3Jvbmctd3Jvbmc="
MAC = bytes.fromhex("00005e0053ee")
QUESTIONS = {
    "look": {"about": {"type": b"host"}, "object": {"name": b"phone"}},
    "lease": {"about": {"type": b"lease"}, "object": {"ip-address": bytes([198, 51, 100, 50])}},
    "add": {
        "about": {"type": b"host", "create": wire.number(1)},
        "object": {"name": b"intruder", "hardware-address": MAC, "hardware-type": wire.number(1)},
    },
}


class Talk:
    def __init__(self) -> None:
        self.socket = socket.create_connection((sys.argv[1], 7911), 20)
        self.socket.sendall(wire.INTRO)
        assert self.read(8) == wire.INTRO

    def read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def ask(self, key: Key | None = None, authenticator: int = 0, **what: dict[str, bytes]) -> Message | None:
        self.socket.sendall(wire.encode(Message(wire.OPEN, id=1, authenticator=authenticator, **what), key))
        try:
            return wire.decode(self.read)
        except (EOFError, ConnectionResetError):
            return None

    def open(self, name: str, algorithm: str) -> Message | None:
        wanted = {"name": name.encode(), "algorithm": f"{algorithm}.SIG-ALG.REG.INT.".encode()}
        return self.ask(about={"type": b"authenticator"}, object=wanted)

    def handle(self) -> int:
        """Open the right key by its name, for which no secret is asked."""
        opened = self.open(NAME, "hmac-sha256")
        assert opened and opened.operation == wire.UPDATE
        return opened.handle


def told(answer: Message | None) -> str:
    """What an answer tells: "nothing (RESULT)", or the object."""
    if answer is None:
        return "nothing (closed)"
    if answer.operation == wire.STATUS and not answer.object:
        return f"nothing ({int.from_bytes(answer.about['result'], 'big') & 0xFFFF})"
    return f"object {sorted(answer.object)}"


found = {}
for what, question in QUESTIONS.items():
    found[f"no key, {what}"] = told(Talk().ask(**question))
    talk = Talk()
    found[f"wrong secret, {what}"] = told(talk.ask(Key(NAME, "hmac-sha256", WRONG), talk.handle(), **question))
    found[f"made-up handle, {what}"] = told(Talk().ask(Key(NAME, "hmac-sha256", WRONG), 1234567, **question))
found["another name"] = told(Talk().open("omapi", "hmac-sha256"))
found["hmac-md5"] = told(Talk().open(NAME, "hmac-md5"))
talk = Talk()
# As packaged, dhcpd takes it: the image's patch is what refuses it.
found["the name without a signature"] = told(talk.ask(None, talk.handle(), **QUESTIONS["look"]))
print(json.dumps(found))
