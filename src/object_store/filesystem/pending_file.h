// SPDX-License-Identifier: Apache-2.0
// An object on its way: a temporary file that becomes visible under its key in one step.
//
// Whatever is killed at whatever point, the key has its old content or all of the new one; what is
// left is at most a temporary file. Not thread-safe but for file(), as far as File is.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "files/directory.h"
#include "object_store/filesystem/folders.h"
#include "object_store/object_store.h"

namespace cairn::object_store {

class PendingFile {
 public:
  // `folders` outlives it.
  static Result<PendingFile> create(Folders& folders, const ObjectKey& key,
                                    const Metadata& metadata, WallTime now, Random& random);

  files::File& file() { return *file_; }
  // Everything written is on the disk. Once this failed the bytes are in doubt: discard it.
  Result<> sync() { return file_->sync(); }
  // After sync(): gives it its name, durably. AlreadyExists only with IfExists::Fail. Any error
  // after the name was given means that it is not known to survive a crash.
  Result<> publish(files::IfExists if_exists);
  // Removes the temporary file, if it still is one.
  void discard();

 private:
  PendingFile(Folders& folders, KeyParts parts, std::string temporary_name)
      : folders_(&folders), parts_(std::move(parts)), temporary_name_(std::move(temporary_name)) {}

  Folders* folders_;
  KeyParts parts_;
  std::string temporary_name_;
  std::unique_ptr<files::Directory> directory_;
  std::unique_ptr<files::File> file_;
  // From here on the file may have its final name, whatever a failed publish() said.
  bool may_be_published_ = false;
};

// The extended attribute that holds a name of metadata starts with this.
inline constexpr std::string_view kAttributePrefix = "user.cairn.";

}  // namespace cairn::object_store
