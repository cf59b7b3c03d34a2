#ifndef GATHER_CLIENT_TOUR_CHAPTERS_H_
#define GATHER_CLIENT_TOUR_CHAPTERS_H_

#include <span>

#include "client/tour/report.h"

namespace gather::client::tour {

// A chapter runs the real thing, over real RPCs, and reports what it measured.
// Each is a file of its own with its function, and a row in chapters.cc. None
// knows how it is shown: print.h and page.h do.
struct Chapter {
  const char* name;    // for --chapter
  const char* title;   // what it shows, in a few words
  const char* idea;    // why that is so, in a sentence
  const char* word;    // what Python calls it
  const char* python;  // how it reads there
  const char* code;    // and here: cut from this program's own source
  // `scale` 1 has the backends take 2 s, 1.5 s and 1 s.
  Report (*run)(double scale);
};

std::span<const Chapter> Chapters();

Report RunSequential(double scale);
Report RunThreads(double scale);
Report RunProcesses(double scale);
Report RunEventLoop(double scale);
Report RunLoopTimeline(double scale);
Report RunReturnExceptions(double scale);
Report RunFailFast(double scale);
Report RunTimeout(double scale);
Report RunForgottenAwait(double scale);
Report RunBlocking(double scale);
Report RunCpuWork(double scale);
Report RunFireAndForget(double scale);
Report RunProducerConsumer(double scale);
Report RunStages(double scale);
Report RunNPlusOne(double scale);
Report RunFirstOf(double scale);
Report RunTail(double scale);
Report RunCoalescing(double scale);
Report RunStale(double scale);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_CHAPTERS_H_
