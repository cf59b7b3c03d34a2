#ifndef GATHER_TESTS_SUPPORT_PROGRAM_H_
#define GATHER_TESTS_SUPPORT_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace gather::testing {

// A program that runs beside the test, with its output in the test's hands.
//
//   Program watch(Program::Output::kTerminal, GATHERCTL, {"watch", "alice"});
//   EXPECT_TRUE(watch.ReadUntil("products"));
//   EXPECT_EQ(watch.Wait(), 0);
//
// Thread: the test's. Killed, where it still runs, when it goes.
class Program {
 public:
  enum class Output {
    kPipe,
    kTerminal,  // a pseudo-terminal of 100 columns, with TERM=xterm
  };

  // Both have a UTF-8 locale. On a pipe, stderr is the test's own.
  Program(Output output, const std::string& path,
          const std::vector<std::string>& arguments);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Reads until the output since the last such call has `text`, and keeps what
  // comes after. False where the output ended before, or patience did.
  [[nodiscard]] bool ReadUntil(const std::string& text);

  // Reads all that comes, and waits. The exit code; -1 for a death by signal.
  int Wait();

  // All that was read.
  const std::string& output() const { return output_; }

 private:
  bool ReadMore();

  pid_t pid_ = -1;
  int fd_ = -1;
  std::string output_;
  std::size_t consumed_ = 0;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_PROGRAM_H_
