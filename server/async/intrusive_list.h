#ifndef GATHER_SERVER_ASYNC_INTRUSIVE_LIST_H_
#define GATHER_SERVER_ASYNC_INTRUSIVE_LIST_H_

#include <cassert>

namespace gather::async {

template <typename T>
class IntrusiveList;

// What makes an object a member of an IntrusiveList: at most one at a time.
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  bool linked() const { return next_ != nullptr; }

  // Leaves the list that it is in, if it is in one.
  void Unlink() {
    if (!linked()) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 protected:
  ~ListNode() { assert(!linked() && "unlink a node before it goes"); }

 private:
  template <typename T>
  friend class IntrusiveList;

  ListNode* prev_ = nullptr;
  ListNode* next_ = nullptr;
};

// A list of objects that live elsewhere, such as in coroutines' frames: adding
// and removing allocates nothing, and so can't fail.
//
//   class Waiter : public ListNode { ... };
//   IntrusiveList<Waiter> waiters;
//   waiters.PushBack(waiter);
//   while (!waiters.empty()) waiters.PopFront().Wake();
//
// Whatever is called on the way may add and remove members, as long as nobody
// walks the list: take from its front instead.
//
// Thread: one at a time. Lifetime: must outlive its members, or be empty.
template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.prev_ = head_.next_ = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    assert(empty() && "a list must be empty when it goes");
    head_.prev_ = head_.next_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }

  T& front() {
    assert(!empty());
    return *static_cast<T*>(head_.next_);
  }

  void PushBack(T& item) {
    ListNode& node = item;
    assert(!node.linked());
    node.prev_ = head_.prev_;
    node.next_ = &head_;
    head_.prev_->next_ = &node;
    head_.prev_ = &node;
  }

  T& PopFront() {
    T& first = front();
    first.Unlink();
    return first;
  }

  // Moves all members of `other` to the end of this one.
  void TakeAll(IntrusiveList& other) {
    if (other.empty()) return;
    ListNode* const first = other.head_.next_;
    ListNode* const last = other.head_.prev_;
    first->prev_ = head_.prev_;
    head_.prev_->next_ = first;
    last->next_ = &head_;
    head_.prev_ = last;
    other.head_.prev_ = other.head_.next_ = &other.head_;
  }

 private:
  class Head : public ListNode {};

  Head head_;
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_INTRUSIVE_LIST_H_
