#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that every rule of tidy.py can fail, and that clean files pass."""
import pathlib
import tempfile
import unittest

import source
import tidy

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
README = "# x\n\nWhy it exists: a.\nBelongs here: b.\nDoes not belong here: c.\n"
CMAKE = """# SPDX-License-Identifier: Apache-2.0
cairn_library(base LINK fmt::fmt PRIVATE_LINK spdlog::spdlog)
cairn_library(http LINK base PRIVATE_LINK CURL::libcurl)
cairn_library(codec LINK base PRIVATE_LINK PkgConfig::zstd)
cairn_application(cairn src/app
  LINK base codec)
"""
CLEAN = {
    "CMakeLists.txt": CMAKE,
    "src/base/README.md": README,
    "src/codec/README.md": README,
    "src/base/word.h": LICENCE + "#pragma once\n\n#include <fmt/format.h>\n\n#include <string>\n",
    "src/base/word.cc": LICENCE + '#include "base/word.h"\n\nint word() { return 1; }\n',
    "src/base/word_test.cc": LICENCE + '#include "base/word.h"\n\n#include <gtest/gtest.h>\n',
    "src/codec/pack.h": LICENCE + "#pragma once\n",
    "src/codec/pack.cc": LICENCE + '#include "codec/pack.h"\n\n#include <zstd.h>\n\n#include "base/word.h"\n',
    "src/codec/pack_test.cc": LICENCE + '#include "codec/pack.h"\n#include "tests/support/clock.h"\n',
}


