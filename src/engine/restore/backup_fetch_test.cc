// SPDX-License-Identifier: Apache-2.0
// What backup-fetch refuses, what it leaves when it fails at any read, and that it can be repeated
// wherever it was killed.
#include "engine/restore/backup_fetch.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/restore/restore_target.h"
#include "repository/catalog.h"
#include "tests/support/backup_world.h"
#include "tests/support/expect_ok.h"
#include "tests/support/faulty_store.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/recording_store.h"
#include "tests/support/temporary_directory.h"

namespace cairn::engine {
namespace {

namespace fs = std::filesystem;
using object_store::Operation;
using tests::BackupTestWorld;
using tests::Fault;
using tests::SampleCluster;

class BackupFetchTest : public testing::Test {
 protected:
  void SetUp() override {
    // Few objects: each is damaged once.
    world_.settings.tar_bytes_max = 128 << 10;
    const auto pushed = world_.push();
    ASSERT_OK(pushed);
    name_ = repository::BackupName::parse(pushed.value().name).value();
  }
  Result<FetchReport> fetch(object_store::ObjectStore& store) {
    return world_.fetch(store, "LATEST", world_.fetch_settings(target_.path()));
  }
  void expect_restored() {
    const tests::Tree restored = tests::read_tree(data());
    EXPECT_EQ(
        tests::difference(tests::expected_restore(world_.cluster, restored, space()), restored),
        "");
    EXPECT_EQ(tests::difference(world_.cluster.kept_in_tablespace(), tests::read_tree(space())),
              "");
  }
  std::string data() const { return target_.path() + "/data"; }
  std::string space() const { return target_.path() + "/space"; }
  static bool is_empty_or_missing(const std::string& path) {
    return !fs::exists(path) || fs::is_empty(path);
  }

  BackupTestWorld world_;
  std::optional<repository::BackupName> name_;
  tests::TemporaryDirectory target_;
};

// The keys that a healthy fetch opens, in order.
std::vector<std::string> opened_keys(BackupTestWorld& world) {
  tests::RecordingStore recorded(world.store);
  const tests::TemporaryDirectory target;
  EXPECT_OK(world.fetch(recorded, "LATEST", world.fetch_settings(target.path())));
  std::vector<std::string> keys;
  for (const tests::RecordedCall& call : recorded.calls()) {
    if (call.operation == Operation::Open) keys.push_back(call.key);
  }
  return keys;
}

TEST_F(BackupFetchTest, AFailedReadLeavesAnEmptyTargetAndCanBeRepeated) {
  const auto keys = opened_keys(world_);
  ASSERT_GE(keys.size(), 6U);
  for (const std::string& key : keys) {
    const auto size = world_.store.head(object_store::ObjectKey(key), {}).value().size_bytes;
    for (const auto kind : {Fault::Kind::Fail, Fault::Kind::CutBody, Fault::Kind::FlipByte}) {
      const bool is_tar = key.find("tar_partitions") != std::string::npos;
      // What a flipped byte of a JSON means is for its parser; here the digests speak.
      if (kind == Fault::Kind::FlipByte && !is_tar) continue;
      SCOPED_TRACE(fmt::format("{} {}", key, static_cast<int>(kind)));
      tests::FaultyStore store(world_.store);
      store.add_fault(
          {.operation = Operation::Open, .key_pattern = key, .kind = kind, .at = size / 2});
      const auto fetched = fetch(store);
      EXPECT_EQ(store.faults_left(), 0);
      ASSERT_EQ(tests::outcome(fetched), kind == Fault::Kind::FlipByte ? "Corrupt" : "Unavailable");
      EXPECT_TRUE(is_empty_or_missing(data()));
      EXPECT_TRUE(is_empty_or_missing(space()));
    }
    ASSERT_OK(fetch(world_.store));
    expect_restored();
    fs::remove_all(data());
    fs::remove_all(space());
  }
}

TEST_F(BackupFetchTest, AFailedListingEndsItBeforeAnythingIsTouched) {
  for (const std::string prefix : {"basebackups_005/$", "tar_partitions"}) {
    tests::FaultyStore store(world_.store);
    store.add_fault({.operation = Operation::List, .key_pattern = prefix});
    EXPECT_EQ(tests::outcome(fetch(store)), "Unavailable");
    EXPECT_EQ(store.faults_left(), 0);
    EXPECT_FALSE(fs::exists(data()));
  }
}

// A store that tells of each object that is opened.
class WatchedStore final : public tests::ForwardingStore {
 public:
  WatchedStore(object_store::ObjectStore& inner, std::function<void()> on_open)
      : ForwardingStore(inner), on_open_(std::move(on_open)) {}
  Result<object_store::OpenObject> open(const object_store::ObjectKey& key,
                                        const object_store::OpenOptions& options,
                                        std::stop_token stop) override {
    on_open_();
    return inner_.open(key, options, std::move(stop));
  }

