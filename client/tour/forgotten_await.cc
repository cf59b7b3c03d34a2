// Has the compiler, where there is one, look at a task that nobody awaits. The
// same snippet is a test: tests/unit/forgotten_await.cmake.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/text.h"
#include "client/tour/chapters.h"
#include "client/tour/child.h"
#include "client/tour/forgotten_await_data.h"

namespace gather::client::tour {
namespace {

constexpr char kWords[] = "a task runs only when it is awaited";

// A directory with the snippet and the header that it needs; gone with it.
class Workshop {
 public:
  Workshop() {
    std::error_code error;
    std::string name =
        std::filesystem::temp_directory_path(error) / "gather-tour-XXXXXX";
    if (error || mkdtemp(name.data()) == nullptr) return;
    directory_ = name;
    std::filesystem::create_directories(directory_ / "server/async", error);
    std::ofstream(directory_ / "server/async/task.h") << kTaskHeader;
    std::ofstream(directory_ / "snippet.cc") << kSnippet;
  }
  ~Workshop() {
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  Ran Compile(const std::string& compiler,
              const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {
        compiler,
        "-std=c++20",
        "-Wall",
        "-Werror",
        "-fsyntax-only",
        absl::StrCat("-I", directory_.string()),
        (directory_ / "snippet.cc").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(compiler, arguments);
  }

 private:
  std::filesystem::path directory_;
};

// The first that compiles the snippet as it is; "" for none.
std::string FindCompiler(const Workshop& workshop) {
  const char* chosen = std::getenv("CXX");
  for (const std::string& compiler :
       {std::string(chosen == nullptr ? "" : chosen), std::string("c++"),
        std::string("g++"), std::string("clang++")}) {
    if (!compiler.empty() && workshop.Compile(compiler, {}).span.status.ok()) {
      return compiler;
    }
  }
  return "";
}

void Quote(const std::string& text, Report& report) {
  for (const auto& line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    report.lines.push_back(EscapeControl(std::string(line)));
  }
}

}  // namespace

Report RunForgottenAwait(double) {
  Report report;
  const Workshop workshop;
  const std::string compiler = FindCompiler(workshop);
  if (compiler.empty()) {
    report.lines.push_back(
        "there is no C++20 compiler here; this is what GCC 12.2 said when the "
        "tour was written, and a test keeps it true:");
    Quote(kRecord, report);
    return report;
  }
  Ran awaited = workshop.Compile(compiler, {});
  awaited.span.name = "co_await Answer();";
  Ran forgotten = workshop.Compile(compiler, {"-DFORGET"});
  forgotten.span.name = "Answer();";
  report.Draw({awaited.span, forgotten.span});
  Quote(forgotten.output, report);
  report.Measured("compilation", forgotten.span.length());
  report.Says(absl::StrCat(compiler, " takes `co_await Answer();` and refuses ",
                           "`Answer();`"),
              !forgotten.span.status.ok());
  report.Says(absl::StrCat("it says why: ", kWords),
              forgotten.output.find(kWords) != std::string::npos);
  return report;
}

}  // namespace gather::client::tour
