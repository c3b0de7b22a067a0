// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "app/cli.h"
#include "app/environment.h"
#include "app/signal_watcher.h"
#include "app/standard_output.h"
#include "base/log.h"

namespace cairn::app {
namespace {

int number_of(ExitStatus status) {
  return static_cast<int>(status);
}

int answer(const CliAnswer& reply) {
  if (reply.status != ExitStatus::Ok) {
    log_error("{}", reply.text);
    return number_of(reply.status);
  }
  StandardOutput out;
  const Result<> written = out.write(reply.text);
  if (!written.ok()) log_error("{}", written.error().message());
  return number_of(written.ok() ? ExitStatus::Ok : ExitStatus::Failed);
}

Result<ExitStatus> run(const CommandLine& command, std::stop_token stop) {
  const auto environment = TRY(Environment::open(process_environment(), command.environment));
  StandardOutput out;
  CommandContext context{*environment, out, std::move(stop)};
  return command.run(context);
}

int main_with(const std::vector<std::string>& words) {
  block_signals();
  const auto parsed = parse_command_line(words);
  if (const auto* reply = std::get_if<CliAnswer>(&parsed)) return answer(*reply);
  const auto& command = std::get<CommandLine>(parsed);
  SignalWatcher signals;
  const Result<ExitStatus> status = run(command, signals.stop_token());
  if (status.ok()) return number_of(status.value());
  log_error("{}", status.error().message());
  if (status.error().code() == ErrorCode::Cancelled && signals.signal() != 0) {
    return number_of(ExitStatus::StoppedBySignal) + signals.signal();
  }
  return number_of(command.if_failed);
}

}  // namespace
}  // namespace cairn::app

int main(int argc, char** argv) {
  return cairn::app::main_with(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
