// SPDX-License-Identifier: Apache-2.0
// What the program says to its caller when it ends; docs/reference/exit-statuses.md repeats this.
//
// PostgreSQL reads these. It takes any status of restore_command from 1 to 125 for "there is no
// more WAL", ends recovery and promotes; a status above 125 makes it stop instead. An error must
// therefore never look like an absence.
#pragma once

namespace cairn::app {

enum class ExitStatus : int {
  Ok = 0,
  // The command failed, or was called wrongly, or backup-verify found damage.
  Failed = 1,
  // wal-fetch: the archive has no such file. Proven, not guessed.
  NotInArchive = 74,
  // wal-fetch failed for any other reason. 126 and 127 are the shell's, above 128 are signals.
  FetchFailed = 128,
  // Plus the number of the signal that stopped the command (130: interrupted, 143: terminated).
  StoppedBySignal = 128,
};

}  // namespace cairn::app
