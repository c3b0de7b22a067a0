// SPDX-License-Identifier: Apache-2.0
// What backup-fetch and restore have in common.
#pragma once

#include <chrono>

#include "app/commands.h"
#include "app/settings.h"
#include "engine/restore/backup_fetch.h"

namespace cairn::app {

// InvalidArgument names the option that does not fit.
Result<engine::FetchSettings> fetch_settings(const Settings& settings,
                                             const FetchTargetOptions& options);

void report_fetch(const engine::FetchReport& report, std::chrono::seconds duration);

}  // namespace cairn::app
