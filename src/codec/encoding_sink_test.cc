// SPDX-License-Identifier: Apache-2.0
#include "codec/encoding_sink.h"

#include <gtest/gtest.h>

#include "tests/support/streams.h"

namespace cairn::codec {
namespace {

// Every letter comes out twice, a dot at the end, and at most three bytes at a time; "!" fails.
class DoublingEncoder final : public Encoder {
 public:
  Result<Step> encode(std::string_view in, std::span<char> out, Mode mode) override {
    Step step;
    if (held_.empty() && !in.empty()) {
      if (in[0] == '!') return internal_error("exclamation");
      held_ = Bytes(2, in[0]);
      step.consumed_bytes = 1;
    }
    if (held_.empty() && mode == Mode::End && !has_ended_) {
      held_ = ".....";
      has_ended_ = true;
    }
    step.produced_bytes = held_.copy(out.data(), 3);
    held_.erase(0, step.produced_bytes);
    step.is_done = held_.empty() && step.consumed_bytes == in.size();
    return step;
  }

 private:
  Bytes held_;
  bool has_ended_ = false;
};

TEST(EncodingSinkTest, TakesEverythingAndEndsOnce) {
  StringSink out;
  EncodingSink sink(std::make_unique<DoublingEncoder>(), out);
  EXPECT_TRUE(sink.write("ab").ok());
  EXPECT_TRUE(sink.write("").ok());
  EXPECT_TRUE(sink.write("c").ok());
  EXPECT_EQ(out.bytes(), "aabbcc");
  EXPECT_TRUE(sink.finish().ok());
  EXPECT_EQ(out.bytes(), "aabbcc.....");
}

TEST(EncodingSinkTest, ErrorsOfBothSidesComeOut) {
  StringSink out;
  EncodingSink sink(std::make_unique<DoublingEncoder>(), out);
  EXPECT_EQ(sink.write("a!").error().code(), ErrorCode::Internal);

  tests::FailingSink full(4);
  EncodingSink other(std::make_unique<DoublingEncoder>(), full);
  EXPECT_TRUE(other.write("ab").ok());
  EXPECT_EQ(other.finish().error().code(), ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cairn::codec
