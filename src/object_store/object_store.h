// SPDX-License-Identifier: Apache-2.0
// Holds bytes under names: S3, a file system, memory. The seam between a repository and the world.
//
// Every call is one blocking request (or a bounded few) and can be cancelled by `stop`, which is
// polled at least every second. Calls are thread-safe; a Source and an Upload belong to their user.
// Parallelism, buffering and compression live above; retrying, throttling and counting are layers
// (object_store/layers) that are stores themselves.
//
// Errors: NotFound, AlreadyExists, Denied and InvalidArgument mean what they say and are final;
// Unavailable may be retried; Cancelled is the answer to `stop`; Corrupt is a broken reply or body.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/stream.h"

namespace cairn::object_store {

// The name of an object, relative to the root of the store: "wal_005/000000010000000000000001.lz4".
// UTF-8, no leading or trailing slash, no empty, "." or ".." segment, no control character,
// at most 1024 bytes: what every backend can hold.
class ObjectKey {
 public:
  static Result<ObjectKey> parse(std::string_view text);
  // For names made by this program: asserts that they are valid.
  explicit ObjectKey(std::string text);

  const std::string& text() const { return text_; }
  auto operator<=>(const ObjectKey&) const = default;

 private:
  struct Checked {};
  ObjectKey(Checked, std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Small text stored beside an object's bytes: lower-case names of letters, digits and '-'.
using Metadata = std::map<std::string, std::string>;

struct ObjectInfo {
  std::string key = {};
  std::uint64_t size_bytes = 0;
  WallTime modified = {};  // the store's clock; "backup time" in WAL-G's sense
  std::string etag = {};   // changes when the content changes; empty if the store has none
  Metadata metadata = {};  // filled by head() and by open(), not by list()
};

// A part of an object: `length` bytes (at least one) from `offset`, to the end when absent. What
// reaches beyond the end is cut. An offset at or beyond the end is InvalidArgument, except 0
// without a length, which opens an empty object too.
struct ByteRange {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
};

struct OpenOptions {
  ByteRange range = {};
  // When not empty, an object with another etag answers Conflict: a resumed read must not mix two.
  std::string if_match = {};
};

struct OpenObject {
  ObjectInfo info;  // size_bytes is that of the whole object
  // Ends early only with an error: a body shorter than promised is Unavailable.
  std::unique_ptr<Source> body;
};

struct ListRequest {
  std::string prefix = {};  // "" or a string that keys start with; need not end in '/'
  bool recursive = true;    // false: stop at the next '/' and report `prefixes` (delimiter '/')
  std::string start_after = {};  // only keys greater than this
  std::string page_token = {};   // next_page_token of the previous page; "" for the first
  int page_max = 1000;
};

struct ListPage {
  std::vector<ObjectInfo> objects;    // ascending by key (bytewise)
  std::vector<std::string> prefixes;  // ascending, each with its trailing '/'
  std::string next_page_token;        // "" on the last page
};

struct RemoveFailure {
  std::string key;
  Error error;
};

// What a store can do beyond the basics. Callers ask before they rely on it; the contract suite
// tests what is claimed and that the rest is refused with InvalidArgument.
struct Capabilities {
  std::string name;                  // "filesystem", "s3", …: for messages
  bool put_if_absent = true;         // atomic, against concurrent writers too
  bool metadata = true;              // Metadata survives put → head
  std::uint64_t part_bytes_min = 0;  // of every part of an upload but the last
  int part_count_max = 10000;
  std::uint64_t put_bytes_max = 0;  // largest single put
};

// An object written in parts. put_part() may be called from several threads and in any order; parts
// are numbered from 1 without gaps. Nothing is visible before complete() succeeded. Dropping an
// Upload that was not completed does not abort it: call abort(), or leave it to garbage collection.
class Upload {
 public:
  virtual ~Upload() = default;
  // Repeating a part replaces it.
  virtual Result<> put_part(int number, std::string_view bytes, std::stop_token stop) = 0;
  virtual Result<> complete(int part_count, std::stop_token stop) = 0;
  // Frees what was stored. Idempotent.
  virtual Result<> abort(std::stop_token stop) = 0;
};

struct UploadOptions {
  Metadata metadata = {};
  // Every part but the last has exactly this many bytes.
  std::uint64_t part_bytes = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  virtual Capabilities capabilities() const = 0;

  // Creates or replaces. Durable when it returns ok.
  virtual Result<> put(const ObjectKey& key, std::string_view bytes, const Metadata& metadata,
                       std::stop_token stop) = 0;
  // Creates, or AlreadyExists. After a lost reply a repeat may answer AlreadyExists for our own
  // write: callers compare content.
  virtual Result<> put_if_absent(const ObjectKey& key, std::string_view bytes,
                                 const Metadata& metadata, std::stop_token stop) = 0;
  virtual Result<OpenObject> open(const ObjectKey& key, const OpenOptions& options,
                                  std::stop_token stop) = 0;
  virtual Result<ObjectInfo> head(const ObjectKey& key, std::stop_token stop) = 0;
  virtual Result<ListPage> list(const ListRequest& request, std::stop_token stop) = 0;
  // Removing what is not there succeeds.
  virtual Result<> remove(const ObjectKey& key, std::stop_token stop) = 0;
  // Returns the keys that could not be removed, each with its reason. An error means that the
  // outcome of all is unknown.
  virtual Result<std::vector<RemoveFailure>> remove_batch(std::span<const ObjectKey> keys,
                                                          std::stop_token stop) = 0;
  virtual Result<std::unique_ptr<Upload>> start_upload(const ObjectKey& key,
                                                       const UploadOptions& options,
                                                       std::stop_token stop) = 0;
  // Removes what uploads started before `older_than` left unfinished below `prefix`; returns how
  // many. Never touches a finished object.
  virtual Result<std::uint64_t> collect_unfinished(const std::string& prefix, WallTime older_than,
                                                   std::stop_token stop) = 0;
};

// The whole object, or Corrupt if it is larger than `bytes_max`.
Result<Bytes> get(ObjectStore& store, const ObjectKey& key, std::uint64_t bytes_max,
                  std::stop_token stop);
// The object's facts, or nothing if there is none.
Result<std::optional<ObjectInfo>> find(ObjectStore& store, const ObjectKey& key,
                                       std::stop_token stop);
// Every page of a listing, one object at a time; stops at the first error, of the store or of
// `take`.
Result<> for_each(ObjectStore& store, ListRequest request,
                  const std::function<Result<>(const ObjectInfo&)>& take, std::stop_token stop);
// All of a listing in memory; Internal beyond `count_max`.
Result<std::vector<ObjectInfo>> list_all(ObjectStore& store, ListRequest request,
                                         std::size_t count_max, std::stop_token stop);
// The immediate sub-folders of `prefix` (which ends in '/').
Result<std::vector<std::string>> list_prefixes(ObjectStore& store, const std::string& prefix,
                                               std::stop_token stop);

}  // namespace cairn::object_store
