"""What the text of a drawing says, read back strictly: what is not as we write it is an error."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

HOSTILE = (
    '"]; click A "javascript:alert(1)"',
    '"]\nstyle n0 fill:#f00',
    "--> B",
    "A & B -- x --- y",
    '%%{init: {"theme": "dark"}}%%',
    "%% comment",
    "---\ntitle: x\n---",
    "`**bold** <b>x</b>`",
    "<img src=x onerror=alert(1)>",
    "<br/>",
    "</text></svg>",
    "&lt;b&gt; &amp; &#34; #34; #quot; #lt;b#gt;",
    "ﬂ°°34¶ß ﬂ°lt¶ß",
    '"}}:::incident',
    "style a:b#c;d",
    "- list",
    "1. list",
    "# heading",
    "[link](javascript:alert(1))",
    "$$x^2$$",
    "fa:fa-car",
    "\\",
    "ends with \\",
    "\\N \\G \\n \\l",
    '"',
    "end",
    "subgraph x",
    "digraph { a -> b }",
    "|{a|b}|",
    "<<B>html</B>>",
    "a\u2028b\u2029c\x85d",
    "\u202edesrever\u2066x",
    "\x00\x07\x1b[31m\x7f",
    "\ud800",
    "\ufeff\u200b\ufffe",
    "😀 👩‍👩‍👧 漢字 العربية",
    "@{ shape: circle }",
    ";;; ,,, {{}} (()) [[]] >]",
    "\t\n\r ",
    "",
)


class Drawn(NamedTuple):
    """The boxes by name, each with its form and its lines, and the arrows."""

    boxes: dict[str, tuple[str, list[str]]]
    arrows: list[tuple[str, str, str]]
    rest: list[str]


MERMAID_FORMS = {
    ("([", "])"): "customer",
    ("{{", "}}"): "incident",
    (">", "]"): "complaint",
    ("[/", "\\]"): "cause",
    ("[", "]"): "action",
    ("[[", "]]"): "verification",
    ("(", ")"): "apology",
    ("[/", "/]"): "promise",
    ("[(", ")]"): "amends",
    ("[\\", "\\]"): "response",
    ("((", "))"): "follow_up",
    ("{", "}"): "decision",
    ("[\\", "/]"): "evidence",
    ("(((", ")))"): "verdict",
}
# Within the quotes: letters and digits, a few signs, entities in digits, and breaks of ours.
_TEXT = r"(?:[^\W_]|[ ,\-.()'/:]|[^\x00-\x7f]|#\d+;|UTC\+|<br/>)*"
_MERMAID_NODE = re.compile(rf'  (n\d+)([^\w"]+)"({_TEXT})"([^\w"]+):::([a-z_]+)')
_MERMAID_EDGE = re.compile(r'  (n\d+) (?:-->|==>|---|-\.->)\|"([a-z ]+)"\| (n\d+)')
_MERMAID_REST = re.compile(
    r"  (classDef [a-z_]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}"
    r"|style n\d+ stroke-width:4px)"
)
# What Mermaid reads in a label after its entities: formulas, breaks, icons, its own entities.
_MERMAID_MEANT = re.compile(r"\$\$|\\n|fa[bklrs]?:fa-|ﬂ°|¶ß")


def read_mermaid(lines: list[str]) -> Drawn:
    assert lines[0] == "flowchart BT"
    drawn = Drawn({}, [], [])
    for line in lines[1:]:
        assert "\n" not in line
        if node := _MERMAID_NODE.fullmatch(line):
            name, begin, text, end, kind = node.groups()
            assert MERMAID_FORMS.get((begin, end), kind) == kind or kind in ("exposure", "waiver")
            told = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text.replace("<br/>", "\n"))
            assert not _MERMAID_MEANT.search(told)
            assert name not in drawn.boxes
            drawn.boxes[name] = kind, told.replace("\u200b", "").split("\n")
        elif edge := _MERMAID_EDGE.fullmatch(line):
            drawn.arrows.append((edge[1], edge[2], edge[3]))
        else:
            rest = _MERMAID_REST.fullmatch(line)
            assert rest, line
            drawn.rest.append(rest[1])
    return drawn


_DOT_TOKEN = re.compile(
    r'\s*(?:(?P<word>[A-Za-z_][A-Za-z_0-9]*|\d+)|"(?P<quoted>(?:[^"\\\n]|\\.)*)"'
    r"|(?P<sign>->|[\[\]{};,=]))"
)


def _dot_tokens(text: str) -> list[str]:
    tokens = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        found = _DOT_TOKEN.match(text, place)
        assert found, text[place : place + 60]
        tokens.append(found["word"] or found["sign"] or f'"{found["quoted"]}')
        place = found.end()
    return tokens


def _dot_label(quoted: str) -> list[str]:
    """Undo the escapes of a label: those of the language, those of labels, then entities."""
    assert re.fullmatch(r'(?:[^\\]|\\[\\"n])*', quoted), quoted
    assert not re.search(r"&(?!amp;)", quoted), quoted
    parts = re.split(r"(\\.)", quoted)
    said = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
    return html.unescape("".join(said.get(part, part) for part in parts)).split("\n")


def read_dot(lines: list[str]) -> Drawn:
    tokens = _dot_tokens("\n".join(lines))
    assert tokens[:3] == ["digraph", "remedy", "{"]
    assert tokens[-1] == "}"
    drawn = Drawn({}, [], [])
    statement: list[str] = []
    for token in tokens[3:-1]:
        if token != ";":
            statement.append(token)
            continue
        begin = statement.index("[")
        assert statement[-1] == "]"
        said = {}
        inner = statement[begin + 1 : -1]
        for name, equals, value, comma in zip(
            inner[0::4], inner[1::4], inner[2::4], [*inner[3::4], ","], strict=True
        ):
            assert (equals, comma) == ("=", ",")
            said[name] = value
        match statement[:begin]:
            case [name]:
                if name in ("graph", "node", "edge"):
                    drawn.rest.append(name)
                else:
                    assert re.fullmatch(r"n\d+", name)
                    drawn.boxes[name] = said["shape"], _dot_label(said["label"].removeprefix('"'))
            case [source, "->", target]:
                drawn.arrows.append((source, said["label"].removeprefix('"'), target))
            case _:
                raise AssertionError(statement)
        statement = []
    assert not statement
    return drawn
