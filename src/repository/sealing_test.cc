// SPDX-License-Identifier: Apache-2.0
#include "repository/sealing.h"

#include <gtest/gtest.h>

#include "object_store/memory/memory_store.h"
#include "repository/names.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/streams.h"

namespace cairn::repository {
namespace {

using codec::Compression;
using object_store::ObjectKey;

class SealingTest : public testing::Test {
 protected:
  std::string sealed(const Sealing& sealing, std::string_view text) {
    StringSink out;
    const auto sealer = make_sealer(sealing, out);
    EXPECT_OK(sealer);
    EXPECT_OK(sealer.value()->write(text));
    EXPECT_OK(sealer.value()->finish());
    return out.take();
  }
  Result<Bytes> read(const std::string& name, const codec::Cipher* key) {
    const auto source = TRY(open_sealed(store, ObjectKey(name), key, {}));
    return read_all(*source, 1 << 24);
  }

  ManualClock clock{WallTime{}};
  object_store::MemoryStore store{clock};
  const std::unique_ptr<codec::Cipher> cipher =
      codec::make_sodium_cipher(Secret(std::string(32, 'k')), "none").value();
};

TEST_F(SealingTest, RoundTripsEveryCombination) {
  const std::string text = tests::text_bytes(300'000, 1);
  for (const Compression compression : {Compression::None, Compression::Lz4, Compression::Zstd,
                                        Compression::Brotli, Compression::Lzma}) {
    for (const bool is_encrypted : {false, true}) {
      const codec::Cipher* key = is_encrypted ? cipher.get() : nullptr;
      SCOPED_TRACE(fmt::format("{} {}", codec::compression_name(compression), is_encrypted));
      const std::string stored = sealed({.compression = compression, .cipher = key}, text);
      if (compression != Compression::None) {
        EXPECT_LT(stored.size(), text.size());
      }
      std::string name = "wal_005/x";
      const std::string_view suffix = codec::compression_suffix(compression);
      if (!suffix.empty()) name.append(".").append(suffix);
      ASSERT_OK(store.put(ObjectKey(name), stored, {}, {}));
      const auto back = read(name, key);
      ASSERT_OK(back);
      EXPECT_EQ(back.value(), text);
    }
  }
}

TEST_F(SealingTest, CompressesBeforeItEncrypts) {
  const std::string stored =
      sealed({.compression = Compression::Lz4, .cipher = cipher.get()}, std::string(1 << 20, 'a'));
  // Encrypted first, it would not shrink; the frame of lz4 must not be visible.
  EXPECT_LT(stored.size(), 20'000U);
  EXPECT_NE(stored.substr(0, 4), std::string("\x04\x22\x4d\x18", 4));
}

TEST_F(SealingTest, NamesTheObjectThatIsBroken) {
  const std::string stored = sealed({.compression = Compression::Lz4}, "payload");
  ASSERT_OK(store.put(ObjectKey("a/cut.lz4"), stored.substr(0, stored.size() - 3), {}, {}));
  const auto cut = read("a/cut.lz4", nullptr);
  ASSERT_EQ(tests::outcome(cut), "Corrupt");
  EXPECT_NE(cut.error().message().find("a/cut.lz4"), std::string::npos);
  ASSERT_OK(store.put(ObjectKey("a/plain.lz4"), stored, {}, {}));
  EXPECT_EQ(tests::outcome(read("a/plain.lz4", cipher.get())), "Corrupt");
  EXPECT_EQ(tests::outcome(read("a/none.lz4", nullptr)), "NotFound");
  EXPECT_EQ(tests::outcome(read("a/strange.rar", nullptr)), "InvalidArgument");
}

TEST_F(SealingTest, PassesAFailureOfTheStoreOn) {
  ASSERT_OK(store.put(ObjectKey("a/x.lz4"), sealed({}, "payload"), {}, {}));
  tests::FaultyStore faulty(store);
  faulty.add_fault(
      {.operation = object_store::Operation::Open, .kind = tests::Fault::Kind::CutBody, .at = 5});
  const auto source = open_sealed(faulty, ObjectKey("a/x.lz4"), nullptr, {});
  ASSERT_OK(source);
  EXPECT_EQ(tests::outcome(read_all(*source.value(), 100)), "Unavailable");
}

TEST_F(SealingTest, FailsWhenTheSinkDoes) {
  tests::FailingSink full(10);
  const auto sealer = make_sealer({.compression = Compression::Zstd, .cipher = cipher.get()}, full);
  if (!sealer.ok()) return;
  Result<> written = sealer.value()->write(tests::random_bytes(1 << 20, 1));
  if (written.ok()) written = sealer.value()->finish();
  EXPECT_EQ(tests::outcome(written), "Unavailable");
}

}  // namespace
}  // namespace cairn::repository
