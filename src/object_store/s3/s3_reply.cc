// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_reply.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/http_date.h"
#include "http/url.h"
#include "object_store/s3/s3_xml.h"

namespace cairn::object_store {

namespace {

constexpr std::string_view kMetadataHeader = "x-amz-meta-";

Result<XmlElement> parse_document(std::string_view body, std::string_view root_name) {
  XmlElement root = TRY(parse_xml(body));
  if (root.name != root_name) {
    return corrupt("the reply is a <{}> instead of a <{}>", root.name.substr(0, 100), root_name);
  }
  return root;
}

// Names in listings: encoded if the server says that it did as asked, else as they are.
class NameDecoder {
 public:
  explicit NameDecoder(const XmlElement& root) : encoded_(root.text_of("EncodingType") == "url") {}

  Result<std::string> decode(std::string_view text) const {
    if (!encoded_) return std::string(text);
    const Result<std::string> name = http::percent_decode(text, http::Plus::IsSpace);
    if (!name.ok()) return corrupt("{}", name.error().message());
    return name.value();
  }

 private:
  bool encoded_;
};

Result<std::string> without_root(const std::string& name, std::string_view root,
                                 std::string_view prefix) {
  if (!name.starts_with(root) || !std::string_view(name).substr(root.size()).starts_with(prefix)) {
    return corrupt("the listing of \"{}{}\" contains \"{}\"", root, prefix, name);
  }
  return name.substr(root.size());
}

Result<ObjectInfo> parse_contents(const XmlElement& contents, std::string key) {
  const std::optional<std::uint64_t> size = parse_decimal(contents.text_of("Size"));
  const Result<WallTime> modified = parse_rfc3339(contents.text_of("LastModified"));
  if (!size || !modified.ok()) {
    return corrupt("the listing gives object \"{}\" the size \"{}\" and the time \"{}\"", key,
                   contents.text_of("Size").substr(0, 40),
                   contents.text_of("LastModified").substr(0, 40));
  }
  return ObjectInfo{.key = std::move(key),
                    .size_bytes = *size,
                    .modified = modified.value(),
                    .etag = unquote(contents.text_of("ETag"))};
}

}  // namespace

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string unquote(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

Result<ListPage> parse_list(std::string_view body, std::string_view root, std::string_view prefix) {
  const XmlElement xml = TRY(parse_document(body, "ListBucketResult"));
  const NameDecoder names(xml);
  ListPage page;
  for (const XmlElement& child : xml.children) {
    if (child.name == "Contents") {
      const std::string name = TRY(names.decode(child.text_of("Key")));
      std::string key = TRY(without_root(name, root, prefix));
      if (key.empty() || key.ends_with('/')) continue;
      page.objects.push_back(TRY(parse_contents(child, std::move(key))));
    } else if (child.name == "CommonPrefixes") {
      const std::string name = TRY(names.decode(child.text_of("Prefix")));
      page.prefixes.push_back(TRY(without_root(name, root, prefix)));
    }
  }
  if (xml.text_of("IsTruncated") == "true") {
    page.next_page_token = xml.text_of("NextContinuationToken");
    if (page.next_page_token.empty()) {
      return corrupt(
          "the listing is cut but does not say how to go on; does the store speak "
          "ListObjectsV2?");
    }
  }
  std::ranges::sort(page.objects, {}, &ObjectInfo::key);
  std::ranges::sort(page.prefixes);
  return page;
}

Result<std::string> parse_upload_id(std::string_view body) {
  const XmlElement xml = TRY(parse_document(body, "InitiateMultipartUploadResult"));
  std::string id(xml.text_of("UploadId"));
  if (id.empty()) return corrupt("the reply has no UploadId");
  return id;
}

Result<UnfinishedPage> parse_unfinished(std::string_view body) {
  const XmlElement xml = TRY(parse_document(body, "ListMultipartUploadsResult"));
  const NameDecoder names(xml);
  UnfinishedPage page;
  for (const XmlElement& child : xml.children) {
    if (child.name != "Upload") continue;
    UnfinishedUpload upload{.name = TRY(names.decode(child.text_of("Key"))),
                            .upload_id = std::string(child.text_of("UploadId"))};
    const Result<WallTime> started = parse_rfc3339(child.text_of("Initiated"));
    if (upload.name.empty() || upload.upload_id.empty() || !started.ok()) {
      return corrupt("an unfinished upload of \"{}\" lacks its key, id or time", upload.name);
    }
    upload.started = started.value();
    page.uploads.push_back(std::move(upload));
  }
  if (xml.text_of("IsTruncated") == "true") {
    page.key_marker = TRY(names.decode(xml.text_of("NextKeyMarker")));
    page.upload_id_marker = xml.text_of("NextUploadIdMarker");
    if (page.key_marker.empty()) {
      return corrupt("the list of unfinished uploads is cut but does not say how to go on");
    }
  }
  return page;
}

Result<std::vector<RefusedRemoval>> parse_removal(std::string_view body) {
  const XmlElement xml = TRY(parse_document(body, "DeleteResult"));
  std::vector<RefusedRemoval> refused;
  for (const XmlElement& child : xml.children) {
    if (child.name != "Error") continue;
    refused.push_back({.name = std::string(child.text_of("Key")),
                       .code = std::string(child.text_of("Code")),
                       .message = std::string(child.text_of("Message"))});
  }
  return refused;
}

Result<ObjectInfo> parse_object_headers(const http::HttpResponse& response, std::string key) {
  const std::optional<std::uint64_t> size = parse_decimal(response.header("content-length"));
  const Result<WallTime> modified = http::parse_http_date(response.header("last-modified"));
  if (!size || !modified.ok()) {
    return corrupt("the reply has Content-Length \"{}\" and Last-Modified \"{}\"",
                   response.header("content-length").substr(0, 40),
                   response.header("last-modified").substr(0, 40));
  }
  ObjectInfo info{.key = std::move(key),
                  .size_bytes = *size,
                  .modified = modified.value(),
                  .etag = unquote(response.header("etag"))};
  for (const auto& [name, value] : response.headers) {
    if (name.starts_with(kMetadataHeader)) {
      info.metadata[name.substr(kMetadataHeader.size())] = value;
    }
  }
  return info;
}

}  // namespace cairn::object_store
