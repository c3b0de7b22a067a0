// SPDX-License-Identifier: Apache-2.0
#include "app/signal_watcher.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "app/exit_status.h"

namespace cairn::app {

namespace {

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    struct sigaction action = {};
    sigaction(number, nullptr, &action);
    // Ignored by our parent, as nohup does: stays so.
    if (action.sa_handler != SIG_IGN) sigaddset(&signals, number);
  }
  return signals;
}

}  // namespace

void block_signals() {
  const sigset_t signals = watched_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

SignalWatcher::SignalWatcher() : wake_up_(eventfd(0, EFD_CLOEXEC)), thread_(std::stop_token()) {
  ASSERT(wake_up_ >= 0);
  thread_.start([this](std::stop_token stop) { return watch(std::move(stop)); });
}

SignalWatcher::~SignalWatcher() {
  thread_.request_stop();
  const std::uint64_t one = 1;
  ASSERT(write(wake_up_, &one, sizeof one) == sizeof one);
  (void)thread_.join();  // watch() has nothing to say at the end.
  close(wake_up_);
}

int SignalWatcher::signal() const {
  return signal_.with([](int number) { return number; });
}

Result<> SignalWatcher::watch(std::stop_token stop) {
  const sigset_t signals = watched_signals();
  const int came = signalfd(-1, &signals, SFD_CLOEXEC);
  if (came < 0) return system_error(errno, "watch for signals");
  while (!stop.stop_requested()) {
    pollfd waiting[] = {{came, POLLIN, 0}, {wake_up_, POLLIN, 0}};
    if (poll(waiting, 2, -1) < 0 || (waiting[0].revents & POLLIN) == 0) continue;
    signalfd_siginfo info = {};
    if (read(came, &info, sizeof info) != sizeof info) continue;
    const int number = static_cast<int>(info.ssi_signo);
    if (signal() != 0) _exit(static_cast<int>(ExitStatus::StoppedBySignal) + number);
    signal_.with([number](int& kept) { kept = number; });
    stop_.request_stop();
  }
  close(came);
  return {};
}

}  // namespace cairn::app
