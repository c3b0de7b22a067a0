// SPDX-License-Identifier: Apache-2.0
#include "object_store/s3/s3_upload.h"

#include "object_store/s3/s3_xml.h"

namespace cairn::object_store {

namespace {
constexpr std::size_t kReplyBytesMax = 64UL * 1024;
constexpr std::size_t kETagBytesMax = 256;
}  // namespace

Result<> S3Upload::put_part(int number, std::string_view bytes, std::stop_token stop) {
  TRY(check_stop(stop));
  TRY(parts_.with([&](const Parts& parts) { return parts.sizes.check(number, bytes.size()); })
          .context(connection_.resource(name_)));
  S3Request request{.action = fmt::format("put part {} of", number),
                    .method = "PUT",
                    .name = name_,
                    .query = {{"partNumber", fmt::format("{}", number)}, {"uploadId", id_}},
                    .body = bytes};
  Receipt receipt;
  if (connection_.checks_crc32c()) {
    receipt.checksum = crc32c_checksum(bytes);
    request.headers.emplace_back("x-amz-checksum-crc32c", receipt.checksum);
  }
  S3Answer answer = TRY(connection_.send(request, std::move(stop)));
  if (answer.failure) return connection_.error_of(request, *answer.failure);
  TRY(read_all(*answer.response.body, kReplyBytesMax).context(connection_.resource(name_)));
  receipt.etag = answer.response.header("etag");
  if (receipt.etag.empty() || receipt.etag.size() > kETagBytesMax) {
    return corrupt(
        "put part {} of {}: the reply has no usable ETag, without which the upload cannot "
        "be completed",
        number, connection_.resource(name_));
  }
  parts_.with([&](Parts& parts) {
    parts.sizes.set(number, bytes.size());
    parts.receipts[number] = std::move(receipt);
  });
  return {};
}

Result<> S3Upload::complete(int part_count, std::stop_token stop) {
  TRY(check_stop(stop));
  const std::string body = TRY(completion_body(part_count).context(connection_.resource(name_)));
  const S3Request request{.action = "complete the upload of",
                          .method = "POST",
                          .name = name_,
                          .query = {{"uploadId", id_}},
                          .headers = {{"Content-Type", "application/xml"}},
                          .body = body};
  S3Answer answer = TRY(connection_.send(request, stop));
  if (answer.failure) {
    // Ceph's gateway says InternalError here, too, when there is no such upload any more.
    if (answer.failure->status >= 500 && is_gone(stop)) answer.failure->code = "NoSuchUpload";
    return connection_.error_of(request, *answer.failure);
  }
  const Bytes reply = TRY(
      read_all(*answer.response.body, kReplyBytesMax).context(connection_.resource(request.name)));
  // The status is sent before the work is done, so a failure can come with status 200.
  const Result<XmlElement> xml = parse_xml(reply);
  if (xml.ok() && xml.value().name == "CompleteMultipartUploadResult") return {};
  if (xml.ok() && xml.value().name == "Error") {
    return connection_.error_of(request, parse_failure(200, reply));
  }
  return unavailable("{} {}: the reply does not say whether it succeeded", request.action,
                     connection_.resource(name_));
}

// Proven by the server's word only: not by a request that failed otherwise.
bool S3Upload::is_gone(std::stop_token stop) {
  const S3Request request{.action = "list the parts of",
                          .name = name_,
                          .query = {{"uploadId", id_}, {"max-parts", "1"}}};
  const Result<S3Answer> answer = connection_.send(request, std::move(stop));
  if (!answer.ok() || !answer.value().failure) return false;
  const std::string& code = answer.value().failure->code;
  return code == "NoSuchUpload" || code == "NoSuchKey";
}

Result<std::string> S3Upload::completion_body(int part_count) const {
  return parts_.with([&](const Parts& parts) -> Result<std::string> {
    TRY(parts.sizes.total(part_count));
    std::string body = "<CompleteMultipartUpload>";
    for (int number = 1; number <= part_count; ++number) {
      const Receipt& receipt = parts.receipts.at(number);
      body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag>", number,
                          escape_xml(receipt.etag));
      if (!receipt.checksum.empty()) {
        body += fmt::format("<ChecksumCRC32C>{}</ChecksumCRC32C>", receipt.checksum);
      }
      body += "</Part>";
    }
    return body + "</CompleteMultipartUpload>";
  });
}

Result<> S3Upload::abort(std::stop_token stop) {
  TRY(check_stop(stop));
  return abort_s3_upload(connection_, name_, id_, std::move(stop));
}

Result<> abort_s3_upload(S3Connection& connection, const std::string& name, const std::string& id,
                         std::stop_token stop) {
  const S3Request request{.action = "abort the upload of",
                          .method = "DELETE",
                          .name = name,
                          .query = {{"uploadId", id}}};
  S3Answer answer = TRY(connection.send(request, std::move(stop)));
  if (answer.failure && answer.failure->code != "NoSuchUpload") {
    return connection.error_of(request, *answer.failure);
  }
  return {};
}

}  // namespace cairn::object_store
