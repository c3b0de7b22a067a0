// SPDX-License-Identifier: Apache-2.0
#include "app/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "app/setting_table.h"

namespace cairn::app {

namespace {

constexpr const char* kDescription =
    "Backs up, archives and restores PostgreSQL in WAL-G's storage format.";
constexpr const char* kVerbFooter = "Exit status: 0 ok; 1 failed; above 128 stopped by a signal.";
constexpr const char* kFooter =
    "`cairn VERB --help` tells more, `cairn help settings` lists the settings.";
constexpr const char* kFetchFooter =
    "Exit status: 0 the file is there; 74 the archive has no such file; 128 any other failure, "
    "which makes PostgreSQL stop instead of ending recovery.";

// The grammar and what was found. Options of a verb live until its command has copied them.
class Parser {
 public:
  Parser() : app_(kDescription, "cairn") {
    app_.footer(kVerbFooter);  // Verbs take it over when they are added.
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--config", line_.environment.config_path,
                    "Configuration file (else WALG_CONFIG_PATH, else ~/.walg.{json,yaml,yml})");
    app_.add_flag("--turbo", line_.environment.is_turbo,
                  "Ignore the rate limits of the configuration");
    app_.set_version_flag("-v,--version", version());
    add_backup_verbs();
    add_restore_verbs();
    add_wal_verbs();
    add_retention_verbs();
    add_wal_reports();
    add_storage_verbs();
    add_answers();
    app_.footer(std::string(kVerbFooter) + "\n" + kFooter);
  }

  std::variant<CommandLine, CliAnswer> parse(std::span<const std::string> words) {
    if (!words.empty() && words[0] == "help") return help_on(words.subspan(1));
    if (!words.empty() && !words[0].starts_with('-') && !is_verb(words[0])) {
      return CliAnswer{fmt::format("there is no verb \"{}\" (see `cairn --help`)", words[0]),
                       ExitStatus::Failed};
    }
    const bool is_fetch = std::ranges::find(words, "wal-fetch") != words.end();
    if (is_fetch) line_.if_failed = ExitStatus::FetchFailed;
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // As CLI11 wants them.
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::Success& help_or_version) {
      std::ostringstream text;
      app_.exit(help_or_version, text, text);
      return CliAnswer{text.str()};
    } catch (const CLI::ParseError& complaint) {
      return CliAnswer{fmt::format("{} (see `cairn {}--help`)", complaint.what(), chosen_verb()),
                       line_.if_failed};
    }
    if (!answer_.empty()) return CliAnswer{answer_};
    return std::move(line_);
  }

  std::string markdown() {
    std::string text =
        "# Command line\n\n<!-- Made by `cairn docs cli`; do not edit. -->\n\n"
        "What `cairn --help` and `cairn VERB --help` print.\n\n```text\n" +
        app_.help() + "```\n";
    add_markdown(app_, app_.get_name(), text);
    return text;
  }

 private:
  bool is_verb(const std::string& word) {
    const auto has_name = [&](const CLI::App* verb) { return verb->get_name() == word; };
    return !app_.get_subcommands(std::function<bool(CLI::App*)>(has_name)).empty();
  }

  static std::string version() { return fmt::format("cairn {}", CAIRN_VERSION); }

  template <class Options>
  using Run = Result<ExitStatus> (*)(CommandContext&, const Options&);

  // A verb whose options are read into `options`, which the command copies.
  template <class Options>
  CLI::App& verb(CLI::App& parent, const char* name, const char* description, Options& options,
                 Run<Options> run) {
    CLI::App* added = parent.add_subcommand(name, description);
    added->callback([this, &options, run] {
      line_.run = [options, run](CommandContext& context) { return run(context, options); };
    });
    return *added;
  }

  void add_backup_verbs() {
    CLI::App& list = verb(app_, "backup-list", "List the backups", backup_list_, run_backup_list);
    list.add_flag("--json", backup_list_.is_json, "Print JSON");
    list.add_flag("--pretty", backup_list_.is_pretty, "Print a table, or indented JSON");
    list.add_flag("--detail", backup_list_.has_details, "Print all that is known of each backup");
  }

