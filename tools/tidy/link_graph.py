# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, read from the link lists of CMakeLists.txt: they are the rule."""
import re

# A third-party header belongs to a CMake target; a folder may include it when it links that target.
THIRD_PARTY = {
    "CLI/": "CLI11::CLI11",
    "benchmark/": "benchmark::benchmark",
    "brotli/encode.h": "PkgConfig::brotlienc",
    "brotli/decode.h": "PkgConfig::brotlidec",
    "curl/": "CURL::libcurl",
    "expat.h": "EXPAT::EXPAT",
    "fmt/": "fmt::fmt",
    "gtest/": "GTest::gtest",
    "libpq-fe.h": "PostgreSQL::PostgreSQL",
    "lz4": "PkgConfig::lz4",
    "lzma.h": "LibLZMA::LibLZMA",
    "nlohmann/": "nlohmann_json::nlohmann_json",
    "openssl/": "OpenSSL::Crypto",
    "sodium": "PkgConfig::sodium",
    "spdlog/": "spdlog::spdlog",
    "xxhash.h": "PkgConfig::xxhash",
    "yaml-cpp/": "yaml-cpp",
    "zlib.h": "ZLIB::ZLIB",
    "zstd": "PkgConfig::zstd",
}

# Headers of the C library and the kernel; C++'s own have no dot.
SYSTEM = re.compile(
    r"^(?:sys/\w+|linux/\w+|arpa/inet|netinet/\w+|net/if|dirent|errno|fcntl|grp|immintrin|malloc|stdio|malloc|nmmintrin|cpuid|netdb|poll|"
    r"pwd|sched|signal|spawn|termios|time|unistd)\.h$|^[a-z_0-9]+$"
)

# Headers that cost every includer seconds, or that throw: they stay in .cc files.
ONLY_IN_SOURCES = ("nlohmann/", "spdlog/", "curl/", "libpq-fe.h", "CLI/", "yaml-cpp/", "expat.h", "openssl/")


def read_links(cmake_text):
    """Folder -> everything it links itself, from cairn_library and cairn_application."""
    text = re.sub(r"#[^\n]*", "", cmake_text)
    links = {}
    for call in re.finditer(r"cairn_(library|application)\s*\(([^)]*)\)", text):
        words = call.group(2).split()
        folder = words[0] if call.group(1) == "library" else words[1].removeprefix("src/")
        links[folder] = {word for word in words[1:] if word not in ("LINK", "PRIVATE_LINK")}
    return links


def find_cycle(links):
    """A list of folders that include each other in a circle, or nothing."""
    done = set()

    def visit(folder, path):
        if folder in path:
            return path[path.index(folder) :] + [folder]
        if folder in done or folder not in links:
            return None
        for other in sorted(links[folder]):
            cycle = visit(other, path + [folder])
            if cycle:
                return cycle
        done.add(folder)
        return None

    return next((cycle for folder in sorted(links) if (cycle := visit(folder, []))), None)


def _target_of(header):
    return next((target for prefix, target in THIRD_PARTY.items() if header.startswith(prefix)), None)


def check_include(folder, path, header, is_quoted, links):
    """Why `path` in `folder` may not include `header`, or nothing."""
    is_test = path.endswith("_test.cc")
    if is_quoted:
        other = header.split("/", 1)[0]
        if "/" not in header:
            return f'"{header}": write the path from src/'
        if header.startswith("tests/support/"):
            return None if is_test else f'"{header}": only tests may include test support'
        if other not in links:
            return f'"{header}": there is no folder src/{other}'
        if other != folder and other not in links[folder]:
            return f'"{header}": {folder} does not link {other} (CMakeLists.txt is the rule)'
        return None
    target = _target_of(header)
    if target is None:
        return None if SYSTEM.match(header) else f"<{header}>: unknown; name its target in tools/tidy/link_graph.py"
    if target == "GTest::gtest":
        return None if is_test else f"<{header}>: only tests may include it"
    visible = set(links[folder])
    for other in links[folder]:
        visible |= {word for word in links.get(other, ()) if word == "fmt::fmt"}  # Part of base's interface.
    if target not in visible:
        return f"<{header}>: {folder} does not link {target}"
    if path.endswith(".h") and header.startswith(ONLY_IN_SOURCES):
        return f"<{header}>: include it in a .cc file only"
    return None
