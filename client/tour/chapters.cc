#include "client/tour/chapters.h"

namespace gather::client::tour {
namespace {

constexpr Chapter kChapters[] = {
    {"sequential", "one call after the other", RunSequential},
    {"threads", "a thread a call", RunThreads},
    {"processes", "a process a call", RunProcesses},
    {"event-loop", "three coroutines on one thread, gathered", RunEventLoop},
    {"loop-timeline", "which coroutine ran when, from the loop's own record",
     RunLoopTimeline},
    {"return-exceptions", "one of three fails and costs only itself",
     RunReturnExceptions},
    {"fail-fast", "a required one fails and the rest are cancelled",
     RunFailFast},
    {"forgotten-await", "a task that nobody awaits does not compile",
     RunForgottenAwait},
    {"blocking", "one blocking call stalls the loop; a pool does not",
     RunBlocking},
    {"cpu", "a long sum on the loop, on threads and over processes",
     RunCpuWork},
    {"fire-and-forget", "spawned work that shutdown still waits for",
     RunFireAndForget},
    {"producer-consumer", "sections through a bounded queue, first come first",
     RunProducerConsumer},
    {"stages", "a call that needs another's reply, awaited within its branch",
     RunStages},
    {"n-plus-one", "a call an item against one batch of them", RunNPlusOne},
};

}  // namespace

std::span<const Chapter> Chapters() { return kChapters; }

}  // namespace gather::client::tour
