#include "client/tour/chapters.h"

#include "client/tour/forgotten_await_data.h"
#include "client/tour/snippets.h"

namespace gather::client::tour {
namespace {

constexpr Chapter kChapters[] = {
    {"sequential", "one call after the other",
     "Each call waits for the one before it, so the times add up, though none "
     "of them needs another's answer.",
     "await, one by one",
     "for section in sections:\n"
     "    await call(section)",
     kSequentialCode, RunSequential},
    {"threads", "a thread a call",
     "Each call blocks a thread of its own, so all wait at the same time; a "
     "thread costs a stack, and a thousand of them cost a thousand.",
     "ThreadPoolExecutor",
     "with ThreadPoolExecutor() as pool:\n"
     "    list(pool.map(call, sections))",
     kThreadsCode, RunThreads},
    {"processes", "a process a call",
     "A process has memory of its own, and costs more to start than a call "
     "takes: worth it for what must not share, or must not crash the rest.",
     "ProcessPoolExecutor, subprocess",
     "procs = [await create_subprocess_exec(*command(s))\n"
     "         for s in sections]\n"
     "await gather(*(p.wait() for p in procs))",
     kProcessesCode, RunProcesses},
    {"event-loop", "three coroutines on one thread, gathered",
     "A coroutine that waits gives its thread away, so one thread has any "
     "number of calls in flight, each for less memory than a thread.",
     "asyncio.gather", "await asyncio.gather(user(), orders(), products())",
     kCallsCode, RunEventLoop},
    {"loop-timeline", "which coroutine ran when, from the loop's own record",
     "One coroutine runs at a time, and only until it awaits: there is nothing "
     "to lock, and almost all of the time the thread is free.",
     "the event loop, in debug mode",
     "loop.set_debug(True)  # logs what holds the loop\n"
     "await asyncio.gather(user(), orders(), products())",
     kLoopTimelineCode, RunLoopTimeline},
    {"return-exceptions", "one of three fails and costs only itself",
     "A branch that fails is a value like any other, so the answer has what "
     "the others brought.",
     "asyncio.gather(return_exceptions=True)",
     "results = await asyncio.gather(\n"
     "    user(), orders(), products(), return_exceptions=True)",
     kReturnExceptionsCode, RunReturnExceptions},
    {"fail-fast", "a required one fails and the rest are cancelled",
     "Where the answer is of no use without one branch, its failure ends the "
     "others at once, and their backends see it.",
     "TaskGroup",
     "async with asyncio.TaskGroup() as group:\n"
     "    for section in sections:\n"
     "        group.create_task(call(section))",
     kFailFastCode, RunFailFast},
    {"timeout", "a call that takes longer than it may is given up",
     "A deadline ends the wait for an answer, and tells the backend, which "
     "need "
     "not finish what nobody will read.",
     "asyncio.wait_for",
     "try:\n"
     "    await asyncio.wait_for(user(), timeout=0.5)\n"
     "except TimeoutError:\n"
     "    ...",
     kTimeoutCode, RunTimeout},
    {"forgotten-await", "a task that nobody awaits does not compile",
     "A coroutine that is called and not awaited never runs; here the compiler "
     "says so, where Python warns at run time, if at all.",
     "RuntimeWarning: coroutine was never awaited",
     "async def ask():\n"
     "    answer()  # a warning, perhaps, and nothing runs",
     kSnippet, RunForgottenAwait},
    {"blocking", "one blocking call stalls the loop; a pool does not",
     "A call that blocks the loop's thread holds up every coroutine on it, "
     "answered or not; in a pool it blocks a thread that nobody waits for.",
     "run_in_executor", "await loop.run_in_executor(pool, blocking_call)",
     kBlockingCode, RunBlocking},
    {"cpu", "a long sum on the loop, on threads and over processes",
     "Work that needs a CPU does not wait, so a loop can't interleave it: it "
     "needs other cores, which threads reach here, and in CPython only "
     "processes do.",
     "ProcessPoolExecutor, for the sake of the GIL",
     "with ProcessPoolExecutor() as pool:\n"
     "    sums = await asyncio.gather(*(\n"
     "        loop.run_in_executor(pool, sum_of, *part)\n"
     "        for part in parts))",
     kCpuWorkCode, RunCpuWork},
    {"fire-and-forget", "spawned work that shutdown still waits for",
     "Work that nobody awaits belongs to a scope that does, or shutdown cuts "
     "it short.",
     "create_task, TaskGroup",
     "async with asyncio.TaskGroup() as group:\n"
     "    for section in sections:\n"
     "        group.create_task(call(section))\n"
     "    # goes on at once; the end of the block waits",
     kFireAndForgetCode, RunFireAndForget},
    {"producer-consumer", "sections through a bounded queue, first come first",
     "Branches put what they have into a queue as it comes, and a writer takes "
     "it out: nobody waits for the slowest to see the first, and a queue that "
     "is full makes its producers wait.",
     "asyncio.Queue, as_completed",
     "await queue.put(item)  # waits while it is full\n"
     "...\n"
     "item = await queue.get()",
     kBackPressureCode, RunProducerConsumer},
    {"stages", "a call that needs another's reply, awaited within its branch",
     "A branch may await one call after another: only what needs a reply waits "
     "for it, and the longest path is what the whole takes.",
     "await within a gathered coroutine",
     "async def purchases():\n"
     "    return await products(ids_of(await orders()))\n"
     "await asyncio.gather(user(), purchases(), recommended())",
     kStagesCode, RunStages},
    {"n-plus-one", "a call an item against one batch of them",
     "A call for each item of a list costs a round trip an item; a method that "
     "takes them all costs one.",
     "a list, not a loop",
     "for id in ids:\n"
     "    await product(id)      # N round trips\n"
     "await products(ids)        # one",
     kNPlusOneCode, RunNPlusOne},
    {"first-of", "the first answer of three, and the rest cancelled",
     "Where any of several will do, whoever is fastest answers for all; the "
     "others are cancelled, and still waited for.",
     "asyncio.wait(return_when=FIRST_COMPLETED)",
     "done, rest = await asyncio.wait(\n"
     "    tasks, return_when=FIRST_COMPLETED)\n"
     "for task in rest:\n"
     "    task.cancel()\n"
     "await asyncio.wait(rest)",
     kFirstOfCode, RunFirstOf},
    {"tail", "one call in twenty is slow, and a hedge does not wait for it",
     "The more calls a request makes, the surer one of them is slow; a second "
     "call, made only where the first takes unusually long, cuts that tail for "
     "few calls more.",
     "wait, then wait(FIRST_COMPLETED)",
     "done, _ = await asyncio.wait({first}, timeout=delay)\n"
     "if not done:\n"
     "    done, rest = await asyncio.wait(\n"
     "        {first, create_task(call())},\n"
     "        return_when=FIRST_COMPLETED)",
     kTailCode, RunTail},
    {"coalescing", "a crowd that asks the same, with one call for all",
     "Equal calls that are wanted at the same time need be made only once: who "
     "comes while one is under way waits for that one's answer.",
     "a dict of tasks",
     "if key not in tasks:\n"
     "    tasks[key] = create_task(call(key))\n"
     "return await asyncio.shield(tasks[key])",
     kCoalescingCode, RunCoalescing},
    {"stale", "an answer that outlives the backend that gave it",
     "An old answer that says how old it is may be worth more than none, so "
     "the last good one is kept for when its backend fails.",
     "except, and the value from before",
     "try:\n"
     "    cache[key] = await call(key)\n"
     "except BackendError:\n"
     "    pass  # the answer says that it is old\n"
     "return cache[key]",
     kStaleCode, RunStale},
};

}  // namespace

std::span<const Chapter> Chapters() { return kChapters; }

}  // namespace gather::client::tour
