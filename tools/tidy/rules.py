# SPDX-License-Identifier: Apache-2.0
"""The house rules that a machine can check, one function each.

A rule takes a File and yields findings (line, rule, text, subject). The subject is what an exception in
exceptions.txt names: the path, or path:function.
"""
import re
from dataclasses import dataclass, field
from functools import cached_property

import link_graph
import source

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
TEST_LINES_MAX = 100  # a table of cases is long and simple
LINE_LENGTH_MAX = 100
README_LINES_MAX = 20
BASE_HEADERS_MAX = 25

TIME_AND_THREADS = ("src/concurrency/", "src/base/clock.cc")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str
    subject: str


@dataclass
class File:
    path: str
    text: str
    links: dict = field(default_factory=dict)

    @cached_property
    def lines(self):
        return self.text.split("\n")

    @cached_property
    def stripped(self):
        return source.strip(self.text)

    @property
    def is_cpp(self):
        return self.path.endswith((".cc", ".h"))

    @property
    def is_code(self):
        return self.is_cpp or self.path.endswith((".py", ".sh", ".cmake", "CMakeLists.txt")) or self.path in (
            "dev",
            ".ci/run",
        )

    @property
    def is_test(self):
        return self.path.endswith("_test.cc") or not self.path.startswith("src/")

    def finding(self, line, rule, text, subject=None):
        return Finding(self.path, line, rule, text, subject or self.path)


@dataclass(frozen=True)
class Ban:
    pattern: re.Pattern
    instead: str
    allowed: tuple = ()  # paths or folders
    in_tests: bool = True  # whether tests are held to it too


def _ban(pattern, instead, allowed=(), in_tests=True):
    return Ban(re.compile(pattern), instead, tuple(allowed), in_tests)


