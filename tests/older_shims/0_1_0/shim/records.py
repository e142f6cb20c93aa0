r"""The record format of a transcript: what the shim writes and the package reads.

The rule: bytes in, bytes out; no files, no clock. A record is `<seconds> <stream> <raw bytes>\n`,
and the raw bytes never hold a newline. See docs/design.md for the meaning of each stream.
"""

FORMAT_VERSION = 1

META = b"meta"
IN = b"in"
OUT = b"out"
ERR = b"err"
PIECE = b"+"
"""Behind a stream's name: the line goes on in the next record of that stream."""
LAST = b"-"
"""Behind a stream's name: the end of the stream's last line, which never got its newline."""


def prefix(seconds: float, stream: bytes) -> bytes:
    """What stands before the raw bytes of one record."""
    return b"%.6f %s " % (seconds, stream)


def encode_lines(seconds: float, stream: bytes, lines: bytes) -> bytes:
    """Whole lines, joined by newlines and without the last one, as one record each.

    One C-level `replace` for any number of lines: all that came in one read share its time.
    """
    start = prefix(seconds, stream)
    return start + lines.replace(b"\n", b"\n" + start) + b"\n"


def encode_piece(seconds: float, stream: bytes, piece: bytes, kind: bytes = PIECE) -> bytes:
    """A piece of a line that has no newline (yet), as one record."""
    return prefix(seconds, stream + kind) + piece + b"\n"
