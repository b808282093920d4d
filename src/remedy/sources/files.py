"""Files as lines of text: strictly decoded, unpacked where they are packed, never guessed."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from remedy.errors import SourceError, shown

__all__ = ["TextFile"]

_CHUNK = 1 << 18


def _check_encoding(encoding: str) -> None:
    """Refuse what turns no bytes into text: rot13, hex, and others that Python calls encodings."""
    with contextlib.suppress(UnicodeDecodeError):
        b"text".decode(encoding)
    try:
        b"\xff".decode(encoding, "replace")
        "\ud800".encode(encoding, "backslashreplace")
    except UnicodeError:
        # Those for the names of hosts (idna, punycode) can neither stop nor replace within a line.
        raise LookupError(encoding) from None


class TextFile:
    """A file of text, read line by line.

    A byte order mark at its beginning is no part of it. Lines end with LF, CR LF or CR, and keep
    their ends.

    Args:
        path: The file; one that ends in `.gz` is unpacked.
        encoding: How its text is encoded.
        longest: How many characters a line may have.
        cut_short: Take what is there of a file that ends in the middle; its last, unfinished line
            is left out.

    Raises:
        SourceError: If the file cannot be read, is damaged, or is not in this encoding; it names
            the byte.
    """

    def __init__(
        self, path: Path, *, encoding: str = "utf-8", longest: int, cut_short: bool = False
    ) -> None:
        self.path = path
        self.ended_early: str | None = None
        self._encoding = encoding
        self._longest = longest
        self._cut_short = cut_short
        self._line = 0
        try:
            self._decoder = codecs.getincrementaldecoder(encoding)("strict")
            _check_encoding(encoding)
        except (LookupError, ValueError):
            raise SourceError(
                path,
                f"there is no encoding {shown(encoding)}. Usual ones are utf-8, cp1252 and utf-16.",
            ) from None
        try:
            self._size = path.stat().st_size
            self._raw = path.open("rb")
        except OSError as error:
            raise SourceError(path, f"cannot be read ({error.strerror}).") from None
        packed = path.suffix.lower() == ".gz"
        self._bytes: io.BufferedIOBase = gzip.GzipFile(fileobj=self._raw) if packed else self._raw

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bytes.close()
        self._raw.close()

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return min(1.0, self._raw.tell() / self._size) if self._size else 1.0

    def __iter__(self) -> Iterator[str]:
        """Yield the lines, with their ends."""
        rest: list[str] = []
        waiting = 0
        for text in self.texts():
            # What ends in a carriage return may be a line, or half of the end of one.
            open_end = not (rest and rest[-1].endswith("\r"))
            if open_end and "\n" not in text and "\r" not in text:
                rest.append(text)
                waiting += len(text)
                self._check_length(waiting)
                continue
            *whole, last = io.StringIO("".join(rest) + text, newline="")
            for line in whole:
                self._check_length(len(line))
                self._line += 1
                yield line
            if last.endswith("\n"):
                self._line += 1
                yield last
                last = ""
            rest, waiting = [last], len(last)
        last = "".join(rest)
        if not last:
            return
        if last.endswith("\r") or not self._cut_short:
            self._check_length(len(last))
            self._line += 1
            yield last
        else:
            self.ended_early = f"line {self._line + 1:,}"

    def _check_length(self, length: int) -> None:
        if length > self._longest:
            raise SourceError(
                self.path,
                f"line {self._line + 1} goes on for more than {self._longest:,} characters. If it "
                f"is meant to, raise max_cell.",
            )

    def texts(self) -> Iterator[str]:
        """Yield the text piece by piece, wherever the pieces end."""
        offset = 0
        first = True
        while True:
            chunk = self._read()
            pending = len(self._decoder.getstate()[0])
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if not chunk and self._cut_short:
                    self.ended_early = f"line {self._line + 1:,}"
                    return
                raise self._undecodable(error, offset - pending, first) from None
            except UnicodeError as error:
                hint = ". Say utf-16-le, or utf-16-be" if "BOM" in str(error) else ""
                raise SourceError(self.path, f"is not {self._encoding} ({error}){hint}.") from None
            offset += len(chunk)
            if first and text:
                text = text.removeprefix("\ufeff")
                first = False
            if text:
                yield text
            if not chunk:
                return

    def _read(self) -> bytes:
        try:
            # What is there of a file that ends early; `read` would throw that away.
            return self._bytes.read1(_CHUNK)
        except EOFError:
            if self._cut_short:
                self.ended_early = f"line {self._line + 1:,}"
                return b""
            raise SourceError(
                self.path,
                f"the packed file ends early, after line {self._line}: it was cut short, perhaps "
                f"when it was copied. Fetch it again, or take what is there with cut_short = true.",
            ) from None
        except (OSError, zlib.error) as error:
            raise SourceError(
                self.path, f"cannot be unpacked or read ({error}). Fetch it again."
            ) from None

    def _undecodable(self, error: UnicodeDecodeError, before: int, first: bool) -> SourceError:
        place = before + error.start
        found = error.object[error.start : error.start + 1].hex().upper()
        head = bytes(error.object[:4])
        sound = error.object[: error.start].decode(self._encoding, "replace")
        line = self._line + sound.count("\n") + 1
        if first and head.startswith((b"\xff\xfe", b"\xfe\xff")):
            hint = "It begins like UTF-16: say encoding = 'utf-16'."
        elif first and head.startswith(b"\x1f\x8b"):
            hint = "It is packed: give it a name that ends in .gz."
        elif first and head.startswith(b"PK\x03\x04"):
            hint = "It is a workbook or a zip file: save it as CSV in UTF-8."
        else:
            hint = (
                "Say which encoding it is in: encoding = 'cp1252' is usual for files from older "
                "Windows programs. If only some lines are wrong, mend those."
            )
        return SourceError(
            self.path,
            f"the byte {place:,} (0x{found}), in line {line:,}, is not {self._encoding}. {hint}",
        )
