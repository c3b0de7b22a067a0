// SPDX-License-Identifier: Apache-2.0
#include "tests/support/backup_world.h"

namespace cairn::tests {

Tree expected_restore(const SampleCluster& cluster, const Tree& restored,
                      const std::string& tablespace_directory) {
  Tree expected = cluster.kept();
  for (const std::string name : {"backup_label", "backup_manifest"}) {
    const auto there = restored.find(name);
    expected[name] = there == restored.end() ? "f 0600" : there->second;
  }
  if (cluster.tablespace_directory().empty()) {
    expected["tablespace_map"] = "f 0600 ";
  } else {
    expected["pg_tblspc/" + std::string(SampleCluster::kTablespaceOid)] =
        "l " + tablespace_directory;
  }
  return expected;
}

}  // namespace cairn::tests
