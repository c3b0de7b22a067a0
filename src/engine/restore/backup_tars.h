// SPDX-License-Identifier: Apache-2.0
// The tar objects of a backup: which there are, whether all are there, and how to read them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream.h"
#include "codec/cipher.h"
#include "engine/restore/chain_plan.h"
#include "object_store/object_store.h"
#include "repository/integrity.h"

namespace cairn::engine {

// Where the tars of a backup are, below its own folder.
inline constexpr std::string_view kTarFolder = "tar_partitions/";

struct TarObject {
  std::string name = {};  // "part_001.tar.lz4"
  object_store::ObjectKey key;
  std::uint64_t size_bytes = 0;
  std::optional<repository::ObjectDigest> digest = {};
};

struct BackupTars {
  std::vector<TarObject> parts = {};
  std::optional<TarObject> label = {};    // backup_label.tar; remote backups have none
  std::optional<TarObject> control = {};  // pg_control.tar; never absent
  std::uint64_t size_bytes = 0;
};

// Corrupt, naming the object, if one that was recorded is missing or has another size, or if there
// is no control file, without which no server starts.
Result<BackupTars> list_tars(object_store::ObjectStore& store, const ChainStep& step,
                             std::stop_token stop);

// The tar, unsealed. Reading it to the end checks its digest. `on_bytes` hears of stored bytes.
Result<std::unique_ptr<Source>> open_tar(object_store::ObjectStore& store, const TarObject& tar,
                                         const codec::Cipher* cipher,
                                         std::function<void(std::uint64_t)> on_bytes,
                                         std::stop_token stop);

}  // namespace cairn::engine
