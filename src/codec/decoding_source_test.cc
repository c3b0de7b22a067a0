// SPDX-License-Identifier: Apache-2.0
#include "codec/decoding_source.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/streams.h"

namespace cairn::codec {
namespace {

// A format to test with: a frame is any letters and then a dot; every letter comes out twice. "!"
// is damage and "~" is something that the decoder never gets past.
class DoublingDecoder final : public Decoder {
 public:
  explicit DoublingDecoder(bool has_many_frames) : has_many_frames_(has_many_frames) {}

  std::string_view name() const override { return "doubled"; }
  Result<bool> start_next_frame() override { return has_many_frames_; }

  Result<Step> decode(std::string_view in, std::span<char> out) override {
    Step step;
    while (true) {
      const std::size_t count =
          held_.copy(out.data() + step.produced_bytes, out.size() - step.produced_bytes);
      held_.erase(0, count);
      step.produced_bytes += count;
      if (!held_.empty() || step.consumed_bytes == in.size()) return step;
      const char c = in[step.consumed_bytes];
      if (c == '!') return corrupt("exclamation");
      if (c == '~') return step;
      ++step.consumed_bytes;
      if (c == '.') {
        step.is_frame_done = true;
        return step;
      }
      held_ = Bytes(2, c);
    }
  }

 private:
  bool has_many_frames_;
  Bytes held_;
};

Result<Bytes> decoded(std::string_view in, bool has_many_frames, std::size_t in_bytes_each,
                      std::size_t out_bytes_each) {
  tests::ChunkedSource chunks(in, in_bytes_each);
  DecodingSource source(std::make_unique<DoublingDecoder>(has_many_frames), chunks);
  Bytes all;
  std::array<char, 100> buffer{};
  while (true) {
    const std::size_t count = TRY(source.read(std::span(buffer).first(out_bytes_each)));
    if (count == 0) break;
    all.append(buffer.data(), count);
  }
  EXPECT_EQ(source.read(buffer).value(), 0u);  // The end stays the end.
  return all;
}

TEST(DecodingSourceTest, TellsWhereAnInputMayEnd) {
  struct Case {
    std::string_view in;
    bool has_many_frames;
    std::string_view expected;  // what comes out, or what the error says
    bool is_ok;
  };
  const Case cases[] = {
      {"ab.", false, "aabb", true},
      {"ab.", true, "aabb", true},
      {".", false, "", true},
      {"a.b.", true, "aabb", true},
      {"a...b.", true, "aabb", true},
      {"", true, "doubled data is empty", false},
      {"ab", true, "doubled data is cut short after 2 bytes", false},
      {"ab.c", true, "doubled data is cut short after 4 bytes", false},
      {"ab.c", false, "doubled data is followed by other bytes, from byte 3", false},
      {"ab.c.", false, "doubled data is followed by other bytes, from byte 3", false},
      {"!", true, "exclamation", false},
      {"ab!.", true, "exclamation", false},
      {"ab~.", true, "doubled data makes no progress at byte 2", false},
  };
  for (const Case& c : cases) {
    for (const std::size_t in_bytes_each : {1, 2, 100}) {
      for (const std::size_t out_bytes_each : {1, 2, 3, 4, 100}) {
        SCOPED_TRACE(fmt::format("{} {} {}", c.in, in_bytes_each, out_bytes_each));
        const Result<Bytes> out = decoded(c.in, c.has_many_frames, in_bytes_each, out_bytes_each);
        ASSERT_EQ(out.ok(), c.is_ok);
        if (c.is_ok) {
          EXPECT_EQ(out.value(), c.expected);
        } else {
          EXPECT_EQ(out.error().code(), ErrorCode::Corrupt);
          EXPECT_TRUE(out.error().message().contains(c.expected)) << out.error().message();
        }
      }
    }
  }
}

TEST(DecodingSourceTest, GivesAsMuchAsFitsEachTime) {
  ViewSource in("abcdef.");
  DecodingSource source(std::make_unique<DoublingDecoder>(false), in);
  std::array<char, 5> out{};
  EXPECT_EQ(source.read(out).value(), 5u);
  EXPECT_EQ(source.read(out).value(), 5u);
  EXPECT_EQ(source.read(out).value(), 2u);
  EXPECT_EQ(source.read(out).value(), 0u);
}

TEST(DecodingSourceTest, AnErrorOfTheSourceIsNoEnd) {
  for (const std::string_view in : {"", "a", "a.", "a.b"}) {
    SCOPED_TRACE(in);
    tests::FailingSource failing(in);
    DecodingSource source(std::make_unique<DoublingDecoder>(true), failing);
    EXPECT_EQ(read_all(source, 100).error().code(), ErrorCode::Unavailable);
  }
}

}  // namespace
}  // namespace cairn::codec
