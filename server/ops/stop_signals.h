#ifndef GATHER_SERVER_OPS_STOP_SIGNALS_H_
#define GATHER_SERVER_OPS_STOP_SIGNALS_H_

#include <csignal>
#include <functional>

namespace gather::ops {

// Catches the signals that a server is told what to do by. Make it in main
// before any other thread: threads inherit the mask, and a signal must not end
// one of them.
//
// SIGTERM and SIGINT end it. SIGHUP, SIGUSR1 and SIGUSR2, which by default end
// a process and its calls, have it read again what may change; but SIGHUP ends
// a server that was started from a terminal, as that is gone.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns the first signal that ends it; calls `read_again` for each that
  // comes before and does not. From then on, the next one ends the process at
  // once, as if nobody had caught it; a container's first process, which the
  // kernel spares, exits with 128 and the signal's number.
  int Wait(const std::function<void()>& read_again);

 private:
  sigset_t signals_;
  const bool has_terminal_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_STOP_SIGNALS_H_
