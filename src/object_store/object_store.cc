// SPDX-License-Identifier: Apache-2.0
#include "object_store/object_store.h"

namespace cairn::object_store {

namespace {

constexpr std::size_t kKeyBytesMax = 1024;

bool is_valid_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != "..";
}

bool is_valid_key(std::string_view text) {
  if (text.empty() || text.size() > kKeyBytesMax) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  while (true) {
    const std::size_t slash = text.find('/');
    if (!is_valid_segment(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<ObjectKey> ObjectKey::parse(std::string_view text) {
  if (is_valid_key(text)) return ObjectKey(Checked{}, std::string(text));
  return invalid_argument(
      "\"{}\" is not an object name: it needs 1 to 1024 bytes, no leading or trailing slash, and "
      "no empty, \".\" or \"..\" part",
      text.substr(0, kKeyBytesMax));
}

ObjectKey::ObjectKey(std::string text) : text_(std::move(text)) {
  ASSERT(is_valid_key(text_));
}

Result<Bytes> get(ObjectStore& store, const ObjectKey& key, std::uint64_t bytes_max,
                  std::stop_token stop) {
  const OpenObject object = TRY(store.open(key, {}, stop));
  return read_all(*object.body, bytes_max).context(key.text());
}

Result<std::optional<ObjectInfo>> find(ObjectStore& store, const ObjectKey& key,
                                       std::stop_token stop) {
  Result<ObjectInfo> info = store.head(key, stop);
  if (info.ok()) return std::optional(std::move(info).value());
  if (info.error().code() == ErrorCode::NotFound) return std::optional<ObjectInfo>();
  return std::move(info).error();
}

Result<> for_each(ObjectStore& store, ListRequest request,
                  const std::function<Result<>(const ObjectInfo&)>& take, std::stop_token stop) {
  while (true) {
    const ListPage page = TRY(store.list(request, stop));
    for (const ObjectInfo& object : page.objects) TRY(take(object));
    if (page.next_page_token.empty()) return {};
    if (page.next_page_token == request.page_token) {
      return corrupt("list {}: the store repeats page {}", request.prefix, request.page_token);
    }
    request.page_token = page.next_page_token;
  }
}

Result<std::vector<ObjectInfo>> list_all(ObjectStore& store, ListRequest request,
                                         std::size_t count_max, std::stop_token stop) {
  std::vector<ObjectInfo> all;
  const std::string prefix = request.prefix;
  TRY(for_each(
      store, std::move(request),
      [&](const ObjectInfo& object) -> Result<> {
        if (all.size() == count_max) {
          return internal_error("more than {} objects below {}", count_max, prefix);
        }
        all.push_back(object);
        return {};
      },
      stop));
  return all;
}

Result<std::vector<std::string>> list_prefixes(ObjectStore& store, const std::string& prefix,
                                               std::stop_token stop) {
  std::vector<std::string> all;
  ListRequest request{.prefix = prefix, .recursive = false};
  while (true) {
    const ListPage page = TRY(store.list(request, stop));
    all.insert(all.end(), page.prefixes.begin(), page.prefixes.end());
    if (page.next_page_token.empty()) return all;
    request.page_token = page.next_page_token;
  }
}

}  // namespace cairn::object_store
