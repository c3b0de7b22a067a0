// SPDX-License-Identifier: Apache-2.0
// Short words for the contract tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <stop_token>
#include <string>

#include "object_store/object_store.h"
#include "tests/support/expect_ok.h"

namespace cairn::tests {

inline constexpr std::uint64_t kMebibyte = 1024 * 1024;
inline constexpr std::size_t kGetMax = 64 * kMebibyte;

inline const std::stop_token kNever;

inline object_store::ObjectKey key(std::string text) {
  return object_store::ObjectKey(std::move(text));
}

inline Result<> put(object_store::ObjectStore& store, const std::string& name,
                    std::string_view bytes) {
  return store.put(key(name), bytes, {}, kNever);
}

// Bytes that differ everywhere, so that a misplaced piece is noticed.
inline Bytes sample(std::size_t size, std::uint32_t seed) {
  Bytes bytes(size, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

inline Bytes bytes_of(object_store::ObjectStore& store, const std::string& name) {
  Result<Bytes> bytes = object_store::get(store, key(name), kGetMax, kNever);
  return bytes.ok() ? std::move(bytes).value() : "<" + bytes.error().message() + ">";
}

inline Bytes range_of(object_store::ObjectStore& store, const std::string& name,
                      const object_store::ByteRange& range) {
  Result<object_store::OpenObject> object = store.open(key(name), {.range = range}, kNever);
  if (!object.ok()) return "<" + outcome(object) + ">";
  Result<Bytes> bytes = read_all(*object.value().body, kGetMax);
  return bytes.ok() ? std::move(bytes).value() : "<" + bytes.error().message() + ">";
}

// One page as text: "a b/c d/" (objects first).
inline std::string text_of(const object_store::ListPage& page) {
  std::string text;
  for (const object_store::ObjectInfo& object : page.objects) text += object.key + " ";
  for (const std::string& prefix : page.prefixes) text += prefix + " ";
  if (!text.empty()) text.pop_back();
  return text;
}

// All pages as text, checking that none is too large.
inline std::string list_text(object_store::ObjectStore& store, object_store::ListRequest request) {
  object_store::ListPage all;
  for (int pages = 0; pages < 1000; ++pages) {
    Result<object_store::ListPage> page = store.list(request, kNever);
    if (!page.ok()) return "<" + page.error().message() + ">";
    object_store::ListPage& found = page.value();
    const std::size_t count = found.objects.size() + found.prefixes.size();
    if (count > static_cast<std::size_t>(request.page_max)) return "<a page is too large>";
    std::ranges::move(found.objects, std::back_inserter(all.objects));
    std::ranges::move(found.prefixes, std::back_inserter(all.prefixes));
    if (found.next_page_token.empty()) return text_of(all);
    request.page_token = found.next_page_token;
  }
  return "<the listing does not end>";
}

inline std::stop_token stopped() {
  std::stop_source source;
  source.request_stop();
  return source.get_token();
}

}  // namespace cairn::tests
