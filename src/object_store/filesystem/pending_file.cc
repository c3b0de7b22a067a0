// SPDX-License-Identifier: Apache-2.0
#include "object_store/filesystem/pending_file.h"

#include "object_store/filesystem/temporary_name.h"

namespace cairn::object_store {

namespace {
constexpr std::uint32_t kFileMode = 0666;  // WAL-G's; the umask narrows it
}

Result<PendingFile> PendingFile::create(Folders& folders, const ObjectKey& key,
                                        const Metadata& metadata, WallTime now, Random& random) {
  KeyParts parts = split_key(key.text());
  if (is_temporary_name(parts.name)) {
    return invalid_argument("this is the name of a temporary file and cannot be an object's");
  }
  std::string temporary = make_temporary_name(parts.name, now, random);
  PendingFile pending(folders, std::move(parts), std::move(temporary));
  pending.file_ = TRY(folders.create_in(pending.parts_.folder, pending.temporary_name_, kFileMode,
                                        pending.directory_));
  for (const auto& [name, value] : metadata) {
    const Result<> set = pending.file_->set_attribute(std::string(kAttributePrefix) + name, value);
    if (set.ok()) continue;
    pending.discard();
    return set.error();
  }
  return pending;
}

Result<> PendingFile::publish(files::IfExists if_exists) {
  may_be_published_ = true;
  const Result<> renamed = directory_->rename(temporary_name_, parts_.name, if_exists);
  if (!renamed.ok() && renamed.error().code() == ErrorCode::AlreadyExists) {
    const Result<files::FileStat> taken = directory_->stat(parts_.name);
    if (taken.ok() && taken.value().type != files::FileType::Regular) {
      return invalid_argument("{}/{} is a {}", directory_->path(), parts_.name,
                              files::file_type_name(taken.value().type));
    }
    // The caller may take the object that is there for its own, written before a crash: then it
    // must be as durable as if it had just been written.
    TRY(folders_->sync(parts_.folder));
  }
  TRY(renamed);
  return folders_->sync(parts_.folder);
}

void PendingFile::discard() {
  // What cannot be removed now is collected later.
  (void)directory_->remove_file(temporary_name_).ok();
  // Its space is free at once, not only when the last user of the file is gone.
  if (!may_be_published_) (void)file_->truncate(0).ok();
}

}  // namespace cairn::object_store