def findings(changes):
    """What tidy says of the clean tree with `changes` laid over it: "path: rule"."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {**CLEAN, **changes}.items():
            if text is not None:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
        return sorted(f"{f.path}: {f.rule}" for f in tidy.check(root))


def in_word(code):
    return {"src/base/word.cc": CLEAN["src/base/word.cc"] + code}


class TidyTest(unittest.TestCase):
    def test_a_clean_tree_has_no_finding(self):
        self.assertEqual(findings({}), [])

    def test_each_rule_can_fail(self):
        long_function = "void f() {\n" + "  g();\n" * 80 + "}\n"
        word, pack, header = "src/base/word.cc", "src/codec/pack.cc", "src/base/word.h"
        cases = [
            ("throw", in_word("void f() { throw 1; }\n"), f"{word}: banned-call"),
            ("new", in_word("int* f() { return new int; }\n"), f"{word}: banned-call"),
            ("delete", in_word("void f(int* p) { delete p; }\n"), f"{word}: banned-call"),
            ("thread", in_word("std::thread t;\n"), f"{word}: banned-call"),
            ("jthread", in_word("std::jthread t;\n"), f"{word}: banned-call"),
            ("async", in_word("auto x = std::async(f);\n"), f"{word}: banned-call"),
            ("detach", in_word("void f() { t.detach(); }\n"), f"{word}: banned-call"),
            ("sleep", in_word("void f() { std::this_thread::sleep_for(x); }\n"), f"{word}: banned-call"),
            ("clock", in_word("auto t = std::chrono::system_clock::now();\n"), f"{word}: banned-call"),
            ("getenv", in_word('auto h = std::getenv("HOME");\n'), f"{word}: banned-call"),
            ("cout", in_word("void f() { std::cout << 1; }\n"), f"{word}: banned-call"),
            ("assert", in_word("void f() { assert(true); }\n"), f"{word}: banned-call"),
            ("base includes codec", in_word('#include "codec/pack.h"\n'), f"{word}: include"),
            ("a header without folder", in_word('#include "word.h"\n'), f"{word}: include"),
            ("an unknown folder", in_word('#include "nothing/word.h"\n'), f"{word}: include"),
            ("curl outside http", in_word("#include <curl/curl.h>\n"), f"{word}: include"),
            ("an unknown library", in_word("#include <boost/asio.hpp>\n"), f"{word}: include"),
            ("gtest in a source", in_word("#include <gtest/gtest.h>\n"), f"{word}: include"),
            ("test support in a source", in_word('#include "tests/support/clock.h"\n'), f"{word}: include"),
            ("a heavy header in a header", {header: CLEAN[header] + "#include <spdlog/spdlog.h>\n"}, f"{header}: include"),
            ("a circle", {"CMakeLists.txt": CMAKE.replace("LINK fmt::fmt", "LINK fmt::fmt http")}, "CMakeLists.txt: include"),
            ("no licence", {word: '#include "base/word.h"\n'}, f"{word}: licence"),
            ("no pragma", {header: LICENCE}, f"{header}: pragma-once"),
            ("a long file", in_word("// x\n" * 600), f"{word}: file-length"),
            ("a long line", in_word("int x = 1; " + "// y" * 30 + "\n"), f"{word}: line-length"),
            ("a long function", in_word(long_function), f"{word}: function-length"),
            ("space at the end", in_word("int x; \n"), f"{word}: white-space"),
            ("a tab", in_word("\tint x;\n"), f"{word}: white-space"),
            ("no last newline", in_word("int x;"), f"{word}: white-space"),
            ("a bare TODO", in_word("// TODO: later\n"), f"{word}: todo"),
            ("a bare NOLINT", in_word("int x;  // NOLINT\n"), f"{word}: nolint"),
            ("a name", {"src/base/string_util.h": CLEAN[header]}, "src/base/string_util.h: name"),
            ("a machine's path", {"docs/a.md": "See /home/ada/cairn.\n"}, "docs/a.md: machine-path"),
            ("a dead link", {"docs/a.md": "[b](b.md)\n"}, "docs/a.md: link"),
            ("no README", {"src/base/README.md": None}, "src/base: readme"),
            ("a long README", {"src/base/README.md": README + "more\n" * 20}, "src/base/README.md: readme"),
            ("a README without its headings", {"src/base/README.md": "# x\n"}, "src/base/README.md: readme"),
            ("an untested source", {"src/codec/pack_test.cc": None}, f"{pack}: test"),
            ("a full base", {f"src/base/h{n}.h": LICENCE + "#pragma once\n" for n in range(26)}, "src/base: base"),
            ("an exception without reason", {tidy.EXCEPTIONS: "todo src/base/word.cc\n"}, f"{tidy.EXCEPTIONS}: exception"),
            (
                "an exception nothing needs",
                {tidy.EXCEPTIONS: "todo src/base/word.cc: it was needed once\n"},
                f"{tidy.EXCEPTIONS}: exception",
            ),
        ]
        for name, changes, expected in cases:
            with self.subTest(name):
                self.assertIn(expected, findings(changes))

    def test_what_is_allowed_passes(self):
        cases = [
            ("words in comments", in_word("// throw new std::thread, assert(x)\n/* getenv() */\n")),
            ("words in literals", in_word('auto x = "throw new"; auto y = R"(assert(1) // ")";\n')),
            ("digit separators", in_word("int x = 1'000'000; int y = 2'000;\n")),
            ("static_assert", in_word("static_assert(sizeof(int) == 4);\n")),
            ("a deleted function", in_word("struct S { S(const S&) = delete; };\n")),
            ("an owned new", in_word("auto p = std::unique_ptr<S>(new S());\n")),
            ("an owned new with a name", in_word("std::unique_ptr<S> p(new S());\n")),
            ("threads in a test", {"src/base/word_test.cc": CLEAN["src/base/word_test.cc"] + "std::jthread t;\n"}),
            ("the clock's file", {"src/base/clock.cc": CLEAN["src/base/word.cc"] + "auto t = system_clock::now();\n"}),
            ("a task with its issue", in_word("// TODO(#12): later\n")),
            ("a reason", in_word("int x;  // NOLINT(bugprone-x): because\n")),
            ("70 lines", in_word("void f() {\n" + "  g();\n" * 68 + "}\n")),
            (
                "a source that a contract suite tests",
                {
                    "src/codec/pack_test.cc": None,
                    "tests/contract/codec_contract.cc": LICENCE + '#include "codec/pack.h"\n',
                },
            ),
            (
                "an exception for a folder",
                {"src/codec/pack_test.cc": None, tidy.EXCEPTIONS: "test src/codec/: the integration tests run it\n"},
            ),
            (
                "an exception with its reason",
                {
                    **in_word("void f() { throw 1; }\n"),
                    tidy.EXCEPTIONS: "banned-call src/base/word.cc: the library wants it\n",
                },
            ),
        ]
        for name, changes in cases:
            with self.subTest(name):
                self.assertEqual(findings(changes), [])


class FunctionsTest(unittest.TestCase):
    def test_finds_functions_and_their_lengths(self):
        text = """namespace a {
struct S {
  int x = {};
  S() : x{1}, y{2} {
    g();
  }
};
template <class T>
Result<T> make(const T& value) {
  auto f = [&] {
    return value;
  };
  return f();
}
constexpr int kTable[] = {
    1,
    2,
};
enum class E { A, B };
}  // namespace a
TEST(WordTest, Works) {
}
"""
        found = [(f.name, f.line, f.lines) for f in source.functions(source.strip(text))]
        self.assertEqual(found, [("S", 4, 3), ("make", 8, 7), ("WordTest.Works", 21, 2)])


if __name__ == "__main__":
    unittest.main()
