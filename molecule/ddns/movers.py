"""Clients that change their names all the time, each in its turn; from SIGUSR1 on they keep them and only renew.

Each ACK becomes one line of JSON on stdout: when it was asked for, who, which address, under which name.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "releases"))
from traffic import ACK, DISCOVER, NAK, OFFER, REQUEST, answers, frame


def main(interface: str, clients: int, pause: float) -> None:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    link.bind((interface, 0))
    source = link.getsockname()[4]
    keep: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: keep.append(number))
    macs = [bytes.fromhex("00005e0053") + bytes([0x20 + number]) for number in range(clients)]
    names = dict.fromkeys(macs, "")
    leases: dict[bytes, str] = {}
    asked: dict[int, tuple[float, str]] = {}
    turn = 0

    def ask(mac: bytes, xid: int, kind: int, options: bytes) -> None:
        name = names[mac].encode()
        asked[xid] = time.time(), names[mac]
        link.send(frame(source, mac, xid, kind, options + bytes([12, len(name)]) + name))

    while True:
        number = turn % clients
        mac = macs[number]
        if not keep:
            names[mac] = f"mover{number}-{turn // clients}"
        turn += 1
        address = leases.get(mac)
        kind, options = (REQUEST, b"\x32\x04" + socket.inet_aton(address)) if address else (DISCOVER, b"")
        ask(mac, int.from_bytes(os.urandom(4), "big"), kind, options)
        for xid, client, address, found in answers(link, pause):
            if client not in names or xid not in asked:
                continue
            said = found[53][0]
            if said == OFFER:
                ask(client, xid, REQUEST, b"\x32\x04" + socket.inet_aton(address) + b"\x36\x04" + found[54])
            elif said == ACK:
                leases[client] = address
                at, name = asked[xid]
                print(json.dumps({"at": at, "mac": client.hex(":"), "ip": address, "name": name}), flush=True)
            elif said == NAK:
                leases.pop(client, None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
