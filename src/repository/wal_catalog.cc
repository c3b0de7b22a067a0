// SPDX-License-Identifier: Apache-2.0
#include "repository/wal_catalog.h"

#include <algorithm>

namespace cairn::repository {
namespace {

using codec::Compression;
using object_store::ObjectInfo;
using object_store::ObjectKey;
using object_store::ObjectStore;

// Every name the file may have, most likely first. The last is the dangling dot of old WAL-G.
struct Candidate {
  ObjectKey key;
  Compression compression;
};

Result<std::vector<Candidate>> candidates(std::string_view file, Compression last) {
  std::vector<Compression> order = {last};
  for (const Compression next : {Compression::Lz4, Compression::Zstd, Compression::Brotli,
                                 Compression::Lzma, Compression::Gzip, Compression::None}) {
    if (next != last) order.push_back(next);
  }
  std::vector<Candidate> all;
  all.reserve(order.size() + 1);
  for (const Compression compression : order) {
    all.push_back({.key = TRY(wal_key(file, compression)), .compression = compression});
  }
  all.push_back({.key = ObjectKey(std::string(kWalPrefix) + std::string(file) + "."),
                 .compression = Compression::None});
  return all;
}

}  // namespace

Result<> for_each_wal(ObjectStore& store, std::string_view start_after,
                      const std::function<Result<>(const WalObject&)>& take, std::stop_token stop) {
  object_store::ListRequest request{.prefix = std::string(kWalPrefix)};
  if (!start_after.empty()) {
    request.start_after = std::string(kWalPrefix) + std::string(start_after);
  }
  const auto take_object = [&](const ObjectInfo& object) -> Result<> {
    const std::string_view name = std::string_view(object.key).substr(kWalPrefix.size());
    return take(WalObject{.name = parse_wal_object_name(name), .info = object});
  };
  return object_store::for_each(store, std::move(request), take_object, stop).context("list WAL");
}

WalFinder::WalFinder(ObjectStore& store, Compression expected) : store_(store), last_(expected) {}

Result<std::optional<OpenWal>> WalFinder::find(std::string_view file, std::stop_token stop) {
  for (Candidate& candidate : TRY(candidates(file, last_compression()))) {
    Result<object_store::OpenObject> object = store_.open(candidate.key, {}, stop);
    if (object.ok()) {
      last_.with([&](Compression& last) { last = candidate.compression; });
      return std::optional(OpenWal{.key = std::move(candidate.key),
                                   .compression = candidate.compression,
                                   .object = std::move(object).value()});
    }
    if (object.error().code() != ErrorCode::NotFound) {
      return std::move(object).context(candidate.key.text()).error();
    }
  }
  return std::optional<OpenWal>();
}

Compression WalFinder::last_compression() const {
  return last_.with([](const Compression& last) { return last; });
}

}  // namespace cairn::repository
