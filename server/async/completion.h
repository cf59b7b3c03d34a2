#ifndef GATHER_SERVER_ASYNC_COMPLETION_H_
#define GATHER_SERVER_ASYNC_COMPLETION_H_

#include "server/async/intrusive_list.h"

namespace gather::async {

// What a tag of a completion queue points to.
//
// Every operation that is started on a queue delivers its tag exactly once,
// also after it was cancelled. The object behind the tag must live until then:
// cancel, then await.
//
// Thread: Complete() is called on the loop's thread, by EventLoop alone.
class Completion : public ListNode {
 public:
  // What `ok` means is the operation's matter: see the class that derives.
  // May destroy *this.
  virtual void Complete(bool ok) = 0;

  // The tag to hand to gRPC. Nobody but EventLoop casts it back.
  void* tag() { return this; }

  // The name of the work that this completion continues, such as an RPC's
  // method: a string of static lifetime, or null. The loop restores it before
  // Complete(), so that a watchdog can name a step that holds the loop.
  const char* activity() const { return activity_; }
  void set_activity(const char* activity) { activity_ = activity; }

 protected:
  Completion() = default;
  ~Completion() = default;

 private:
  const char* activity_ = nullptr;
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_COMPLETION_H_
