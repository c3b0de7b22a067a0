# SPDX-License-Identifier: Apache-2.0
"""C++ text as the rules need it: without comments and literals, and cut into functions.

Not a parser: it knows brackets, comments, literals and the preprocessor, which is enough for code that
clang-format has laid out.
"""
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      //[^\n]*
    | /\*.*?\*/
    | R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"
    | "(?:\\.|[^"\\\n])*"
    | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
    """,
    re.DOTALL | re.VERBOSE,
)


def strip(text):
    """The same text with comments and the insides of literals blanked; every line keeps its number."""

    def blank(match):
        token = match.group(0)
        hollow = re.sub(r"[^\n]", " ", token)
        return hollow if token.startswith("/") else '"' + hollow[1:-1] + '"'

    # An #include keeps its name: it is not a literal.
    pieces, position = [], 0
    for line in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"[^"\n]*"', text, re.MULTILINE):
        pieces += [_TOKEN.sub(blank, text[position : line.start()]), line.group(0)]
        position = line.end()
    return "".join(pieces) + _TOKEN.sub(blank, text[position:])


def _without_preprocessor(stripped):
    return re.sub(
        r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), stripped, flags=re.MULTILINE
    )


@dataclass(frozen=True)
class Function:
    name: str
    line: int  # of its first line, counted from 1
    lines: int  # from the first line of the signature to the closing bracket


_SCOPE = re.compile(r"^(?:inline\s+)?(?:namespace\b|extern\s+\"|(?:typedef\s+)?(?:class|struct|union|enum)\b)")
_MEMBER_LIST = re.compile(r"\)\s*(?:noexcept\s*(?:\([^()]*\))?\s*)?(?:requires[^:]*)?:(?!:)")


def _drop_templates(head):
    """`head` without leading template<…> clauses and attributes."""
    while True:
        head = re.sub(r"^\s*(?:\[\[[^\]]*\]\]\s*|__extension__\s*|public\s*:|private\s*:|protected\s*:)", "", head).strip()
        if not re.match(r"template\s*<", head):
            return head
        depth = 0
        for index, character in enumerate(head):
            depth += {"<": 1, ">": -1}.get(character, 0)
            if character == ">" and depth == 0:
                head = head[index + 1 :]
                break
        else:
            return head


def _is_function(head):
    """Whether the bracket after `head` opens a function's body."""
    if "(" not in head or _SCOPE.match(head) and not re.search(r"\)\s*(?:const|noexcept|override|final|&|\s)*$", head):
        return False
    before = head.split("(", 1)[0]
    return "=" not in before or "operator" in before


def _name(head):
    match = re.search(r"([~\w:]*operator\s*[^\s(]+|[~\w:]+)\s*\(", head)
    name = match.group(1) if match else head[:40]
    macro = re.match(r"(?:TEST|TEST_F|TEST_P|TYPED_TEST)\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    return f"{macro.group(1)}.{macro.group(2)}" if macro else name


def functions(stripped):
    """Every function defined at namespace or class level; lambdas count as part of theirs."""
    text = _without_preprocessor(stripped)
    found, head_start, position, parentheses = [], 0, 0, 0
    while position < len(text):
        character = text[position]
        if character in "([":
            parentheses += 1
        elif character in ")]":
            parentheses -= 1
        elif character in ";}" and parentheses == 0:
            head_start = position + 1
        elif character == "{":
            head = _drop_templates(text[head_start:position])
            if parentheses > 0 or (_MEMBER_LIST.search(head) and re.search(r"[\w>]\s*$", head) and not head.rstrip().endswith((")", "const", "noexcept"))):
                position = _closing(text, position)  # An initialiser inside a signature.
            elif _SCOPE.match(head) and not _is_function(head):
                head_start = position + 1
            else:
                end = _closing(text, position)
                if _is_function(head):
                    start = head_start + len(text[head_start:position]) - len(text[head_start:position].lstrip())
                    first = text.count("\n", 0, start) + 1
                    found.append(Function(_name(head), first, text.count("\n", 0, end) + 2 - first))
                    head_start = end + 1
                position = end
        position += 1
    return found


def _closing(text, opening):
    depth = 0
    for position in range(opening, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    return len(text) - 1
