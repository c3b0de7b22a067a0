// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_store.h"

#include <algorithm>

#include "codec/digest.h"
#include "object_store/s3/checked_settings.h"
#include "object_store/s3/s3_body.h"
#include "object_store/s3/s3_connection.h"
#include "object_store/s3/s3_opening.h"
#include "object_store/s3/s3_reply.h"
#include "object_store/s3/s3_upload.h"
#include "object_store/s3/s3_xml.h"
#include "object_store/store_rules.h"

namespace cairn::object_store {

namespace {

constexpr std::size_t kReplyBytesMax = 64UL * 1024;
// 1000 entries, each with a name of 1024 bytes that encoding may triple.
constexpr std::size_t kListBytesMax = 16UL * 1024 * 1024;
constexpr int kPageMax = 1000;
constexpr std::size_t kBatchMax = 1000;  // names per DeleteObjects
constexpr std::size_t kNameBytesMax = 1024;
constexpr std::size_t kMetadataBytesMax = 2048;  // all names and values of one object

class S3Store final : public ObjectStore {
 public:
  S3Store(const S3Settings& checked, const S3Address& address, http::HttpClient& http, Clock& clock)
      : root_(checked.prefix),
        storage_class_(checked.storage_class),
        sse_(checked.sse),
        sse_kms_id_(checked.sse_kms_id),
        connection_(checked, address, http, clock) {}

  Capabilities capabilities() const override {
    return {.name = "s3",
            .part_bytes_min = kS3PartBytesMin,
            .part_count_max = kS3PartCountMax,
            .put_bytes_max = kS3PutBytesMax};
  }

  Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
               std::stop_token stop) override;
  Result<> put_if_absent(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                         std::stop_token stop) override;
  Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                          std::stop_token stop) override;
  Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) override;
  Result<ListPage> list(const ListRequest& request, std::stop_token stop) override;
  Result<> remove(const ObjectKey& key, std::stop_token stop) override;
  Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                  std::stop_token stop) override;
  Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key, const UploadOptions& options,
                                               std::stop_token stop) override;
  Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                           std::stop_token stop) override;

 private:
  Result<std::string> name_of(const ObjectKey& key) const;
  Result<http::Headers> headers_of_new_object(const Metadata& metadata) const;
  Result<S3Request> put_request(const ObjectKey& key, std::string_view bytes,
                                const Metadata& metadata) const;
  Result<ObjectInfo> explain_head(const ObjectKey& key, const S3Request& head,
                                  std::stop_token stop);
  Result<> remove_some(std::span<const ObjectKey> keys, std::vector<RemoveFailure>& failures,
                       std::stop_token stop);

  const std::string root_;  // "" or with a '/' at its end
  const std::string storage_class_;
  const std::string sse_;
  const std::string sse_kms_id_;
  S3Connection connection_;
};

Result<> check_metadata(const Metadata& metadata) {
  std::size_t total = 0;
  for (const auto& [name, value] : metadata) {
    const bool name_is_fine = !name.empty() && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    const bool value_is_fine =
        std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f; }) &&
        !value.starts_with(' ') && !value.ends_with(' ');
    if (!name_is_fine || !value_is_fine) {
      return invalid_argument(
          "metadata \"{}\" cannot be stored: names are lower-case letters, digits and '-', values "
          "ASCII without blanks at their ends",
          name);
    }
    total += name.size() + value.size();
  }
  if (total > kMetadataBytesMax) {
    return invalid_argument("metadata of {} bytes; a store takes at most {}", total,
                            kMetadataBytesMax);
  }
  return {};
}

Result<std::string> S3Store::name_of(const ObjectKey& key) const {
  std::string name = root_ + key.text();
  if (name.size() <= kNameBytesMax) return name;
  return invalid_argument("\"{}\" is too long by {} bytes with the prefix in front of it",
                          key.text(), name.size() - kNameBytesMax);
}

Result<http::Headers> S3Store::headers_of_new_object(const Metadata& metadata) const {
  TRY(check_metadata(metadata));
  http::Headers headers;
  for (const auto& [name, value] : metadata) headers.emplace_back("x-amz-meta-" + name, value);
  if (!storage_class_.empty()) headers.emplace_back("x-amz-storage-class", storage_class_);
  if (!sse_.empty()) headers.emplace_back("x-amz-server-side-encryption", sse_);
  if (!sse_kms_id_.empty()) {
    headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", sse_kms_id_);
  }
  return headers;
}

Result<S3Request> S3Store::put_request(const ObjectKey& key, std::string_view bytes,
                                       const Metadata& metadata) const {
  if (bytes.size() > kS3PutBytesMax) {
    return invalid_argument("put {}: {} bytes at once; S3 takes at most {}", key.text(),
                            bytes.size(), kS3PutBytesMax);
  }
  S3Request request{.action = "put", .method = "PUT", .name = TRY(name_of(key)), .body = bytes};
  request.headers = TRY(headers_of_new_object(metadata));
  return request;
}

