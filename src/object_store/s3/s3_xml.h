// SPDX-License-Identifier: Apache-2.0
// The XML of S3's replies as a small tree, read from servers that may be hostile. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::object_store {

struct XmlElement {
  std::string name = {};  // without its namespace prefix
  std::string text = {};  // all text directly inside, white space included
  std::vector<XmlElement> children = {};

  const XmlElement* find(std::string_view child_name) const;    // the first one, or nullptr
  std::string_view text_of(std::string_view child_name) const;  // "" when absent
};

// Corrupt for anything that is not one well-formed document, and for one with a document type
// (which could define entities), more than 16 levels or more than 100,000 elements.
Result<XmlElement> parse_xml(std::string_view text);

// For text between tags.
std::string escape_xml(std::string_view text);

}  // namespace cairn::object_store
