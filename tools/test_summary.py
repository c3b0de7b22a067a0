#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the results of a test run: ctest's JUnit files and the table of story results in one folder.

Lists what failed and what was skipped, with reasons; the last line is "N passed, N failed, N skipped".
Exits 1 when something failed or nothing ran.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def skip_reason(output):
    """What a skipped GoogleTest case said: the lines between its "Skipped" and its "[  SKIPPED ]"."""
    match = re.search(r"Skipped\n(.*?)\n*\[  SKIPPED \]", output, re.DOTALL)
    reason = match.group(1) if match else ""
    return " ".join(reason.split()) or "no reason given"


def read_junit(path):
    for case in xml.parse(path).getroot().iter("testcase"):
        outcome, reason = "passed", ""
        output = case.findtext("system-out") or ""
        if case.get("status") == "disabled":
            outcome, reason = "skipped", "disabled in the source"
        elif case.find("skipped") is not None:
            outcome, reason = "skipped", skip_reason(output)
        elif case.find("failure") is not None or case.get("status") != "run":
            failure = case.find("failure")
            outcome = "failed"
            reason = (failure.get("message") or "") if failure is not None else case.get("status")
        yield path.stem, case.get("name"), outcome, reason


def read_stories(path):
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        tier, name, outcome, reason = (line.split("\t", 3) + [""] * 4)[:4]
        yield tier, name, outcome, reason


def read_all(folder):
    rows = []
    for path in sorted(folder.glob("*.xml")):
        rows.extend(read_junit(path))
    stories = folder / "stories.tsv"
    if stories.exists():
        rows.extend(read_stories(stories))
    return rows


def report(rows):
    lines = []
    for outcome, title in (("failed", "Failed"), ("skipped", "Skipped")):
        matching = [row for row in rows if row[2] == outcome]
        if matching:
            lines.append(f"{title}:")
            lines.extend(f"  {tier}: {name}: {reason}" for tier, name, _, reason in matching)
    count = {o: sum(row[2] == o for row in rows) for o in ("passed", "failed", "skipped")}
    lines.append("{passed} passed, {failed} failed, {skipped} skipped".format(**count))
    return lines, count


def main():
    rows = read_all(pathlib.Path(sys.argv[1]))
    lines, count = report(rows)
    print("\n".join(lines))
    return 1 if count["failed"] or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