 private:
  std::function<void()> on_open_;
};

// A kill leaves what is on the disk at that moment. The directories are copied at many moments, and
// each copy is restored into again.
TEST_F(BackupFetchTest, WhereverItIsKilledTheNextOneStartsOver) {
  const tests::TemporaryDirectory moments;
  int count = 0;
  const auto remember = [&] {
    const std::string moment = fmt::format("{}/{}", moments.path(), ++count);
    fs::create_directory(moment);
    for (const std::string name : {"data", "space"}) {
      const std::string from = target_.path() + "/" + name;
      if (!fs::exists(from)) continue;
      fs::copy(from, moment + "/" + name,
               fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    }
  };
  WatchedStore store(world_.store, remember);
  FetchSettings settings = world_.fetch_settings(target_.path());
  settings.thread_count = 1;
  settings.complete = [&](files::Directory&) -> Result<> {
    remember();
    return {};
  };
  ASSERT_OK(world_.fetch(store, "LATEST", settings));
  expect_restored();
  ASSERT_GT(count, 6);
  const std::string marker(kIncompleteMarker);
  for (int i = 1; i <= count; ++i) {
    SCOPED_TRACE(i);
    const std::string moment = fmt::format("{}/{}", moments.path(), i);
    // Nothing looks like a cluster that lacks something: the control file comes last, and until the
    // very end the marker is there.
    const bool is_marked = fs::exists(moment + "/data/" + marker);
    EXPECT_TRUE(is_marked || is_empty_or_missing(moment + "/data"));
    EXPECT_EQ(fs::exists(moment + "/data/global/pg_control"), i == count);
    ASSERT_OK(world_.fetch("LATEST", moment));
    const tests::Tree restored = tests::read_tree(moment + "/data");
    EXPECT_EQ(tests::difference(
                  tests::expected_restore(world_.cluster, restored, moment + "/space"), restored),
              "");
    EXPECT_EQ(
        tests::difference(world_.cluster.kept_in_tablespace(), tests::read_tree(moment + "/space")),
        "");
  }
}

TEST_F(BackupFetchTest, MissingObjectsAreNoticedBeforeTheTargetIsTouched) {
  for (const auto& object :
       list_all(world_.store, {.prefix = repository::tar_partitions_prefix(*name_)}, 100, {})
           .value()) {
    SCOPED_TRACE(object.key);
    const object_store::ObjectKey key(object.key);
    const Bytes bytes = get(world_.store, key, 1 << 20, {}).value();
    ASSERT_OK(world_.store.remove(key, {}));
    const auto fetched = fetch(world_.store);
    ASSERT_EQ(tests::outcome(fetched), "Corrupt");
    EXPECT_NE(fetched.error().message().find(object.key.substr(object.key.rfind('/') + 1)),
              std::string::npos)
        << fetched.error().message();
    EXPECT_FALSE(fs::exists(data()));
    ASSERT_OK(world_.store.put(key, bytes, {}, {}));
  }
}

TEST_F(BackupFetchTest, ATargetThatIsNotEmptyStaysAsItIs) {
  fs::create_directory(data());
  tests::write_whole_file(data() + "/precious", "data");
  const auto before = tests::read_tree(target_.path());
  const auto fetched = fetch(world_.store);
  ASSERT_EQ(tests::outcome(fetched), "InvalidArgument");
  EXPECT_NE(fetched.error().message().find("precious"), std::string::npos);
  EXPECT_EQ(tests::difference(before, tests::read_tree(target_.path())), "");
}

TEST_F(BackupFetchTest, TablespacesGoWhereTheyAreSent) {
  struct Case {
    std::string_view name;
    std::map<std::string, std::string> mapping;
    std::string expected;
  };
  const std::string old = world_.cluster.tablespace_directory();
  const Case cases[] = {
      {"by oid", {{"16400", space()}}, "ok"},
      {"by old location", {{old, space()}}, "ok"},
      // The original still lives at its place.
      {"not at all", {}, "InvalidArgument"},
      {"by a wrong oid", {{"16400", space()}, {"16401", "/tmp/x"}}, "InvalidArgument"},
      {"to a relative path", {{"16400", "space"}}, "InvalidArgument"},
  };
  const auto original = tests::read_tree(old);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    FetchSettings settings = world_.fetch_settings(target_.path());
    settings.tablespace_mapping = c.mapping;
    const auto fetched = world_.fetch(world_.store, "LATEST", settings);
    ASSERT_EQ(tests::outcome(fetched), c.expected);
    EXPECT_EQ(tests::difference(original, tests::read_tree(old)), "");
    if (fetched.ok()) expect_restored();
    EXPECT_EQ(fs::exists(data()), fetched.ok());
    fs::remove_all(data());
    fs::remove_all(space());
  }
}

TEST_F(BackupFetchTest, TheLastStepIsPartOfTheRestore) {
  FetchSettings settings = world_.fetch_settings(target_.path());
  bool is_marked = false;
  settings.complete = [&](files::Directory& directory) -> Result<> {
    is_marked = directory.stat(kIncompleteMarker).ok();
    return files::write_file_atomically(directory, "recovery.signal", "", 0600);
  };
  ASSERT_OK(world_.fetch(world_.store, "LATEST", settings));
  EXPECT_TRUE(is_marked);
  EXPECT_TRUE(fs::exists(data() + "/recovery.signal"));
  EXPECT_FALSE(fs::exists(data() + "/" + std::string(kIncompleteMarker)));
  fs::remove_all(data());
  fs::remove_all(space());
  settings.complete = [](files::Directory&) -> Result<> { return invalid_argument("no"); };
  EXPECT_EQ(tests::outcome(world_.fetch(world_.store, "LATEST", settings)), "InvalidArgument");
  EXPECT_TRUE(fs::is_empty(data()));
  EXPECT_TRUE(fs::is_empty(space()));
}

TEST_F(BackupFetchTest, BeingStoppedLeavesAnEmptyTarget) {
  std::stop_source stop;
  int opened = 0;
  WatchedStore store(world_.store, [&] {
    if (++opened == 4) stop.request_stop();
  });
  const auto fetched =
      fetch_backup({.store = store, .cipher = nullptr, .progress = world_.progress}, "LATEST",
                   world_.fetch_settings(target_.path()), stop.get_token());
  EXPECT_EQ(tests::outcome(fetched), "Cancelled");
  EXPECT_TRUE(is_empty_or_missing(data()));
  EXPECT_TRUE(is_empty_or_missing(space()));
}

TEST_F(BackupFetchTest, UnknownNamesAreNotFound) {
  for (const std::string name : {"base_0000000100000000000000FF", "nonsense"}) {
    EXPECT_EQ(tests::outcome(world_.fetch(name, target_.path())), "NotFound");
  }
  ManualClock clock{WallTime{}};
  object_store::MemoryStore empty(clock);
  EXPECT_EQ(tests::outcome(fetch(empty)), "NotFound");
}

TEST(BackupFetchSpaceTest, ADiskThatIsTooSmallIsNoticedFirst) {
  BackupTestWorld world({.has_tablespace = false});
  const auto pushed = world.push();
  ASSERT_OK(pushed);
  const auto name = repository::BackupName::parse(pushed.value().name).value();
  auto sentinel = repository::load_sentinel(world.store, name, {}).value();
  sentinel.uncompressed_size_bytes = std::int64_t{1} << 60;
  ASSERT_OK(world.store.put(repository::sentinel_key(name), repository::encode_sentinel(sentinel),
                            {}, {}));
  const tests::TemporaryDirectory target;
  EXPECT_EQ(tests::outcome(world.fetch("LATEST", target.path())), "NoSpace");
  EXPECT_TRUE(fs::is_empty(target.path() + "/data"));
}

}  // namespace
}  // namespace cairn::engine
