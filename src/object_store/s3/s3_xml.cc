// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_xml.h"

#include <expat.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace cairn::object_store {

namespace {

constexpr std::size_t kLevelsMax = 16;
constexpr std::size_t kElementsMax = 100'000;

struct FreeParser {
  void operator()(XML_ParserStruct* parser) const { XML_ParserFree(parser); }
};

// Expat's callbacks. An element's address is stable while it is open: only its parent's last child
// is ever open, and the parent gets no further child meanwhile.
struct TreeBuilder {
  XML_Parser parser = nullptr;
  XmlElement root = {};
  std::vector<XmlElement*> open = {};
  std::size_t element_count = 0;
  std::string_view refusal = {};

  void refuse(std::string_view why) {
    refusal = why;
    XML_StopParser(parser, XML_FALSE);
  }

  static void on_doctype(void* self, const char*, const char*, const char*, int) {
    static_cast<TreeBuilder*>(self)->refuse("it has a document type");
  }

  static void on_start(void* self, const char* name, const char**) {
    auto& builder = *static_cast<TreeBuilder*>(self);
    if (!builder.refusal.empty()) return;
    if (builder.open.size() == kLevelsMax) return builder.refuse("its elements nest too deeply");
    if (++builder.element_count > kElementsMax) return builder.refuse("it has too many elements");
    XmlElement* element = &builder.root;
    if (!builder.open.empty()) element = &builder.open.back()->children.emplace_back();
    const std::string_view full(name);
    element->name = full.substr(full.find(':') + 1);
    builder.open.push_back(element);
  }

  static void on_end(void* self, const char*) {
    auto& builder = *static_cast<TreeBuilder*>(self);
    if (builder.refusal.empty()) builder.open.pop_back();
  }

  static void on_text(void* self, const char* text, int length) {
    auto& builder = *static_cast<TreeBuilder*>(self);
    if (!builder.refusal.empty() || builder.open.empty()) return;
    builder.open.back()->text.append(text, static_cast<std::size_t>(length));
  }
};

}  // namespace

const XmlElement* XmlElement::find(std::string_view child_name) const {
  const auto found = std::ranges::find(children, child_name, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view child_name) const {
  const XmlElement* child = find(child_name);
  return child == nullptr ? std::string_view() : std::string_view(child->text);
}

Result<XmlElement> parse_xml(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return corrupt("the XML is too long");
  }
  const std::unique_ptr<XML_ParserStruct, FreeParser> parser(XML_ParserCreate("UTF-8"));
  if (!parser) return internal_error("out of memory");
  TreeBuilder builder{.parser = parser.get()};
  XML_SetUserData(parser.get(), &builder);
  XML_SetStartDoctypeDeclHandler(parser.get(), &TreeBuilder::on_doctype);
  XML_SetElementHandler(parser.get(), &TreeBuilder::on_start, &TreeBuilder::on_end);
  XML_SetCharacterDataHandler(parser.get(), &TreeBuilder::on_text);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE) ==
      XML_STATUS_OK) {
    return std::move(builder.root);
  }
  const std::string_view why =
      builder.refusal.empty() ? XML_ErrorString(XML_GetErrorCode(parser.get())) : builder.refusal;
  return corrupt("not the XML of an S3 reply: {} (line {})", why,
                 XML_GetCurrentLineNumber(parser.get()));
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&apos;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace cairn::object_store