BANS = (
    _ban(r"\bthrow\b", "return an Error"),
    _ban(r"\bnew\b(?!\s*\()", "std::make_unique or a container"),
    _ban(r"(?<!=)(?<!= )(?<!operator )\bdelete\b(?!\s*;)", "let an owner delete it", in_tests=False),
    _ban(r"(?<![\w.>:])(?:std::)?(?:malloc|calloc|realloc)\s*\(|\bstd::free\s*\(", "a container"),
    _ban(r"(?<!static_)\bassert\s*\(", "ASSERT, which stays on in release builds"),
    _ban(r"\bstd::(?:thread(?!::hardware_concurrency)|async)\b", "TaskGroup", TIME_AND_THREADS),
    _ban(r"\bstd::jthread\b", "TaskGroup", TIME_AND_THREADS, in_tests=False),
    _ban(r"\.detach\s*\(", "TaskGroup, which joins"),
    _ban(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\s*\(", "Clock::wait_for", TIME_AND_THREADS + ("tests/", "bench/")),
    _ban(r"\bsystem_clock::now\b", "Clock::now", ("src/base/clock.cc", "tests/", "bench/")),
    _ban(r"\bsteady_clock::now\b", "Clock::steady_now", TIME_AND_THREADS + ("tests/", "bench/")),
    _ban(r"\b(?:secure_)?(?:getenv|setenv|unsetenv|putenv)\s*\(", "settings handed in", ("src/app/environment.cc", "tests/", "bench/")),
    _ban(r"\bstd::(?:cout|cerr|clog)\b", "log_info, or a Sink", ("src/app/", "tests/", "bench/")),
    _ban(r"(?<!\w)(?:printf|puts|putchar)\s*\(", "log_info, or a Sink", ("src/app/", "tests/", "bench/")),
    _ban(r"\busing namespace\b(?!\s+std::(?:literals|chrono_literals|string_view_literals))", "the full name", in_tests=False),
)


def banned_calls(file):
    if not file.is_cpp:
        return
    # A private constructor leaves no other way to make an owned object.
    text = re.sub(r"(\bstd::unique_ptr<[^;{}()]*>(?:\s+\w+)?\(\s*)new\b", r"\1", file.stripped)
    for number, line in enumerate(text.split("\n"), 1):
        for ban in BANS:
            if file.path.startswith(ban.allowed or ("\0",)) or (file.is_test and not ban.in_tests):
                continue
            match = ban.pattern.search(line)
            if match and not line.lstrip().startswith("#include"):
                yield file.finding(number, "banned-call", f"`{match.group(0).strip()}` is not used here: {ban.instead}")


def includes(file):
    match = re.match(r"src/([^/]+)/", file.path)
    if not file.is_cpp or not match:
        return
    folder = match.group(1)
    if folder not in file.links:
        yield file.finding(1, "include", f"src/{folder} is not in CMakeLists.txt")
        return
    for number, line in enumerate(file.stripped.split("\n"), 1):
        include = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if include:
            quoted, angled = include.groups()
            problem = link_graph.check_include(folder, file.path, quoted or angled, bool(quoted), file.links)
            if problem:
                yield file.finding(number, "include", problem)


def licence_line(file):
    if file.is_code and not any("SPDX-License-Identifier: Apache-2.0" in line for line in file.lines[:2]):
        yield file.finding(1, "licence", "the first line (or the second, after #!) names the licence: SPDX-License-Identifier: Apache-2.0")


def header_guard(file):
    if file.path.endswith(".h") and not re.search(r"^#pragma once$", file.text, re.MULTILINE):
        yield file.finding(1, "pragma-once", "a header says #pragma once")


def sizes(file):
    if not file.is_code:
        return
    count = len(file.lines) - 1
    if count > FILE_LINES_MAX:
        yield file.finding(count, "file-length", f"{count} lines; at most {FILE_LINES_MAX}: it is more than one noun")
    for number, line in enumerate(file.lines, 1):
        if file.is_cpp and len(line) > LINE_LENGTH_MAX and not re.match(r"\s*(?://|#include)\s*\S+$", line):
            yield file.finding(number, "line-length", f"{len(line)} characters; at most {LINE_LENGTH_MAX}")


def function_length(file):
    if not file.is_cpp:
        return
    for function in source.functions(file.stripped):
        lines_max = TEST_LINES_MAX if file.is_test else FUNCTION_LINES_MAX
        if function.lines > lines_max:
            yield file.finding(
                function.line,
                "function-length",
                f"{function.name} has {function.lines} lines; at most {lines_max}: it is more than one thought",
                f"{file.path}:{function.name}",
            )


def white_space(file):
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield file.finding(number, "white-space", "white space at the end of the line")
        if "\t" in line:
            yield file.finding(number, "white-space", "a tab; indent with spaces")
    if file.text and not file.text.endswith("\n"):
        yield file.finding(len(file.lines), "white-space", "the last line has no end")


def open_ends(file):
    if file.path.startswith("tools/tidy/") or not file.is_code:
        return
    for number, line in enumerate(file.lines, 1):
        if re.search(r"\b(?:TODO|FIXME|XXX)\b(?!X)", line) and not re.search(r"\bTODO\(#\d+\)", line):
            yield file.finding(number, "todo", "say which issue: TODO(#12)")
        if "NOLINT" in line and not re.search(r"NOLINT(?:NEXTLINE|BEGIN|END)?\([\w.*,\- ]+\)(?:: \S|$)", line):
            yield file.finding(number, "nolint", "name the check and the reason: NOLINT(check): why")


def names(file):
    if file.is_cpp and re.search(r"(?:^|/|_)(?:utils?|helpers?|manager|misc|common|impl|data|info)(?:_test)?\.\w+$", file.path):
        yield file.finding(1, "name", "the name says nothing: call the file by the noun that it holds")


def machine_paths(file):
    if file.path.startswith("tools/tidy/"):
        return
    for number, line in enumerate(file.lines, 1):
        if re.search(r"(?<![\w.$}])/(?:work|home/\w+)/", line):
            yield file.finding(number, "machine-path", "a path of somebody's machine")


def documentation_links(file):
    if not file.path.endswith(".md"):
        return
    for number, line in enumerate(file.lines, 1):
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
            if "://" not in link and not link.startswith("mailto:"):
                yield file.finding(number, "link", link)  # The caller keeps those that lead nowhere.


FILE_RULES = (
    banned_calls,
    includes,
    licence_line,
    header_guard,
    sizes,
    function_length,
    white_space,
    open_ends,
    names,
    machine_paths,
    documentation_links,
)
