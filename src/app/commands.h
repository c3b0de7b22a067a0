// SPDX-License-Identifier: Apache-2.0
// The verbs: what each can be told, and the function that carries it out (command_<verb>.cc).
//
// A command writes its result to `out`, logs what its user should know, and returns the exit status
// or the error that main prints. Names and meanings of options are WAL-G's where it has them.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/environment.h"
#include "app/exit_status.h"
#include "base/stream.h"

namespace cairn::app {

struct CommandContext {
  Environment& environment;
  Sink& out;  // standard output
  std::stop_token stop;
};

struct BackupListOptions {
  bool is_json = false;
  bool is_pretty = false;
  bool has_details = false;
};
Result<ExitStatus> run_backup_list(CommandContext& context, const BackupListOptions& options);

struct BackupPushOptions {
  std::string pgdata = {};  // "" takes PGDATA
  bool is_permanent = false;
  bool is_full = false;  // backups always are
  std::string user_data = {};
  bool has_no_files_metadata = false;
  bool fails_on_corruption = false;
  bool verifies_pages = false;  // they always are
};
Result<ExitStatus> run_backup_push(CommandContext& context, const BackupPushOptions& options);

// Where a backup is restored to.
struct FetchTargetOptions {
  std::string target = {};
  std::string restore_spec = {};
  std::vector<std::string> tablespace_mappings = {};  // OLD=NEW
  std::string wal_directory = {};
};

struct BackupFetchOptions {
  FetchTargetOptions target = {};
  std::string name = "LATEST";
};
Result<ExitStatus> run_backup_fetch(CommandContext& context, const BackupFetchOptions& options);

struct BackupVerifyOptions {
  std::string name = "LATEST";
};
Result<ExitStatus> run_backup_verify(CommandContext& context, const BackupVerifyOptions& options);

struct RestoreOptions {
  FetchTargetOptions target = {};
  std::string name = "LATEST";
  std::string target_time = {};
  std::string target_xid = {};
  std::string target_lsn = {};
  std::string target_name = {};
  bool is_target_immediate = false;
  bool is_target_exclusive = false;
  bool is_target_inclusive = false;  // the default
  std::string target_timeline = {};
  std::string target_action = "promote";
  std::string restore_command = {};
  bool starts_server = false;
  std::string server_binaries = {};
  int port = 0;  // 0: as the cluster's configuration says
  std::string log_path = {};
};
Result<ExitStatus> run_restore(CommandContext& context, const RestoreOptions& options);

struct WalPushOptions {
  std::string path = {};
};
Result<ExitStatus> run_wal_push(CommandContext& context, const WalPushOptions& options);

struct WalFetchOptions {
  std::string file = {};
  std::string destination = {};
};
Result<ExitStatus> run_wal_fetch(CommandContext& context, const WalFetchOptions& options);

// Started by wal-fetch, in the background.
struct WalPrefetchOptions {
  std::string file = {};  // the segment that recovery has
  std::string root = {};
  std::uint64_t segment_bytes = 0;  // 0: as the settings say
};
Result<ExitStatus> run_wal_prefetch(CommandContext& context, const WalPrefetchOptions& options);

struct DeleteOptions {
  std::string verb = {};
  std::vector<std::string> words = {};
  bool is_confirmed = false;
  std::string after = {};
  std::string target_user_data = {};
  bool uses_sentinel_time = false;
  bool skips_backup_check = false;
};
Result<ExitStatus> run_delete(CommandContext& context, const DeleteOptions& options);

struct BackupMarkOptions {
  std::string name = {};
  bool is_impermanent = false;
};
Result<ExitStatus> run_backup_mark(CommandContext& context, const BackupMarkOptions& options);

struct WalShowOptions {
  bool is_json = false;
  bool has_no_backups = false;
};
Result<ExitStatus> run_wal_show(CommandContext& context, const WalShowOptions& options);

struct WalVerifyOptions {
  std::vector<std::string> checks = {};  // integrity, timeline
  bool is_json = false;
  std::uint32_t timeline = 0;  // 0: asked of the server
  std::string lsn = {};        // "": asked of the server
  std::string backup_name = {};
};
Result<ExitStatus> run_wal_verify(CommandContext& context, const WalVerifyOptions& options);

// Storage tools.
struct StorageListOptions {
  std::string folder = {};
  bool is_recursive = false;
};
Result<ExitStatus> run_storage_list(CommandContext& context, const StorageListOptions& options);

struct StorageGetOptions {
  std::string object = {};
  std::string path = {};
  bool keeps_encryption = false;
  bool keeps_compression = false;
};
Result<ExitStatus> run_storage_get(CommandContext& context, const StorageGetOptions& options);

struct StorageCatOptions {
  std::string object = {};
  bool decrypts = false;
  bool decompresses = false;
};
Result<ExitStatus> run_storage_cat(CommandContext& context, const StorageCatOptions& options);

struct StoragePutOptions {
  std::string path = {};
  std::string object = {};
  bool has_no_encryption = false;
  bool has_no_compression = false;
  bool replaces = false;
};
Result<ExitStatus> run_storage_put(CommandContext& context, const StoragePutOptions& options);

struct StorageRemoveOptions {
  std::string prefix = {};  // an object, or a folder with its '/'
};
Result<ExitStatus> run_storage_remove(CommandContext& context, const StorageRemoveOptions& options);

struct StorageCheckOptions {};
Result<ExitStatus> run_storage_check(CommandContext& context, const StorageCheckOptions& options);

}  // namespace cairn::app
