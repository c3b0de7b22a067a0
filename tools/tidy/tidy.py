#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules (STYLE.md) over every file of the repository; run by ctest and `./dev lint`.

usage: tidy.py [ROOT]     prints path:line: rule: text; exits 1 when there is a finding

exceptions.txt beside this file lists what is allowed to break a rule and why. An exception that nothing
needs any more is a finding too, so the list only shrinks.
"""
import pathlib
import re
import subprocess
import sys

import link_graph
import rules
from rules import File, Finding

EXCEPTIONS = "tools/tidy/exceptions.txt"
# Bytes made by other programs, and texts that are not ours to change.
NOT_OURS = re.compile(r"^tests/fixtures/|(?:^|/)testdata/|^tests/fuzz/corpus/|^LICENSE$")


def list_files(root):
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, check=False)
    if listing.returncode == 0:
        paths = listing.stdout.decode().split("\0")
    else:
        paths = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
        paths = [path for path in paths if not path.startswith(("build/", ".git/"))]
    return sorted({p for p in paths if p and not NOT_OURS.search(p) and (root / p).is_file()})


def read_exceptions(root):
    """(rule, subject) -> line number, from lines "rule subject: reason". A subject with / at its end is a folder."""
    path, found, problems = root / EXCEPTIONS, {}, []
    if not path.exists():
        return found, problems
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.match(r"^([\w-]+) (\S+): (\S.{9,})$", line)
        if match:
            found[match.group(1, 2)] = number
        else:
            problems.append(Finding(EXCEPTIONS, number, "exception", 'write "rule subject: reason"', ""))
    return found, problems


def excuse(finding, exceptions):
    """The exception that covers a finding, or nothing."""
    for rule, subject in exceptions:
        is_covered = finding.subject.startswith(subject) if subject.endswith("/") else finding.subject == subject
        if rule == finding.rule and is_covered:
            return rule, subject
    return None


def folder_rules(paths, read):
    """What no single file shows: READMEs, tests beside sources, the size of base."""
    known = set(paths)
    for folder in sorted({p.split("/")[1] for p in paths if re.match(r"src/[^/]+/", p)}):
        readme = f"src/{folder}/README.md"
        if readme not in known:
            yield Finding(f"src/{folder}", 1, "readme", "has no README.md: why it exists, what belongs here, what does not", readme)
        else:
            text = read(readme)
            if text.count("\n") > rules.README_LINES_MAX:
                yield Finding(readme, 1, "readme", f"more than {rules.README_LINES_MAX} lines", readme)
            for heading in ("Why it exists", "Belongs here", "Does not belong here"):
                if heading.lower() not in text.lower():
                    yield Finding(readme, 1, "readme", f"has no heading “{heading}”", readme)
    yield from untested(paths, read)
    headers = [p for p in paths if re.match(r"src/base/.*\.h$", p)]
    if len(headers) > rules.BASE_HEADERS_MAX:
        yield Finding("src/base", 1, "base", f"{len(headers)} headers: something in it deserves a folder", "src/base")


def first_include(text):
    match = re.search(r'^#include "([^"]+)"', text, re.MULTILINE)
    return match.group(1) if match else ""


def untested(paths, read):
    """Sources whose own header (their first include) no test includes: of their folder, or under tests/."""
    everywhere, tested = set(), {}
    for path in paths:
        if re.match(r"src/.*_test\.cc$", path):
            tested.setdefault(path.split("/")[1], set()).update(re.findall(r'#include "([^"]+)"', read(path)))
        elif re.match(r"tests/(?:contract|integration)/.*\.cc$", path):
            everywhere.update(re.findall(r'#include "([^"]+)"', read(path)))
    for path in paths:
        if re.match(r"src/.*(?<!_test)\.cc$", path):
            header = first_include(read(path))
            if header not in everywhere | tested.get(path.split("/")[1], set()):
                text = "no test includes its header, and exceptions.txt does not say what tests it"
                yield Finding(path, 1, "test", text, path)


def check_links(root, finding):
    target = (root / finding.path).parent / finding.text
    return not target.exists()


def check(root):
    paths = list_files(root)
    cmake = root / "CMakeLists.txt"
    links = link_graph.read_links(cmake.read_text(encoding="utf-8")) if cmake.exists() else {}
    findings = []
    cycle = link_graph.find_cycle(links)
    if cycle:
        findings.append(Finding("CMakeLists.txt", 1, "include", "a circle: " + " → ".join(cycle), "CMakeLists.txt"))
    for path in paths:
        try:
            file = File(path, (root / path).read_text(encoding="utf-8"), links)
        except UnicodeDecodeError:
            findings.append(Finding(path, 1, "encoding", "is not UTF-8; binary files go into testdata/ or tests/fixtures/", path))
            continue
        for rule in rules.FILE_RULES:
            findings.extend(f for f in rule(file) if f.rule != "link" or check_links(root, f))
    findings.extend(folder_rules(paths, lambda path: (root / path).read_text(encoding="utf-8")))

    exceptions, problems = read_exceptions(root)
    excused = {finding: excuse(finding, exceptions) for finding in findings}
    used = set(excused.values())
    for key, number in exceptions.items():
        if key not in used:
            problems.append(Finding(EXCEPTIONS, number, "exception", f"nothing needs “{key[0]} {key[1]}” any more: remove it", ""))
    return [finding for finding in findings if not excused[finding]] + problems


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here
    findings = check(root)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.rule}: {finding.text}")
    if findings:
        print(f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