  void add_backup_push() {
    CLI::App& push = verb(app_, "backup-push", "Take a base backup of the running cluster",
                          backup_push_, run_backup_push);
    push.add_option("pgdata", backup_push_.pgdata, "Data directory (else PGDATA)");
    push.add_flag("-p,--permanent", backup_push_.is_permanent,
                  "No delete but `everything FORCE` removes it");
    push.add_flag("-f,--full", backup_push_.is_full, "Take a full backup; it always is one");
    push.add_flag("-v,--verify", backup_push_.verifies_pages,
                  "Verify page checksums; it always does");
    push.add_option("--add-user-data", backup_push_.user_data, "JSON or text to keep with it");
    push.add_flag("--without-files-metadata", backup_push_.has_no_files_metadata,
                  "Store no list of files");
    push.add_flag("--fail-on-corruption", backup_push_.fails_on_corruption,
                  "Fail, and keep nothing, if a page has a wrong checksum");
  }

  void add_target(CLI::App& command, FetchTargetOptions& options, std::string& name) {
    command.add_option("target", options.target, "Directory to restore into; empty or absent")
        ->required();
    command.add_option("name", name, "Backup, or LATEST")->capture_default_str();
    command.add_option("--restore-spec", options.restore_spec,
                       "JSON file that says where the tablespaces go");
    command.add_option("--tablespace-mapping", options.tablespace_mappings,
                       "OLD=NEW: where a tablespace (oid or old directory) goes; repeatable");
    command.add_option("--waldir", options.wal_directory,
                       "Directory for the WAL; pg_wal becomes a link to it");
  }

  void add_restore_verbs() {
    add_backup_push();
    add_target(verb(app_, "backup-fetch", "Restore the files of a backup", backup_fetch_,
                    run_backup_fetch),
               backup_fetch_.target, backup_fetch_.name);
    CLI::App& verify =
        verb(app_, "backup-verify", "Read a whole backup and tell what is wrong with it",
             backup_verify_, run_backup_verify);
    verify.add_option("name", backup_verify_.name, "Backup, or LATEST")->capture_default_str();
    verify.footer("Exit status: 0 nothing is wrong; 1 something is, or it could not be read.");

    CLI::App& restore =
        verb(app_, "restore", "Restore a cluster to a point in time", restore_, run_restore);
    add_target(restore, restore_.target, restore_.name);
    restore.add_option("--target-time", restore_.target_time,
                       "Point in time, with a zone: \"2026-08-20 10:00:05+02\"");
    restore.add_option("--target-xid", restore_.target_xid, "Transaction");
    restore.add_option("--target-lsn", restore_.target_lsn, "Position in the WAL");
    restore.add_option("--target-name", restore_.target_name, "Restore point");
    restore.add_flag("--target-immediate", restore_.is_target_immediate,
                     "As soon as the backup is consistent");
    CLI::Option* exclusive = restore.add_flag("--target-exclusive", restore_.is_target_exclusive,
                                              "Stop just before the target");
    restore
        .add_flag("--target-inclusive", restore_.is_target_inclusive,
                  "Stop just after the target (the default)")
        ->excludes(exclusive);
    restore.add_option("--target-timeline", restore_.target_timeline,
                       "latest, current or a number (latest)");
    restore.add_option("--target-action", restore_.target_action, "pause, promote or shutdown")
        ->check(CLI::IsMember({"pause", "promote", "shutdown"}))
        ->capture_default_str();
    restore.add_option("--restore-command", restore_.restore_command,
                       "Command that fetches WAL (this program's wal-fetch)");
    restore.add_flag("--start", restore_.starts_server,
                     "Start PostgreSQL and follow it until it has reached the target");
    restore.add_option("--pg-bin", restore_.server_binaries, "Directory of the postgres program");
    restore.add_option("--port", restore_.port, "Port for the started server")
        ->check(CLI::Range(1, 65535));
    restore.add_option("--log", restore_.log_path, "Log of the started server");
  }

  void add_wal_verbs() {
    CLI::App& push =
        verb(app_, "wal-push", "Archive a WAL file: archive_command = 'cairn wal-push %p'",
             wal_push_, run_wal_push);
    push.add_option("path", wal_push_.path, "The file, in pg_wal")->required();

    CLI::App& fetch =
        verb(app_, "wal-fetch", "Bring a WAL file: restore_command = 'cairn wal-fetch %f %p'",
             wal_fetch_, run_wal_fetch);
    fetch.add_option("file", wal_fetch_.file, "Name of the file")->required();
    fetch.add_option("destination", wal_fetch_.destination, "Where to write it")->required();
    fetch.footer(kFetchFooter);

    CLI::App& prefetch = verb(app_, "wal-prefetch", "Fetch WAL ahead; started by wal-fetch",
                              wal_prefetch_, run_wal_prefetch);
    prefetch.group("");
    prefetch.add_option("file", wal_prefetch_.file)->required();
    prefetch.add_option("root", wal_prefetch_.root)->required();
    prefetch.add_option("--segment-bytes", wal_prefetch_.segment_bytes);
  }

