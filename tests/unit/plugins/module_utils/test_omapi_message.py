# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages, byte by byte: against what ISC dhcpd 4.4.3-P1 said to a client, and against anything at all."""

from __future__ import annotations

import io

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _omapi_message as wire
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import (
    LIMIT,
    Key,
    Message,
    OmapiError,
    decode,
    encode,
)
from hypothesis import given
from hypothesis import strategies as st

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
KEY = Key("omapi", "hmac-sha256", SECRET)

# Recorded: a signed question that dhcpd took, its answer, and its answer where there is no such host.
QUESTION = bytes.fromhex(
    "00000001000000200000000100000000050607080000000000047479706500000004686f7374000000046e616d65000000086465636c6172"
    "65640000f91e36d80d5b163955b3408232610dbbfc0abd4bc2ced36dab491e93c51600a7"
)
ANSWER = bytes.fromhex(
    "0000000100000020000000030000000209f4a740050607080000000a69702d6164647265737300000004c633640a00046e616d6500000008"
    "6465636c61726564001068617264776172652d616464726573730000000600005e005301000d68617264776172652d747970650000000400"
    "00000100008820a7887181183c0856baa866e2908684d9bad0acacf8c718e8816bc56b24b9"
)
NOTHING = bytes.fromhex(
    "0000000100000020000000050000000009f4a741090a0b0c0006726573756c74000000040000001700076d6573736167650000001f6e6f20"
    "6f626a656374206d6174636865732073706563696669636174696f6e000000004f4ca031ab37576653cc5a19cc80468103571a3ede63ca62"
    "63a5d9944c97d0f7"
)


def read(data: bytes) -> Message:
    """Decode; an end too early is an OmapiError, as it is to the client."""
    stream = io.BytesIO(data)

    def exactly(length: int) -> bytes:
        part = stream.read(length)
        if len(part) < length:
            raise OmapiError("closed")
        return part

    return decode(exactly)


def test_a_question_is_what_dhcpd_took() -> None:
    question = Message(wire.OPEN, id=0x05060708, about={"type": b"host"}, object={"name": b"declared"}, authenticator=1)
    assert encode(question, KEY) == QUESTION


def test_an_answer_of_dhcpd_is_read_and_its_signature_is_right() -> None:
    answer = read(ANSWER)
    assert KEY.is_right(answer.signed, answer.signature)
    assert (answer.operation, answer.handle, answer.rid) == (wire.UPDATE, 2, 0x05060708)
    assert answer.object == {
        "ip-address": bytes([198, 51, 100, 10]),
        "name": b"declared",
        "hardware-address": bytes.fromhex("00005e005301"),
        "hardware-type": b"\0\0\0\1",
    }
    nothing = read(NOTHING)
    assert nothing.operation == wire.STATUS and nothing.about["result"] == b"\0\0\0\x17"
    assert KEY.is_right(nothing.signed, nothing.signature)


@given(st.integers(4, len(ANSWER) - 1), st.integers(1, 255))
def test_an_answer_with_any_byte_changed_is_not_signed(position: int, change: int) -> None:
    changed = bytearray(ANSWER)
    changed[position] ^= change
    try:
        answer = read(bytes(changed))
    except OmapiError:
        return
    assert not (answer.signature and KEY.is_right(answer.signed, answer.signature))


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: ANSWER[:24] + tail))
def test_anything_is_a_message_or_one_clear_error(data: bytes) -> None:
    try:
        message = read(data)
    except OmapiError:
        return
    assert encode(message._replace(signature=b""))[:4] == data[:4]


VALUES = st.dictionaries(
    st.text(st.characters(codec="ascii"), min_size=1, max_size=9), st.binary(max_size=20), max_size=4
)
NUMBERS = st.integers(0, 0xFFFFFFFF)


MESSAGES = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS, VALUES, VALUES, NUMBERS).map(lambda parts: Message(*parts))


@given(MESSAGES, st.booleans())
def test_what_is_written_is_read(message: Message, signed: bool) -> None:
    found = read(encode(message, KEY if signed else None))
    assert found._replace(signature=b"", signed=b"") == message
    assert KEY.is_right(found.signed, found.signature) is signed


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (ANSWER[:24] + b"\0\4name\xff\xff\xff\xff", f"more than {LIMIT} bytes"),
        (ANSWER[:4] + b"\xff\xff\xff\xff" + ANSWER[8:], f"more than {LIMIT} bytes"),
        (ANSWER[:24] + b"\0\1\xff\0\0\0\0", "not ASCII"),
    ],
)
def test_a_length_is_bounded_before_it_is_believed(data: bytes, problem: str) -> None:
    with pytest.raises(OmapiError, match=problem):
        read(data)


def test_a_message_without_an_end_is_given_up() -> None:
    total = 0

    def endless(length: int) -> bytes:
        nonlocal total
        total += length
        assert total <= LIMIT
        return b"\1" * length

    with pytest.raises(OmapiError, match="more than"):
        decode(endless)


@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha224", "HMAC-SHA256", ""])
def test_a_weak_algorithm_is_refused(algorithm: str) -> None:
    with pytest.raises(OmapiError, match="give one of hmac-sha256, hmac-sha384, hmac-sha512"):
        Key("omapi", algorithm, SECRET)


@pytest.mark.parametrize("secret", ["", "not base64!", "ä", "AAA"])
def test_a_secret_is_base64_and_is_never_quoted(secret: str) -> None:
    with pytest.raises(OmapiError) as raised:
        Key("omapi", "hmac-sha256", secret)
    assert str(raised.value) == "key_secret: is not base64; give what tsig-keygen prints"


def test_a_key_shows_no_secret() -> None:
    assert "secret-secret" not in repr(KEY) + str(KEY) and SECRET not in repr(KEY)
