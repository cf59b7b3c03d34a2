#ifndef GATHER_SERVER_RPC_ADMISSION_H_
#define GATHER_SERVER_RPC_ADMISSION_H_

#include <atomic>
#include <cstdint>
#include <utility>

namespace gather::rpc {

// A limit on requests in flight, over all loops of a server. What is past it is
// refused at once: a queue would only grow.
//
// Thread: any.
class Admission {
 public:
  // `limit` of 0 is none.
  explicit Admission(int64_t limit) : limit_(limit) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // A place among the requests in flight, given back when it goes; false where
  // there was none. Must not outlive the Admission.
  class Ticket {
   public:
    explicit Ticket(Admission* admission) : admission_(admission) {}
    Ticket(Ticket&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (admission_ != nullptr) {
        admission_->in_flight_.fetch_sub(1, std::memory_order_relaxed);
      }
    }
    explicit operator bool() const { return admission_ != nullptr; }

   private:
    Admission* admission_;
  };

  Ticket Enter() {
    const int64_t before = in_flight_.fetch_add(1, std::memory_order_relaxed);
    if (limit_ == 0 || before < limit_) return Ticket(this);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    refused_.fetch_add(1, std::memory_order_relaxed);
    return Ticket(nullptr);
  }

  int64_t in_flight() const {
    return in_flight_.load(std::memory_order_relaxed);
  }
  int64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  const int64_t limit_;
  std::atomic<int64_t> in_flight_{0};
  std::atomic<int64_t> refused_{0};
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_ADMISSION_H_
