#ifndef GATHER_CLIENT_TERMINAL_H_
#define GATHER_CLIENT_TERMINAL_H_

#include "client/waterfall.h"

namespace gather::client {

// What the environment says of where the output goes. A null pointer is a
// variable that is not set.
struct OutputContext {
  bool is_terminal = false;
  int columns = 0;  // 0: not known.
  const char* term = nullptr;
  const char* no_color = nullptr;
  const char* lc_all = nullptr;
  const char* lc_ctype = nullptr;
  const char* lang = nullptr;
};

// Colour on a terminal only, unless $NO_COLOR says otherwise; Unicode where the
// locale has UTF-8; ASCII and no colour where $TERM is "dumb"; 80 columns where
// nothing else is known. A pure function.
WaterfallOptions ChooseOptions(const OutputContext& context);

// Whether what is drawn may be drawn over: a terminal that moves its cursor.
bool CanRedraw(const OutputContext& context);

// Standard output, as the environment describes it.
OutputContext StdoutContext();

// The options for this process's standard output.
WaterfallOptions OptionsForStdout();

}  // namespace gather::client

#endif  // GATHER_CLIENT_TERMINAL_H_
