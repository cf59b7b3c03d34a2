#include "server/ops/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

namespace gather::ops {
namespace {

void EndProcess(int signal) { _exit(128 + signal); }

}  // namespace

StopSignals::StopSignals() : has_terminal_(isatty(STDERR_FILENO) == 1) {
  sigemptyset(&signals_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
    sigaddset(&signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int StopSignals::Wait(const std::function<void()>& read_again) {
  const auto ends = [this](int signal) {
    return signal == SIGTERM || signal == SIGINT ||
           (signal == SIGHUP && has_terminal_);
  };
  int signal = 0;
  while (sigwait(&signals_, &signal) != 0 || !ends(signal)) read_again();
  // To the first process of a container a signal does nothing by default.
  if (getpid() == 1) {
    std::signal(SIGTERM, EndProcess);
    std::signal(SIGINT, EndProcess);
  }
  // The others are still not to end it.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
  return signal;
}

}  // namespace gather::ops
