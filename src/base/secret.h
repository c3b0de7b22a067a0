// SPDX-License-Identifier: Apache-2.0
// Text that must never be printed: access keys, passwords, encryption keys.
//
// There is no operator<< and no fmt formatter on purpose. The memory is overwritten when the last
// owner goes. Not thread-safe to modify; reading is.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace cairn {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = other.text_;
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  // The name says it at every place of use: what comes out here must not be printed.
  std::string_view expose() const { return text_; }

 private:
  void wipe();

  std::string text_;
};

}  // namespace cairn
