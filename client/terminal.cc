#include "client/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "client/waterfall.h"

namespace gather::client {
namespace {

bool IsSet(const char* variable) {
  return variable != nullptr && *variable != '\0';
}

bool IsDumb(const OutputContext& context) {
  return IsSet(context.term) && context.term == std::string("dumb");
}

// The locale's name, in the order of precedence that POSIX gives.
std::string_view LocaleName(const OutputContext& context) {
  for (const char* each : {context.lc_all, context.lc_ctype, context.lang}) {
    if (IsSet(each)) return each;
  }
  return "";
}

bool HasUtf8(std::string_view locale) {
  const std::string name = absl::AsciiStrToLower(std::string(locale));
  return name.ends_with("utf-8") || name.ends_with("utf8") ||
         name.find("utf-8@") != std::string::npos ||
         name.find("utf8@") != std::string::npos;
}

}  // namespace

WaterfallOptions ChooseOptions(const OutputContext& context) {
  const bool dumb = IsDumb(context);
  WaterfallOptions options;
  if (context.is_terminal && context.columns > 0) {
    options.width = context.columns;
  }
  options.colour = context.is_terminal && IsSet(context.term) && !dumb &&
                   !IsSet(context.no_color);
  options.ascii = dumb || !HasUtf8(LocaleName(context));
  return options;
}

bool CanRedraw(const OutputContext& context) {
  return context.is_terminal && IsSet(context.term) && !IsDumb(context);
}

OutputContext StdoutContext() {
  OutputContext context{.is_terminal = isatty(STDOUT_FILENO) == 1,
                        .term = std::getenv("TERM"),
                        .no_color = std::getenv("NO_COLOR"),
                        .lc_all = std::getenv("LC_ALL"),
                        .lc_ctype = std::getenv("LC_CTYPE"),
                        .lang = std::getenv("LANG")};
  winsize size{};
  if (context.is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    context.columns = size.ws_col;
  }
  return context;
}

WaterfallOptions OptionsForStdout() { return ChooseOptions(StdoutContext()); }

}  // namespace gather::client