Result<> S3Store::put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                      std::stop_token stop) {
  TRY(check_stop(stop));
  const S3Request request = TRY(put_request(key, bytes, metadata));
  TRY(connection_.fetch(request, kReplyBytesMax, std::move(stop)));
  return {};
}

Result<> S3Store::put_if_absent(const ObjectKey& key, std::string_view bytes,
                                const Metadata& metadata, std::stop_token stop) {
  TRY(check_stop(stop));
  S3Request request = TRY(put_request(key, bytes, metadata));
  request.action = "put if absent";
  request.headers.emplace_back("If-None-Match", "*");
  S3Answer answer = TRY(connection_.send(request, std::move(stop)));
  if (!answer.failure) {
    TRY(read_all(*answer.response.body, kReplyBytesMax)
            .context(connection_.resource(request.name)));
    return {};
  }
  Error error = connection_.error_of(request, *answer.failure);
  if (answer.failure->status == 412) return Error(ErrorCode::AlreadyExists, error.message());
  return error;
}

Result<OpenObject> S3Store::open(const ObjectKey& key, const OpenOptions& options,
                                 std::stop_token stop) {
  TRY(check_stop(stop));
  if (options.range.length == 0U) return invalid_argument("a range needs at least one byte");
  S3Request request{.action = "get", .name = TRY(name_of(key))};
  const std::string range = range_header(options.range);
  if (!range.empty()) request.headers.emplace_back("Range", range);
  if (!options.if_match.empty()) {
    request.headers.emplace_back("If-Match", fmt::format("\"{}\"", options.if_match));
  }
  S3Answer answer = TRY(connection_.send(request, std::move(stop)));
  if (answer.failure) return connection_.error_of(request, *answer.failure);
  const std::string resource = connection_.resource(request.name);
  Opening opened =
      TRY(parse_opening(answer.response, key.text(), options.range).context("get " + resource));
  TRY(check_match(options.if_match, opened.info));  // For a server that ignores If-Match.
  opened.plan.resource = resource;
  return OpenObject{.info = std::move(opened.info),
                    .body = make_s3_body(std::move(answer.response.body), std::move(opened.plan))};
}

Result<ObjectInfo> S3Store::head(const ObjectKey& key, std::stop_token stop) {
  TRY(check_stop(stop));
  const S3Request request{.action = "head", .method = "HEAD", .name = TRY(name_of(key))};
  S3Answer answer = TRY(connection_.send(request, stop));
  if (answer.failure) {
    if (answer.failure->status == 404 && connection_.has_seen_bucket()) {
      answer.failure->code = "NoSuchKey";
    }
    const bool is_explained = !answer.failure->code.empty() || answer.failure->status >= 500;
    if (is_explained) return connection_.error_of(request, *answer.failure);
    return explain_head(key, request, std::move(stop));
  }
  return parse_object_headers(answer.response, key.text())
      .context("head " + connection_.resource(request.name));
}

// A refused HEAD has no body that says why: not even whether the object or the bucket is missing.
// The same question as a GET has.
Result<ObjectInfo> S3Store::explain_head(const ObjectKey& key, const S3Request& head,
                                         std::stop_token stop) {
  S3Request get = head;
  get.method = "GET";
  S3Answer answer = TRY(connection_.send(get, std::move(stop)));
  if (answer.failure) return connection_.error_of(get, *answer.failure);
  return parse_object_headers(answer.response, key.text())
      .context("head " + connection_.resource(get.name));
}

Result<ListPage> S3Store::list(const ListRequest& request, std::stop_token stop) {
  TRY(check_stop(stop));
  if (request.page_max < 1) {
    return invalid_argument("a page of {} entries; it needs at least 1", request.page_max);
  }
  S3Request listing{.action = "list"};
  listing.query = {{"list-type", "2"},
                   {"encoding-type", "url"},
                   {"max-keys", fmt::format("{}", std::min(request.page_max, kPageMax))},
                   {"prefix", root_ + request.prefix}};
  if (!request.recursive) listing.query.emplace_back("delimiter", "/");
  if (!request.page_token.empty()) {
    listing.query.emplace_back("continuation-token", request.page_token);
  } else if (!request.start_after.empty()) {
    listing.query.emplace_back("start-after", root_ + request.start_after);
  }
  const Bytes body = TRY(connection_.fetch(listing, kListBytesMax, std::move(stop)));
  return parse_list(body, root_, request.prefix)
      .context("list " + connection_.resource(root_ + request.prefix));
}

Result<> S3Store::remove(const ObjectKey& key, std::stop_token stop) {
  TRY(check_stop(stop));
  const S3Request request{.action = "remove", .method = "DELETE", .name = TRY(name_of(key))};
  S3Answer answer = TRY(connection_.send(request, std::move(stop)));
  if (answer.failure && answer.failure->code != "NoSuchKey") {
    return connection_.error_of(request, *answer.failure);
  }
  return {};
}

