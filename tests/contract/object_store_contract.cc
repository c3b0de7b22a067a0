// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/object_store_contract.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "concurrency/task_group.h"
#include "tests/contract/contract_support.h"

namespace cairn::tests {

using namespace object_store;  // NOLINT(google-build-using-namespace): this file is about it.

std::string contract_case_name(const testing::TestParamInfo<ContractCase>& info) {
  return info.param.name;
}

void ObjectStoreContract::SetUp() {
  tested_ = GetParam().make();
  ASSERT_NE(tested_, nullptr);
  store_ = &tested_->store();
}

TEST_P(ObjectStoreContract, WhatIsPutIsThere) {
  ASSERT_OK(put(*store_, "folder/object", "hello"));
  EXPECT_EQ(bytes_of(*store_, "folder/object"), "hello");
  const ObjectInfo info = store_->head(key("folder/object"), kNever).value();
  EXPECT_EQ(info.key, "folder/object");
  EXPECT_EQ(info.size_bytes, 5U);
  EXPECT_EQ(store_->open(key("folder/object"), {}, kNever).value().info.size_bytes, 5U);
}

TEST_P(ObjectStoreContract, PutReplaces) {
  ASSERT_OK(put(*store_, "a", "a long first version"));
  const std::string before = store_->head(key("a"), kNever).value().etag;
  ASSERT_OK(put(*store_, "a", "second"));
  EXPECT_EQ(bytes_of(*store_, "a"), "second");
  EXPECT_NE(store_->head(key("a"), kNever).value().etag, before);
}

TEST_P(ObjectStoreContract, AReaderKeepsTheVersionItOpened) {
  const Bytes first = sample(3 * kMebibyte, 1);
  ASSERT_OK(put(*store_, "a", first));
  Result<OpenObject> object = store_->open(key("a"), {}, kNever);
  ASSERT_OK(object);
  const ObjectInfo info = object.value().info;
  ASSERT_OK(put(*store_, "a", sample(3 * kMebibyte, 2)));
  const Result<Bytes> read = read_all(*object.value().body, kGetMax);
  // A store may also give up; it must not mix two versions.
  if (read.ok()) {
    EXPECT_TRUE(read.value() == first);
  }
  EXPECT_EQ(info.size_bytes, first.size());
}

TEST_P(ObjectStoreContract, AbsentObjectsAreNotFound) {
  ASSERT_OK(put(*store_, "folder/object", "x"));
  for (const char* name : {"none", "folder/none", "folder", "folder/object2"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(outcome(store_->head(key(name), kNever)), "NotFound");
    EXPECT_EQ(outcome(store_->open(key(name), {}, kNever)), "NotFound");
    EXPECT_EQ(outcome(get(*store_, key(name), 10, kNever)), "NotFound");
    EXPECT_EQ(find(*store_, key(name), kNever).value(), std::nullopt) << "find";
  }
}

TEST_P(ObjectStoreContract, EmptyObjectsAreObjects) {
  ASSERT_OK(put(*store_, "empty", ""));
  EXPECT_EQ(bytes_of(*store_, "empty"), "");
  EXPECT_EQ(store_->head(key("empty"), kNever).value().size_bytes, 0U);
  EXPECT_EQ(list_text(*store_, {}), "empty");
}

TEST_P(ObjectStoreContract, KeysAndBytesAreKeptExactly) {
  Bytes every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  const std::string names[] = {
      "plain",
      "with space/and  two",
      "plus+plus/a+b",
      "percent%20/%41%",
      "ünïcode/日本語/🗿",
      "quote'\"/amp&lt<gt>",
      "query?x=y#z",
      "sub!$()*,;:@=~_-.",
      "back\\slash",
      ".hidden/..two/...",
  };
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    ASSERT_OK(put(*store_, name, every_byte + name));
    EXPECT_EQ(bytes_of(*store_, name), every_byte + name);
  }
  std::set<std::string> listed;
  for (const ObjectInfo& info : list_all(*store_, {}, 100, kNever).value()) listed.insert(info.key);
  EXPECT_EQ(listed, std::set<std::string>(std::begin(names), std::end(names)));
}

TEST_P(ObjectStoreContract, LargeObjectsAreKept) {
  const Bytes bytes = sample(9 * kMebibyte + 1, 3);
  ASSERT_OK(put(*store_, "large", bytes));
  EXPECT_TRUE(bytes_of(*store_, "large") == bytes);
  EXPECT_EQ(outcome(get(*store_, key("large"), bytes.size() - 1, kNever)), "Corrupt");
}

TEST_P(ObjectStoreContract, RangesAreCutFromTheObject) {
  ASSERT_OK(put(*store_, "a", "0123456789"));
  struct Case {
    ByteRange range;
    std::string expected;
  };
  const Case cases[] = {
      {{.offset = 0, .length = {}}, "0123456789"},
      {{.offset = 3, .length = {}}, "3456789"},
      {{.offset = 3, .length = 4}, "3456"},
      {{.offset = 0, .length = 1}, "0"},
      {{.offset = 9, .length = 1}, "9"},
      {{.offset = 7, .length = 100}, "789"},  // What reaches beyond the end is cut.
      {{.offset = 10, .length = {}}, "<InvalidArgument>"},
      {{.offset = 11, .length = 1}, "<InvalidArgument>"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.range.offset);
    EXPECT_EQ(range_of(*store_, "a", c.range), c.expected);
  }
  const auto object = store_->open(key("a"), {.range = {.offset = 3, .length = 2}}, kNever);
  EXPECT_EQ(object.value().info.size_bytes, 10U) << "the size is that of the whole object";
}

TEST_P(ObjectStoreContract, AnObjectThatChangedDoesNotMatch) {
  ASSERT_OK(put(*store_, "a", "first"));
  const std::string etag = store_->head(key("a"), kNever).value().etag;
  if (etag.empty()) GTEST_SKIP() << "no etags";
  EXPECT_EQ(store_->open(key("a"), {}, kNever).value().info.etag, etag);
  EXPECT_EQ(list_all(*store_, {}, 10, kNever).value().at(0).etag, etag);
  const OpenOptions options{.range = {.offset = 1}, .if_match = etag};
  EXPECT_EQ(outcome(store_->open(key("a"), options, kNever)), "ok");
  ASSERT_OK(put(*store_, "a", "other"));
  EXPECT_EQ(outcome(store_->open(key("a"), options, kNever)), "Conflict");
  EXPECT_EQ(outcome(store_->open(key("none"), options, kNever)), "NotFound");
}

TEST_P(ObjectStoreContract, PutIfAbsentNeverReplaces) {
  if (!store_->capabilities().put_if_absent) {
    EXPECT_EQ(outcome(store_->put_if_absent(key("a"), "x", {}, kNever)), "InvalidArgument");
    return;
  }
  EXPECT_OK(store_->put_if_absent(key("f/a"), "first", {}, kNever));
  EXPECT_EQ(outcome(store_->put_if_absent(key("f/a"), "second", {}, kNever)), "AlreadyExists");
  EXPECT_EQ(outcome(store_->put_if_absent(key("f/a"), "first", {}, kNever)), "AlreadyExists");
  EXPECT_EQ(bytes_of(*store_, "f/a"), "first");
  ASSERT_OK(store_->remove(key("f/a"), kNever));
  EXPECT_OK(store_->put_if_absent(key("f/a"), "third", {}, kNever));
  EXPECT_EQ(bytes_of(*store_, "f/a"), "third");
}

TEST_P(ObjectStoreContract, OfManyPutsIfAbsentOneWins) {
  if (!store_->capabilities().put_if_absent) GTEST_SKIP() << "not claimed";
  constexpr int kThreads = 8;
  for (int round = 0; round < 5; ++round) {
    const std::string name = "race/" + std::to_string(round);
    std::atomic<int> winner = -1;
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    TaskGroup tasks{kNever};
    for (int thread = 0; thread < kThreads; ++thread) {
      tasks.start([&, thread](std::stop_token stop) -> Result<> {
        const Bytes mine = sample(100'000, static_cast<std::uint32_t>(thread));
        const Result<> result = store_->put_if_absent(key(name), mine, {}, stop);
        if (result.ok()) {
          ++won;
          winner = thread;
          return {};
        }
        if (result.error().code() != ErrorCode::AlreadyExists) return result;
        ++lost;
        return {};
      });
    }
    EXPECT_OK(tasks.join());
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, kThreads - 1);
    const Bytes expected = sample(100'000, static_cast<std::uint32_t>(winner.load()));
    EXPECT_TRUE(bytes_of(*store_, name) == expected);
  }
}

TEST_P(ObjectStoreContract, ListsInTheOrderOfWholeKeys) {
  // '-' and '.' sort before '/', '0' behind it: a folder-wise order would be another one.
  for (const char* name : {"a/b", "a.b", "a0", "a", "a-b/c", "a/b/c", "B", "é", "b", "a/b.c"}) {
    // A file system cannot have an object and a folder of one name.
    const Result<> result = put(*store_, name, "x");
    if (!result.ok()) {
      EXPECT_EQ(outcome(result), "InvalidArgument") << name;
    }
  }
  std::vector<std::string> keys;
  for (const ObjectInfo& info : list_all(*store_, {}, 100, kNever).value()) {
    keys.push_back(info.key);
  }
  EXPECT_GE(keys.size(), 7U);
  EXPECT_TRUE(std::ranges::is_sorted(keys));
  for (int page_max : {1, 2, 3}) {
    std::vector<std::string> paged;
    ListRequest request{.page_max = page_max};
    EXPECT_OK(for_each(
        *store_, request,
        [&](const ObjectInfo& info) -> Result<> {
          paged.push_back(info.key);
          return {};
        },
        kNever));
    EXPECT_EQ(paged, keys) << "pages of " << page_max;
  }
}

TEST_P(ObjectStoreContract, ListsWhatIsAskedFor) {
  for (const char* name : {"a/1", "a/2", "ab/x", "a/b/c", "a/bc/d", "a/bz", "other/deep/er/x"}) {
    ASSERT_OK(put(*store_, name, "x"));
  }
  struct Case {
    std::string prefix;
    bool recursive;
    std::string start_after;
    std::string expected;
  };
  const Case cases[] = {
      {"", true, "", "a/1 a/2 a/b/c a/bc/d a/bz ab/x other/deep/er/x"},
      {"a", true, "", "a/1 a/2 a/b/c a/bc/d a/bz ab/x"},
      {"a/", true, "", "a/1 a/2 a/b/c a/bc/d a/bz"},
      {"a/b", true, "", "a/b/c a/bc/d a/bz"},
      {"a/b/", true, "", "a/b/c"},
      {"a/b/c", true, "", "a/b/c"},
      {"a/b/c/", true, "", ""},
      {"none/", true, "", ""},
      {"../", true, "", ""},
      {"", false, "", "a/ ab/ other/"},
      {"a", false, "", "a/ ab/"},
      {"a/", false, "", "a/1 a/2 a/bz a/b/ a/bc/"},
      {"a/b", false, "", "a/bz a/b/ a/bc/"},
      {"a/b/", false, "", "a/b/c"},
      {"other/", false, "", "other/deep/"},
      {"other/de", false, "", "other/deep/"},
      {"", true, "a/2", "a/b/c a/bc/d a/bz ab/x other/deep/er/x"},
      {"", true, "a/b/c", "a/bc/d a/bz ab/x other/deep/er/x"},
      {"a/", true, "a/b", "a/b/c a/bc/d a/bz"},
      {"a/", true, "zzz", ""},
      {"a/b", true, "a", "a/b/c a/bc/d a/bz"},
      {"a/", false, "a/1", "a/2 a/bz a/b/ a/bc/"},
  };
  for (const Case& c : cases) {
    for (int page_max : {1, 2, 3, 1000}) {
      SCOPED_TRACE(c.prefix + " after " + c.start_after + (c.recursive ? " all" : " folders") +
                   " by " + std::to_string(page_max));
      EXPECT_EQ(list_text(*store_, {.prefix = c.prefix,
                                    .recursive = c.recursive,
                                    .start_after = c.start_after,
                                    .page_max = page_max}),
                c.expected);
    }
  }
  EXPECT_EQ(list_prefixes(*store_, "a/", kNever).value(),
            (std::vector<std::string>{"a/b/", "a/bc/"}));
  EXPECT_EQ(outcome(list_all(*store_, {}, 3, kNever)), "Internal");
}

TEST_P(ObjectStoreContract, ListsSizesAndTimes) {
  ASSERT_OK(put(*store_, "a", "12345"));
  const ObjectInfo listed = list_all(*store_, {}, 10, kNever).value().at(0);
  const ObjectInfo info = store_->head(key("a"), kNever).value();
  EXPECT_EQ(listed.size_bytes, 5U);
  EXPECT_GT(listed.modified, WallTime{});
  // A header has whole seconds, a listing often milliseconds.
  const auto difference = std::chrono::abs(listed.modified - info.modified);
  EXPECT_LT(difference, std::chrono::seconds(2));
  ASSERT_OK(put(*store_, "b", "x"));
  EXPECT_GE(store_->head(key("b"), kNever).value().modified, info.modified);
}

TEST_P(ObjectStoreContract, RemovingIsIdempotent) {
  ASSERT_OK(put(*store_, "f/g/a", "x"));
  ASSERT_OK(put(*store_, "f/b", "x"));
  EXPECT_OK(store_->remove(key("f/g/a"), kNever));
  EXPECT_OK(store_->remove(key("f/g/a"), kNever));
  EXPECT_OK(store_->remove(key("never/was"), kNever));
  EXPECT_OK(store_->remove(key("f"), kNever)) << "there is no object f, only a folder";
  EXPECT_EQ(list_text(*store_, {}), "f/b");
  ASSERT_OK(put(*store_, "f/g/a", "again"));
  EXPECT_EQ(bytes_of(*store_, "f/g/a"), "again");
}

TEST_P(ObjectStoreContract, ManyAreRemovedAtOnce) {
  constexpr int kCount = 1200;
  std::vector<ObjectKey> keys;
  TaskGroup tasks{kNever};
  for (int i = 0; i < kCount; ++i)
    keys.push_back(key("many/" + std::to_string(i % 7) + "/x" + std::to_string(i)));
  for (int part = 0; part < 4; ++part) {
    tasks.start([&, part](std::stop_token stop) -> Result<> {
      for (int i = part; i < kCount; i += 4) {
        if (i % 10 == 0) continue;  // Some of them are not there.
        TRY(store_->put(keys[static_cast<std::size_t>(i)], "x", {}, stop));
      }
      return {};
    });
  }
  ASSERT_OK(tasks.join());
  ASSERT_OK(put(*store_, "many/kept", "x"));
  EXPECT_EQ(list_all(*store_, {.prefix = "many/"}, 5000, kNever).value().size(), 1081U);
  const auto failures = store_->remove_batch(keys, kNever);
  ASSERT_OK(failures);
  EXPECT_TRUE(failures.value().empty());
  EXPECT_EQ(list_text(*store_, {}), "many/kept");
  EXPECT_TRUE(store_->remove_batch({}, kNever).value().empty());
}

TEST_P(ObjectStoreContract, MetadataIsKeptWithTheObject) {
  const Metadata metadata = {{"system-identifier", "7371234567890123456"}, {"note", "a b=c/d"}};
  if (!store_->capabilities().metadata) {
    EXPECT_EQ(outcome(store_->put(key("a"), "x", metadata, kNever)), "InvalidArgument");
    return;
  }
  ASSERT_OK(store_->put(key("a"), "x", metadata, kNever));
  EXPECT_EQ(store_->head(key("a"), kNever).value().metadata, metadata);
  EXPECT_EQ(store_->open(key("a"), {}, kNever).value().info.metadata, metadata);
  ASSERT_OK(put(*store_, "a", "y"));
  EXPECT_TRUE(store_->head(key("a"), kNever).value().metadata.empty());
  if (store_->capabilities().put_if_absent) {
    ASSERT_OK(store_->put_if_absent(key("b"), "x", metadata, kNever));
    EXPECT_EQ(store_->head(key("b"), kNever).value().metadata, metadata);
  }
  const std::uint64_t part_bytes =
      std::max<std::uint64_t>(1, store_->capabilities().part_bytes_min);
  const auto upload = store_->start_upload(key("c"), {metadata, part_bytes}, kNever);
  ASSERT_OK(upload);
  ASSERT_OK(upload.value()->put_part(1, "x", kNever));
  ASSERT_OK(upload.value()->complete(1, kNever));
  EXPECT_EQ(store_->head(key("c"), kNever).value().metadata, metadata);
}

TEST_P(ObjectStoreContract, AStoppedCallIsCancelled) {
  ASSERT_OK(put(*store_, "a", "x"));
  const std::stop_token stop = stopped();
  const ObjectKey keys[] = {key("a")};
  EXPECT_EQ(outcome(store_->put(key("b"), "x", {}, stop)), "Cancelled");
  EXPECT_EQ(outcome(store_->open(key("a"), {}, stop)), "Cancelled");
  EXPECT_EQ(outcome(store_->head(key("a"), stop)), "Cancelled");
  EXPECT_EQ(outcome(store_->list({}, stop)), "Cancelled");
  EXPECT_EQ(outcome(store_->remove(key("a"), stop)), "Cancelled");
  EXPECT_EQ(outcome(store_->remove_batch(keys, stop)), "Cancelled");
  EXPECT_EQ(outcome(store_->start_upload(key("b"), {{}, 8 * kMebibyte}, stop)), "Cancelled");
  EXPECT_EQ(outcome(store_->collect_unfinished("", WallTime::max(), stop)), "Cancelled");
  if (store_->capabilities().put_if_absent) {
    EXPECT_EQ(outcome(store_->put_if_absent(key("b"), "x", {}, stop)), "Cancelled");
  }
  EXPECT_EQ(list_text(*store_, {}), "a");
}

}  // namespace cairn::tests
