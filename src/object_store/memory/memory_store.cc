// SPDX-License-Identifier: Apache-2.0
#include "object_store/memory/memory_store.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "object_store/store_rules.h"

namespace cairn::object_store {

namespace {

constexpr int kPartCountMax = 10000;
constexpr int kPageMax = 1000;

class MemoryBody final : public Source {
 public:
  MemoryBody(std::shared_ptr<const Bytes> bytes, const ResolvedRange& range)
      : bytes_(std::move(bytes)),
        rest_(std::string_view(*bytes_).substr(range.offset, range.length)) {}
  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t count = std::min(out.size(), rest_.size());
    std::memcpy(out.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::shared_ptr<const Bytes> bytes_;
  std::string_view rest_;
};

// The least string that is greater than everything that starts with `prefix`, which ends in '/'.
std::string behind(std::string prefix) {
  prefix.back() = '/' + 1;
  return prefix;
}

Error no_object(const std::string& key) {
  return not_found("there is no object {}", key);
}

Error no_upload() {
  return not_found("the upload is complete, aborted or collected");
}

}  // namespace

// Names its upload by number, so that it cannot bring back what was aborted or collected.
class MemoryUpload final : public Upload {
 public:
  MemoryUpload(MemoryStore& store, std::uint64_t number, std::string key)
      : store_(store), number_(number), key_(std::move(key)) {}

  Result<> put_part(int number, std::string_view bytes, std::stop_token stop) override {
    TRY(check_stop(stop));
    return store_.put_part(number_, number, bytes).context(key_);
  }
  Result<> complete(int part_count, std::stop_token stop) override {
    TRY(check_stop(stop));
    return store_.complete(number_, part_count).context(key_);
  }
  Result<> abort(std::stop_token stop) override {
    TRY(check_stop(stop));
    store_.abort(number_);
    return {};
  }