Result<std::vector<RemoveFailure>> S3Store::remove_batch(std::span<const ObjectKey> keys,
                                                         std::stop_token stop) {
  std::vector<RemoveFailure> failures;
  while (!keys.empty()) {
    TRY(check_stop(stop));
    const std::size_t count = std::min(keys.size(), kBatchMax);
    TRY(remove_some(keys.first(count), failures, stop));
    keys = keys.subspan(count);
  }
  return failures;
}

Result<> S3Store::remove_some(std::span<const ObjectKey> keys, std::vector<RemoveFailure>& failures,
                              std::stop_token stop) {
  std::string body = "<Delete><Quiet>true</Quiet>";
  for (const ObjectKey& key : keys) {
    body += fmt::format("<Object><Key>{}</Key></Object>", escape_xml(TRY(name_of(key))));
  }
  body += "</Delete>";
  S3Request request{.action = "remove from", .method = "POST", .query = {{"delete", ""}}};
  // Demanded by S3 for this request, whatever else protects the body.
  request.headers = {{"Content-Type", "application/xml"},
                     {"Content-MD5", codec::to_base64(codec::md5(body))}};
  request.body = body;
  const Bytes reply = TRY(connection_.fetch(request, kListBytesMax, std::move(stop)));
  const std::string resource = connection_.resource("");
  for (const RefusedRemoval& refused :
       TRY(parse_removal(reply).context("remove from " + resource))) {
    if (refused.code == "NoSuchKey") continue;
    if (!refused.name.starts_with(root_)) {
      return corrupt("remove from {}: the reply is about \"{}\"", resource, refused.name);
    }
    S3Request one{.action = "remove", .name = refused.name};
    failures.push_back(
        {.key = refused.name.substr(root_.size()),
         .error = connection_.error_of(
             one, {.status = 200, .code = refused.code, .message = refused.message})});
  }
  return {};
}

Result<std::unique_ptr<Upload>> S3Store::start_upload(const ObjectKey& key,
                                                      const UploadOptions& options,
                                                      std::stop_token stop) {
  TRY(check_stop(stop));
  if (options.part_bytes == 0 || options.part_bytes > kS3PutBytesMax) {
    return invalid_argument("upload {}: parts of {} bytes; S3 takes 1 to {}", key.text(),
                            options.part_bytes, kS3PutBytesMax);
  }
  S3Request request{.action = "start the upload of",
                    .method = "POST",
                    .name = TRY(name_of(key)),
                    .query = {{"uploads", ""}}};
  request.headers = TRY(headers_of_new_object(options.metadata));
  if (connection_.checks_crc32c()) {
    request.headers.emplace_back("x-amz-checksum-algorithm", kS3PartChecksumAlgorithm);
  }
  const Bytes body = TRY(connection_.fetch(request, kReplyBytesMax, std::move(stop)));
  std::string id = TRY(
      parse_upload_id(body).context("start the upload of " + connection_.resource(request.name)));
  return std::unique_ptr<Upload>(std::make_unique<S3Upload>(connection_, std::move(request.name),
                                                            std::move(id), options.part_bytes));
}

Result<std::uint64_t> S3Store::collect_unfinished(const std::string& prefix, WallTime older_than,
                                                  std::stop_token stop) {
  S3Request request{.action = "list the unfinished uploads in"};
  // Names are asked for as they are: Ceph's gateway encodes some of them and does not say so.
  const S3Query fixed = {{"uploads", ""}, {"prefix", root_ + prefix}};
  const std::string resource = connection_.resource("");
  std::uint64_t count = 0;
  UnfinishedPage page;
  do {
    TRY(check_stop(stop));
    request.query = fixed;
    if (!page.key_marker.empty()) {
      request.query.emplace_back("key-marker", page.key_marker);
      request.query.emplace_back("upload-id-marker", page.upload_id_marker);
    }
    const std::string last_marker = page.key_marker + '\n' + page.upload_id_marker;
    const Bytes body = TRY(connection_.fetch(request, kListBytesMax, stop));
    page = TRY(parse_unfinished(body).context(request.action + " " + resource));
    if (page.key_marker + '\n' + page.upload_id_marker == last_marker && !page.key_marker.empty()) {
      return corrupt("{} {}: the store repeats its pages", request.action, resource);
    }
    for (const UnfinishedUpload& upload : page.uploads) {
      // Checked again because this deletes: a server may ignore what was asked.
      if (!upload.name.starts_with(root_ + prefix) || upload.started >= older_than) continue;
      TRY(abort_s3_upload(connection_, upload.name, upload.upload_id, stop));
      ++count;
    }
  } while (!page.key_marker.empty());
  return count;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> make_s3_store(const S3Settings& settings,
                                                   http::HttpClient& http, Clock& clock) {
  const S3Settings checked = TRY(checked_settings(settings));
  const S3Address address = TRY(S3Address::parse(checked));
  return std::unique_ptr<ObjectStore>(std::make_unique<S3Store>(checked, address, http, clock));
}

}  // namespace cairn::object_store
