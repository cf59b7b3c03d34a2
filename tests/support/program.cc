#include "tests/support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "gtest/gtest.h"
#include "tests/support/gate.h"

namespace gather::testing {
namespace {

std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (const char* name : {"PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
                           "UBSAN_OPTIONS", "TSAN_OPTIONS", "TMPDIR"}) {
    if (const char* value = std::getenv(name)) {
      variables.push_back(std::string(name) + "=" + value);
    }
  }
  variables.push_back("LC_ALL=C.UTF-8");
  variables.push_back("TERM=xterm");
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The test's end and the program's.
std::pair<int, int> OpenChannel(Program::Output output) {
  int ends[2] = {-1, -1};
  if (output == Program::Output::kTerminal) {
    const winsize size{
        .ws_row = 24, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(openpty(&ends[0], &ends[1], nullptr, nullptr, &size), 0);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  } else {
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  }
  return {ends[0], ends[1]};
}

}  // namespace

Program::Program(Output output, const std::string& path,
                 const std::vector<std::string>& arguments) {
  const auto [mine, its] = OpenChannel(output);
  fd_ = mine;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, its, STDOUT_FILENO);
  if (output == Output::kTerminal) {
    posix_spawn_file_actions_adddup2(&actions, its, STDERR_FILENO);
  }
  std::vector<std::string> argv = {path};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = Environment();
  EXPECT_EQ(posix_spawn(&pid_, path.c_str(), &actions, nullptr,
                        Pointers(argv).data(), Pointers(environment).data()),
            0)
      << path;
  posix_spawn_file_actions_destroy(&actions);
  close(its);
}

Program::~Program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(fd_);
}

bool Program::ReadMore() {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  const auto patience =
      std::chrono::duration_cast<std::chrono::milliseconds>(kPatience);
  if (poll(&ready, 1, static_cast<int>(patience.count())) != 1) return false;
  char buffer[4096];
  // A terminal that nobody has open any more is an error, not an end.
  const ssize_t size = read(fd_, buffer, sizeof(buffer));
  if (size <= 0) return false;
  output_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

bool Program::ReadUntil(const std::string& text) {
  std::size_t found = output_.find(text, consumed_);
  while (found == std::string::npos) {
    if (!ReadMore()) return false;
    found = output_.find(text, consumed_);
  }
  consumed_ = found + text.size();
  return true;
}

int Program::Wait() {
  while (ReadMore()) {
  }
  int status = 0;
  EXPECT_EQ(waitpid(std::exchange(pid_, -1), &status, 0) > 0, true);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace gather::testing
