// With -DFORGET this must not compile, and without it it must.
#include "server/async/task.h"

using gather::async::Task;

Task<int> Answer() { co_return 42; }

Task<> Ask() {
#ifdef FORGET
  Answer();
#else
  int answer = co_await Answer();
  (void)answer;
#endif
  co_return;
}
