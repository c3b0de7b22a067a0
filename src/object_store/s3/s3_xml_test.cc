// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_xml.h"

#include <gtest/gtest.h>

namespace cairn::object_store {
namespace {

TEST(S3XmlTest, BuildsTheTree) {
  const Result<XmlElement> root = parse_xml(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<x:List xmlns:x=\"http://s3.amazonaws.com/doc/2006-03-01/\"><x:Key>a&amp;&#x62;</x:Key>"
      "<Key>second</Key><Empty/><Deep><Key> c </Key></Deep></x:List>");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root.value().name, "List");
  EXPECT_EQ(root.value().children.size(), 4u);
  EXPECT_EQ(root.value().text_of("Key"), "a&b");
  EXPECT_EQ(root.value().text_of("Empty"), "");
  EXPECT_EQ(root.value().text_of("Absent"), "");
  EXPECT_EQ(root.value().find("Absent"), nullptr);
  EXPECT_EQ(root.value().find("Deep")->text_of("Key"), " c ");
}

TEST(S3XmlTest, RefusesWhatIsNoPlainDocument) {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "<a>";
  for (int i = 0; i < 17; ++i) deep += "</a>";
  std::string wide = "<a>";
  for (int i = 0; i < 100'000; ++i) wide += "<b/>";
  wide += "</a>";
  struct Case {
    std::string text;
    std::string_view part;
  };
  const Case cases[] = {
      {"", "no element"},
      {"hello", "syntax error"},
      {"<a>", "no element"},
      {"<a></b>", "mismatched"},
      {"<a/><b/>", "junk"},
      {"<a>\x01</a>", "not well-formed"},
      {"<a>\xff</a>", "not well-formed"},
      {"<a>&unknown;</a>", "undefined entity"},
      {"<html><body>Bad gateway<br></body></html>", "mismatched"},
      {"<!DOCTYPE a><a/>", "document type"},
      {"<!DOCTYPE a [<!ENTITY b \"cccc\"><!ENTITY d \"&b;&b;\">]><a>&d;</a>", "document type"},
      {"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>", "document type"},
      {deep, "too deeply"},
      {wide, "too many"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text.substr(0, 60));
    const Result<XmlElement> root = parse_xml(c.text);
    ASSERT_FALSE(root.ok());
    EXPECT_EQ(root.error().code(), ErrorCode::Corrupt);
    EXPECT_TRUE(root.error().message().contains(c.part)) << root.error().message();
  }
}

TEST(S3XmlTest, EscapedTextSurvives) {
  const std::string text = "a<b>&c\"d'e \xc3\xa4 ]]>";
  EXPECT_EQ(parse_xml("<a>" + escape_xml(text) + "</a>").value().text, text);
}

}  // namespace
}  // namespace cairn::object_store