  void add_delete(CLI::App& parent, const char* name, const char* description, const char* words) {
    CLI::App* command = parent.add_subcommand(name, description);
    command->add_option("words", delete_.words, words);
    command->add_flag("--confirm", delete_.is_confirmed,
                      "Delete; without it, only tell what would");
    command->add_flag("--use-sentinel-time", delete_.uses_sentinel_time,
                      "Order backups by their start time, not by name");
    command->callback([this, name] {
      delete_.verb = name;
      line_.run = [options = delete_](CommandContext& context) {
        return run_delete(context, options);
      };
    });
  }

  void add_retention_verbs() {
    CLI::App& mark = verb(app_, "backup-mark", "Mark a backup permanent: no delete removes it",
                          backup_mark_, run_backup_mark);
    mark.add_option("name", backup_mark_.name, "Backup")->required();
    mark.add_flag("-i,--impermanent", backup_mark_.is_impermanent, "Take the mark away");

    CLI::App& remove = *app_.add_subcommand("delete", "Delete backups and WAL");
    remove.require_subcommand(1);
    add_delete(remove, "before", "All before a backup or a time", "[FIND_FULL] NAME|TIME");
    add_delete(remove, "retain", "All but the newest backups", "[FULL|FIND_FULL] COUNT");
    add_delete(remove, "target", "One backup and what depends on it", "[FIND_FULL] NAME|LATEST");
    add_delete(remove, "everything", "Everything", "[FORCE]: permanent backups too");
    add_delete(remove, "garbage", "WAL no backup needs and leftovers", "[ARCHIVES|BACKUPS]");
    remove.get_subcommand("retain")->add_option("--after", delete_.after,
                                                "Keep also all from this backup or time on");
    remove.get_subcommand("target")->add_option("--target-user-data", delete_.target_user_data,
                                                "The backup with this user data");
    remove.get_subcommand("garbage")->add_flag("--without-backup-check", delete_.skips_backup_check,
                                               "Also if there is no backup at all");
  }

  void add_wal_reports() {
    CLI::App& show =
        verb(app_, "wal-show", "Show the archive by timeline", wal_show_, run_wal_show);
    show.add_flag("--detailed-json", wal_show_.is_json, "Print JSON");
    show.add_flag("--without-backups", wal_show_.has_no_backups, "Leave out the backups");

    CLI::App& verify =
        verb(app_, "wal-verify", "Check that the archive has no gaps", wal_verify_, run_wal_verify);
    verify.add_option("checks", wal_verify_.checks, "integrity, timeline")
        ->required()
        ->check(CLI::IsMember({"integrity", "timeline"}));
    verify.add_flag("--json", wal_verify_.is_json, "Print JSON");
    verify.add_option("--timeline", wal_verify_.timeline,
                      "Where the cluster is (else asked of it)");
    verify.add_option("--lsn", wal_verify_.lsn, "Where the cluster is (else asked of it)");
    verify.add_option("--backup-name", wal_verify_.backup_name, "Look back to this backup");
    verify.footer("Exit status: 0 whatever was found, as WAL-G's; 1 it could not be judged.");
  }

