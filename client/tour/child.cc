#include "client/tour/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace gather::client::tour {
namespace {

Clock::duration ToDuration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::microseconds(time.tv_usec);
}

// Starts it with its output on `out`, which stays open. 0, or an errno.
int Spawn(const std::string& path, const std::vector<std::string>& arguments,
          int out, pid_t* pid) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> argv;
  for (std::string& each : copies) argv.push_back(each.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
  const int error =
      posix_spawnp(pid, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

std::string ReadAll(int fd) {
  std::string all;
  char buffer[4096];
  while (true) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size > 0) all.append(buffer, static_cast<std::size_t>(size));
    if (size == 0 || (size < 0 && errno != EINTR)) return all;
  }
}

void Await(pid_t pid, Ran& ran) {
  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  ran.cpu_time = ToDuration(usage.ru_utime) + ToDuration(usage.ru_stime);
  ran.peak_resident_bytes = int64_t{usage.ru_maxrss} * 1024;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    ran.span.status = absl::UnknownError(
        absl::StrCat("ended with wait status ", status, ": ", ran.output));
  }
}

Ran RunAt(const std::string& path, const std::vector<std::string>& arguments) {
  Ran ran;
  ran.span.name = arguments[0];
  ran.span.start = Clock::now();
  int out[2] = {-1, -1};
  if (pipe2(out, O_CLOEXEC) != 0) {
    ran.span.status = absl::ResourceExhaustedError("no pipe");
    return ran;
  }
  pid_t pid = -1;
  const int error = Spawn(path, arguments, out[1], &pid);
  close(out[1]);
  if (error == 0) {
    ran.output = ReadAll(out[0]);
    Await(pid, ran);
  } else {
    ran.span.status = absl::NotFoundError(
        absl::StrCat("can't start ", path, ": ", std::strerror(error)));
  }
  close(out[0]);
  ran.span.end = Clock::now();
  return ran;
}

}  // namespace

Ran RunProgram(const std::string& name,
               const std::vector<std::string>& arguments) {
  return RunAt(name, arguments);
}

Ran RunSelf(const std::string& name,
            const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {name};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunAt("/proc/self/exe", argv);
}

}  // namespace gather::client::tour
