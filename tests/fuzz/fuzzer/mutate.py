"""Mutations of files: of bytes, of values of text and JSON, of members of archives and sealed folders."""

import hashlib
import io
import json
import random
import re
import struct
import zipfile
from collections.abc import Callable

import numpy as np

Mutate = Callable[[bytes, random.Random], bytes]
Member = Callable[[str], Mutate]

_INTEGERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
_WORDS = (
    b"nan", b"NaN", b"inf", b"-inf", b"Infinity", b"1e999", b"1e38", b"1e18", b"-1", b"0", b"-0.0",
    b"9" * 5000, b"0x" + b"f" * 5000, b"true", b"null", b'""', b"[]", b"{}", b"=1+1", b"\xff\xfe", b"\x00",
    b"\xed\xa0\x80", b"\xe2\x80\xae",
    b"../../../etc/passwd", b"/dev/zero", b"[" * 3000, b'{"a":' * 3000, b"99:99:99,999", b"2000-01-01",
)  # fmt: skip
_VALUES = (
    None, True, False, 0, 1, -1, 2**31, 2**64, 10**400, 1e308, -0.0, float("nan"), float("inf"), "", "nan",
    "a" * 10000,
    "../../x", "\0", "\ud800", [], {}, [[]], {"a": {}}, [1, 2, 3], ["a", "a"], "regression", 1e18, 1e-320,
)  # fmt: skip


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """One to four changes of bytes; most of them in the first kilobyte, where headers are."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not changed:
            return bytes(changed)
        near = rng.random() < 0.6
        place = rng.randrange(min(len(changed), 1024) if near else len(changed))
        size = rng.choice((1, 2, 4, 8, 16, 64, 1024))
        match rng.randrange(9):
            case 0 | 1:
                changed[place] ^= 1 << rng.randrange(8)
            case 2:
                changed[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 3 | 4:
                code = rng.choice("BHIQ")
                number = rng.choice(_INTEGERS) % 256 ** struct.calcsize("<" + code)
                packed = struct.pack(rng.choice("<>") + code, number)
                changed[place : place + len(packed)] = packed
            case 5:
                del changed[place : place + size]
            case 6:
                changed[place:place] = changed[place : place + size] * rng.choice((1, 2, 50))
            case 7:
                changed[place : place + size] = rng.randbytes(size)
            case 8:
                del changed[place:]
    return bytes(changed)


def mutate_text(content: bytes, rng: random.Random) -> bytes:
    """Changes of numbers, words and lines; sometimes of bytes."""
    if rng.random() < 0.25:
        return mutate_bytes(content, rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        lines = content.split(b"\n")
        where = rng.randrange(len(lines))
        match rng.randrange(7):
            case 0 | 1 | 2:
                found = list(re.finditer(rb"-?\d+(?:\.\d+)?|\w+|[^\w\s]", content))
                if not found:
                    return mutate_bytes(content, rng)
                span = rng.choice(found)
                content = content[: span.start()] + rng.choice(_WORDS) + content[span.end() :]
            case 3:
                del lines[where]
                content = b"\n".join(lines)
            case 4:
                lines[where:where] = [lines[where]] * rng.choice((1, 2, 500))
                content = b"\n".join(lines)
            case 5:
                lines[where] = lines[where] + rng.choice(
                    (b"a" * 100_000, b",,,,", b'"', b"\t", b"\r", b";1", b"'''")
                )
                content = b"\n".join(lines)
            case 6:
                content = (
                    rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0", b"#", b"\n\n")) + content
                )
    return content


def mutate_json(content: bytes, rng: random.Random) -> bytes:
    """Changes of values of a JSON document; sometimes of its text."""
    if rng.random() < 0.2:
        return mutate_text(content, rng)
    return json.dumps(mutate_values(json.loads(content), rng), indent=1).encode()


def mutate_lines(content: bytes, rng: random.Random) -> bytes:
    """The same for one line of JSON lines."""
    lines = content.splitlines()
    where = rng.randrange(len(lines))
    lines[where] = mutate_json(lines[where], rng).replace(b"\n", b" ")
    return b"\n".join(lines) + b"\n"


def mutate_values(document, rng: random.Random):
    """One or two changed, removed or added values of plain JSON values."""
    for _ in range(rng.choice((1, 1, 2))):
        places = list(_places(document))
        if not places:
            return document
        holder, key = rng.choice(places)
        match rng.randrange(5):
            case 0 | 1 | 2:
                holder[key] = rng.choice(_VALUES)
            case 3:
                del holder[key]
            case 4:
                other, name = rng.choice(places)
                if name in other if isinstance(other, dict) else name < len(other):
                    holder[key] = json.loads(json.dumps(other[name]))
    return document


def _places(values):
    """All places of values within values: their holder and their key in it."""
    pairs = (
        values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    )
    for key, value in list(pairs):
        yield values, key
        yield from _places(value)


def mutate_npy(content: bytes, rng: random.Random) -> bytes:
    """Changes of the header of an array, or of its numbers."""
    if rng.random() < 0.3:
        return mutate_bytes(content, rng)
    end = 10 + struct.unpack("<H", content[8:10])[0]
    header, body = content[10:end], content[end:]
    if rng.random() < 0.5:
        old = rng.choice(list(re.finditer(rb"\d+|'[^']*'|True|False", header)))
        new = rng.choice(
            (
                b"0",
                b"1",
                b"-1",
                b"2",
                b"99999999999",
                b"3000000",
                b"'<f8'",
                b"'<f2'",
                b"'|O'",
                b"'<U1'",
                b"'<c8'",
                b"True",
            )
        )
        header = header[: old.start()] + new + header[old.end() :]
        return content[:8] + struct.pack("<H", len(header)) + header + body
    numbers = bytearray(body)
    for _ in range(rng.choice((1, 3, 50))):
        if len(numbers) >= 8:
            at = rng.randrange(len(numbers) // 8) * 8
            number = rng.choice((float("nan"), float("inf"), 1e18, 1e30, -3e38, 1e-40, 0.0))
            numbers[at : at + 4] = np.float32(number).tobytes()
    return content[:end] + bytes(numbers)


def mutate_zip(member: Member) -> Mutate:
    """A changed member of an archive with right check sums, or changed bytes of the archive."""

    def mutate(content: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.4:
            return mutate_bytes(content, rng)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(list(members))
        members[name] = member(name)(members[name], rng)
        return zipped(members)

    return mutate


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            archive.writestr(name, value)
    return stream.getvalue()


def sealed_again(members: dict[str, bytes]) -> dict[str, bytes]:
    """The members of a sealed folder with a manifest whose digests fit them, as a forger writes it."""
    document = json.loads(members["affekt.json"])
    document.pop("sha256", None)
    if isinstance(document.get("files"), dict):
        for name in document["files"].keys() & members.keys():
            digest = hashlib.sha256(members[name]).hexdigest()
            document["files"][name] = {"bytes": len(members[name]), "sha256": digest}
    body = json.dumps(document, indent=1, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    text = json.dumps({**document, "sha256": digest}, indent=1, sort_keys=True) + "\n"
    return {**members, "affekt.json": text.encode()}