  void add_storage_verbs() {
    CLI::App& tools = *app_.add_subcommand("st", "Work on the objects of the storage");
    tools.require_subcommand(1);
    CLI::App& list = verb(tools, "ls", "List a folder", storage_list_, run_storage_list);
    list.add_option("folder", storage_list_.folder, "Folder, relative to the storage's root");
    list.add_flag("-r,--recursive", storage_list_.is_recursive, "List all that is below it");

    CLI::App& get = verb(tools, "get", "Download an object", storage_get_, run_storage_get);
    get.add_option("object", storage_get_.object, "Object, relative to the root")->required();
    get.add_option("path", storage_get_.path, "Local file, or folder with its '/'")->required();
    get.add_flag("--no-decrypt", storage_get_.keeps_encryption, "Leave it encrypted");
    get.add_flag("--no-decompress", storage_get_.keeps_compression, "Leave it compressed");

    CLI::App& put = verb(tools, "put", "Upload a file", storage_put_, run_storage_put);
    put.add_option("path", storage_put_.path, "Local file")->required();
    put.add_option("object", storage_put_.object, "Object; the compression's suffix is appended")
        ->required();
    put.add_flag("--no-encrypt", storage_put_.has_no_encryption, "Do not encrypt");
    put.add_flag("--no-compress", storage_put_.has_no_compression, "Do not compress");
    put.add_flag("-f,--force", storage_put_.replaces, "Replace an object that exists");

    CLI::App& cat = verb(tools, "cat", "Print an object", storage_cat_, run_storage_cat);
    cat.add_option("object", storage_cat_.object, "Object, relative to the root")->required();
    cat.add_flag("--decrypt", storage_cat_.decrypts, "Decrypt it");
    cat.add_flag("--decompress", storage_cat_.decompresses, "Decompress it");

    CLI::App& remove =
        verb(tools, "rm", "Remove an object or a folder", storage_remove_, run_storage_remove);
    remove.add_option("prefix", storage_remove_.prefix, "Object, or folder with its '/'")
        ->required();

    CLI::App& check = *tools.add_subcommand(
        "check", "Try out all that backups need of the storage; takes less than 10 s");
    check.callback([this] {
      line_.environment.retries_max = 0;  // Who checks wants to see the first error.
      line_.run = [](CommandContext& context) { return run_storage_check(context, {}); };
    });
    // WAL-G's `st check read` and `st check write`: one check covers both.
    check.add_option("aspect", check_aspect_, "read or write: both are always checked")
        ->check(CLI::IsMember({"read", "write"}));
  }

  // What is answered without doing anything.
  void add_answers() {
    app_.add_subcommand("version", "Print the version")->callback([this] {
      answer_ = version() + "\n";
    });
    app_.add_subcommand("help", "Explain a verb, or `settings`");  // Answered by parse().
    CLI::App* docs = app_.add_subcommand("docs", "Print pages of docs/reference");
    docs->group("");
    docs->add_option("page", page_)->required()->check(CLI::IsMember({"settings", "cli"}));
    docs->callback([this] { answer_ = page_ == "cli" ? cli_markdown() : settings_markdown(); });
  }

  CliAnswer help_on(std::span<const std::string> topic) {
    if (topic.size() == 1 && topic[0] == "settings") return {settings_help()};
    CLI::App* app = &app_;
    std::string parents;
    for (const std::string& word : topic) {
      const auto has_name = [&](const CLI::App* below) { return below->get_name() == word; };
      const auto found = app->get_subcommands(std::function<bool(CLI::App*)>(has_name));
      if (found.empty()) {
        return {fmt::format("there is no help on \"{}\" (see `cairn --help`)", word),
                ExitStatus::Failed};
      }
      parents += (parents.empty() ? "" : " ") + app->get_name();
      app = found.front();
    }
    return {app->help(parents)};
  }

  void add_markdown(CLI::App& parent, const std::string& path, std::string& text) {
    for (CLI::App* below : parent.get_subcommands([](CLI::App*) { return true; })) {
      if (below->get_group().empty()) continue;
      const std::string name = path + " " + below->get_name();
      text += fmt::format("\n## {}\n\n```text\n{}```\n", name, below->help(path));
      add_markdown(*below, name, text);
    }
  }

  // "st get " once these were recognised, for the hint at the end of a complaint.
  std::string chosen_verb() {
    std::string path;
    CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) {
      app = app->get_subcommands().front();
      path += app->get_name() + " ";
    }
    return path;
  }

  CLI::App app_;
  CommandLine line_;
  std::string answer_;

  BackupListOptions backup_list_;
  BackupMarkOptions backup_mark_;
  DeleteOptions delete_;
  WalShowOptions wal_show_;
  WalVerifyOptions wal_verify_;
  BackupPushOptions backup_push_;
  BackupFetchOptions backup_fetch_;
  BackupVerifyOptions backup_verify_;
  RestoreOptions restore_;
  WalPushOptions wal_push_;
  WalFetchOptions wal_fetch_;
  WalPrefetchOptions wal_prefetch_;
  StorageListOptions storage_list_;
  StorageGetOptions storage_get_;
  StorageCatOptions storage_cat_;
  StoragePutOptions storage_put_;
  StorageRemoveOptions storage_remove_;
  std::string check_aspect_;
  std::string page_;
};

}  // namespace

std::variant<CommandLine, CliAnswer> parse_command_line(std::span<const std::string> words) {
  return Parser().parse(words);
}

std::string cli_markdown() {
  return Parser().markdown();
}

}  // namespace cairn::app