 private:
  MemoryStore& store_;
  std::uint64_t number_;
  std::string key_;
};

Capabilities MemoryStore::capabilities() const {
  return {.name = "memory",
          .part_count_max = kPartCountMax,
          .put_bytes_max = std::numeric_limits<std::uint64_t>::max()};
}

ObjectInfo MemoryStore::info_of(const std::string& key, const Object& object) {
  return {.key = key,
          .size_bytes = object.bytes->size(),
          .modified = object.modified,
          .etag = object.etag};
}

void MemoryStore::store(Content& content, const std::string& key, Bytes bytes,
                        const Metadata& metadata, WallTime modified) {
  content.objects[key] = Object{.bytes = std::make_shared<const Bytes>(std::move(bytes)),
                                .metadata = metadata,
                                .modified = modified,
                                .etag = fmt::format("{:016x}", content.next_number++)};
}

Result<> MemoryStore::put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                          std::stop_token stop) {
  TRY(check_stop(stop));
  TRY(check_metadata(metadata).context(key.text()));
  const WallTime now = clock_.now();
  content_.with([&](Content& content) { store(content, key.text(), Bytes(bytes), metadata, now); });
  return {};
}

Result<> MemoryStore::put_if_absent(const ObjectKey& key, std::string_view bytes,
                                    const Metadata& metadata, std::stop_token stop) {
  TRY(check_stop(stop));
  TRY(check_metadata(metadata).context(key.text()));
  const WallTime now = clock_.now();
  return content_.with([&](Content& content) -> Result<> {
    if (content.objects.contains(key.text())) {
      return already_exists("there is already an object {}", key.text());
    }
    store(content, key.text(), Bytes(bytes), metadata, now);
    return {};
  });
}

Result<OpenObject> MemoryStore::open(const ObjectKey& key, const OpenOptions& options,
                                     std::stop_token stop) {
  TRY(check_stop(stop));
  return content_.with([&](Content& content) -> Result<OpenObject> {
    const auto found = content.objects.find(key.text());
    if (found == content.objects.end()) return no_object(key.text());
    const Object& object = found->second;
    OpenObject opened{.info = info_of(key.text(), object), .body = nullptr};
    opened.info.metadata = object.metadata;
    TRY(check_match(options.if_match, opened.info));
    const ResolvedRange range =
        TRY(resolve_range(options.range, object.bytes->size()).context(key.text()));
    opened.body = std::make_unique<MemoryBody>(object.bytes, range);
    return opened;
  });
}

Result<ObjectInfo> MemoryStore::head(const ObjectKey& key, std::stop_token stop) {
  TRY(check_stop(stop));
  return content_.with([&](Content& content) -> Result<ObjectInfo> {
    const auto found = content.objects.find(key.text());
    if (found == content.objects.end()) return no_object(key.text());
    ObjectInfo info = info_of(key.text(), found->second);
    info.metadata = found->second.metadata;
    return info;
  });
}

Result<ListPage> MemoryStore::list(const ListRequest& request, std::stop_token stop) {
  TRY(check_stop(stop));
  const ListPosition start = TRY(list_position(request));
  const auto count_max = static_cast<std::size_t>(std::min(request.page_max, kPageMax));
  return content_.with([&](Content& content) -> Result<ListPage> {
    ListPage page;
    ListPosition last;
    const std::string from = start.is_prefix ? behind(start.after) : start.after;
    auto next = content.objects.lower_bound(std::max(request.prefix, from));
    while (next != content.objects.end() && next->first.starts_with(request.prefix)) {
      const auto& [key, object] = *next;
      if (start.has_passed(key)) {
        ++next;
        continue;
      }
      if (page.objects.size() + page.prefixes.size() == count_max) {
        page.next_page_token = last.to_token();
        return page;
      }
      const std::size_t slash =
          request.recursive ? std::string::npos : key.find('/', request.prefix.size());
      if (slash == std::string::npos) {
        page.objects.push_back(info_of(key, object));
        last = {key, false};
        ++next;
      } else {
        page.prefixes.push_back(key.substr(0, slash + 1));
        last = {page.prefixes.back(), true};
        next = content.objects.lower_bound(behind(last.after));
      }
    }
    return page;
  });
}

Result<> MemoryStore::remove(const ObjectKey& key, std::stop_token stop) {
  TRY(check_stop(stop));
  content_.with([&](Content& content) { content.objects.erase(key.text()); });
  return {};
}

Result<std::vector<RemoveFailure>> MemoryStore::remove_batch(std::span<const ObjectKey> keys,
                                                             std::stop_token stop) {
  TRY(check_stop(stop));
  content_.with([&](Content& content) {
    for (const ObjectKey& key : keys) content.objects.erase(key.text());
  });
  return std::vector<RemoveFailure>();
}

Result<std::unique_ptr<Upload>> MemoryStore::start_upload(const ObjectKey& key,
                                                          const UploadOptions& options,
                                                          std::stop_token stop) {
  TRY(check_stop(stop));
  TRY(check_upload_options(options).context(key.text()));
  const WallTime now = clock_.now();
  const std::uint64_t number = content_.with([&](Content& content) {
    content.uploads[content.next_number] = Unfinished{key.text(), options, now, {}};
    return content.next_number++;
  });
  return std::unique_ptr<Upload>(std::make_unique<MemoryUpload>(*this, number, key.text()));
}

Result<> MemoryStore::put_part(std::uint64_t upload, int number, std::string_view bytes) {
  return content_.with([&](Content& content) -> Result<> {
    const auto found = content.uploads.find(upload);
    if (found == content.uploads.end()) return no_upload();
    TRY(PartSizes(found->second.options.part_bytes, kPartCountMax).check(number, bytes.size()));
    found->second.parts[number] = Bytes(bytes);
    return {};
  });
}

Result<> MemoryStore::complete(std::uint64_t upload, int part_count) {
  const WallTime now = clock_.now();
  return content_.with([&](Content& content) -> Result<> {
    const auto found = content.uploads.find(upload);
    if (found == content.uploads.end()) return no_upload();
    const Unfinished& unfinished = found->second;
    PartSizes sizes(unfinished.options.part_bytes, kPartCountMax);
    for (const auto& [number, part] : unfinished.parts) sizes.set(number, part.size());
    Bytes whole;
    whole.reserve(TRY(sizes.total(part_count)));
    for (int number = 1; number <= part_count; ++number) whole += unfinished.parts.at(number);
    store(content, unfinished.key, std::move(whole), unfinished.options.metadata, now);
    content.uploads.erase(found);
    return {};
  });
}

void MemoryStore::abort(std::uint64_t upload) {
  content_.with([&](Content& content) { content.uploads.erase(upload); });
}

Result<std::uint64_t> MemoryStore::collect_unfinished(const std::string& prefix,
                                                      WallTime older_than, std::stop_token stop) {
  TRY(check_stop(stop));
  return content_.with([&](Content& content) -> Result<std::uint64_t> {
    return std::erase_if(content.uploads, [&](const auto& upload) {
      return upload.second.key.starts_with(prefix) && upload.second.started < older_than;
    });
  });
}

std::size_t MemoryStore::object_count() const {
  return content_.with([](const Content& content) { return content.objects.size(); });
}

std::size_t MemoryStore::unfinished_count() const {
  return content_.with([](const Content& content) { return content.uploads.size(); });
}

void MemoryStore::set_modified(const ObjectKey& key, WallTime modified) {
  content_.with([&](Content& content) {
    const auto found = content.objects.find(key.text());
    ASSERT(found != content.objects.end());
    found->second.modified = modified;
  });
}

}  // namespace cairn::object_store
