"""Each ACK and NAK on a cable of the lab, whoever it is for: a line of JSON on stdout, as traffic.py's.

What an ACK promises counts from its question, or from the beginning for one that was asked before. The times are the
kernel's, however late this process is.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time

from traffic import ACK, NAK, parse

SO_TIMESTAMP, SO_RCVBUFFORCE = 29, 33  # socket(7); Python has no names for them


def main(interface: str) -> None:
    # Of every protocol: of the others a bridge's port shows nothing.
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMP, 1)
    # None may be missed, and a crowd is answered faster than they are read here.
    link.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
    link.bind((interface, 0))
    began = time.time()
    print(json.dumps({"listens": interface}), flush=True)
    asked: dict[int, float] = {}
    while True:
        packet, found, _flags, _address = link.recvmsg(2048, 64)
        seconds, microseconds = struct.unpack("@ll", found[0][2])
        now = seconds + microseconds / 1e6
        if packet[12:14] == b"\x08\x00" and packet[23] == 17 and packet[36:38] == struct.pack("!H", 67):
            asked[struct.unpack("!I", packet[46:50])[0]] = now
        answer = parse(packet)
        if answer is None:
            continue
        xid, client, address, options = answer
        line = {"at": now, "mac": client.hex(":")}
        if options[53][0] == ACK and 51 in options:  # an INFORM's ACK gives no lease
            lease = struct.unpack("!I", options[51])[0]
            until = asked.get(xid, began) + lease
            print(json.dumps({**line, "ip": address, "lease": lease, "until": until}), flush=True)
        elif options[53][0] == NAK:
            print(json.dumps({**line, "nak": address}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
