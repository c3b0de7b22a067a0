#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the summary counts what happened, and says why something was skipped."""
import pathlib
import tempfile
import unittest

import test_summary

JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="(empty)" tests="4">
  <testcase name="A.Passes" classname="A.Passes" time="0.1" status="run"><system-out>ok</system-out></testcase>
  <testcase name="A.Fails" classname="A.Fails" time="0.1" status="fail"><failure message="Failed"/></testcase>
  <testcase name="A.Skips" classname="A.Skips" time="0.1" status="notrun">
    <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>[ RUN      ] A.Skips
a_test.cc:3: Skipped
no S3 server:
  CAIRN_TEST_S3_ENDPOINT is not set

[  SKIPPED ] A.Skips (0 ms)</system-out></testcase>
  <testcase name="A.DISABLED_One" classname="A.One" time="0" status="disabled"/>
</testsuite>
"""
STORIES = "e2e\tdemo\tpassed\t\ne2e\tpitr\tskipped\tno PostgreSQL 17\ne2e\tkill\tfailed\texit status 1\n"


class SummaryTest(unittest.TestCase):
    def test_counts_both_sources_and_names_the_reasons(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "unit.xml").write_text(JUNIT)
            (root / "stories.tsv").write_text(STORIES)
            lines, count = test_summary.report(test_summary.read_all(root))
        self.assertEqual(count, {"passed": 2, "failed": 2, "skipped": 3})
        self.assertEqual(lines[-1], "2 passed, 2 failed, 3 skipped")
        self.assertIn("  unit: A.Fails: Failed", lines)
        self.assertIn("  e2e: kill: exit status 1", lines)
        self.assertIn("  unit: A.Skips: no S3 server: CAIRN_TEST_S3_ENDPOINT is not set", lines)
        self.assertIn("  unit: A.DISABLED_One: disabled in the source", lines)
        self.assertIn("  e2e: pitr: no PostgreSQL 17", lines)

    def test_nothing_run_is_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(test_summary.read_all(pathlib.Path(folder)), [])


if __name__ == "__main__":
    unittest.main()
