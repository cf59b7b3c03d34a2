#ifndef GATHER_SERVER_ASYNC_LINKED_STOP_H_
#define GATHER_SERVER_ASYNC_LINKED_STOP_H_

#include <stop_token>
#include <utility>

namespace gather::async {

// A stop source of its own that is also stopped when a parent is: what a
// fan-out needs that ends when its caller goes away, or when a branch fails.
//
// Thread: any. Lifetime: tokens may outlive it.
class LinkedStop {
 public:
  explicit LinkedStop(std::stop_token parent)
      : on_parent_(std::move(parent), Forward(&source_)) {}
  LinkedStop(const LinkedStop&) = delete;
  LinkedStop& operator=(const LinkedStop&) = delete;

  std::stop_source& source() { return source_; }
  std::stop_token token() const { return source_.get_token(); }

 private:
  class Forward {
   public:
    explicit Forward(std::stop_source* source) : source_(source) {}
    void operator()() const { source_->request_stop(); }

   private:
    std::stop_source* source_;
  };

  std::stop_source source_;
  std::stop_callback<Forward> on_parent_;
};

// Requests a stop as it goes, however its scope is left.
class StopAtEnd {
 public:
  explicit StopAtEnd(std::stop_source& source) : source_(source) {}
  ~StopAtEnd() { source_.request_stop(); }
  StopAtEnd(const StopAtEnd&) = delete;
  StopAtEnd& operator=(const StopAtEnd&) = delete;

 private:
  std::stop_source& source_;
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_LINKED_STOP_H_
