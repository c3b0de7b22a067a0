// SPDX-License-Identifier: Apache-2.0
// The archived WAL of a repository.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "object_store/object_store.h"
#include "repository/names.h"

namespace cairn::repository {

struct WalObject {
  WalObjectName name = {};
  object_store::ObjectInfo info = {};
};

// Every object of wal_005 in the order of keys, one page at a time: there may be millions. Only
// names after `start_after` (relative to wal_005; "" for all).
Result<> for_each_wal(object_store::ObjectStore& store, std::string_view start_after,
                      const std::function<Result<>(const WalObject&)>& take, std::stop_token stop);

struct OpenWal {
  object_store::ObjectKey key;
  codec::Compression compression = codec::Compression::None;
  object_store::OpenObject object;  // sealed bytes: see unseal()
};

// Finds WAL files by trying the suffixes, the one that was right last time first. So in the
// ordinary case a file costs one GET and no LIST. Thread-safe.
class WalFinder {
 public:
  // `expected` is what the archive is configured to write.
  WalFinder(object_store::ObjectStore& store, codec::Compression expected);

  // The opened object, or nothing once every possible name answered NotFound: proven absence. Any
  // other failure is an error. InvalidArgument for what is not the name of a WAL file.
  Result<std::optional<OpenWal>> find(std::string_view file, std::stop_token stop);

  // What was right last; callers may keep it for the next process.
  codec::Compression last_compression() const;

 private:
  object_store::ObjectStore& store_;
  Guarded<codec::Compression> last_;
};

}  // namespace cairn::repository
