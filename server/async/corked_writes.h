#ifndef GATHER_SERVER_ASYNC_CORKED_WRITES_H_
#define GATHER_SERVER_ASYNC_CORKED_WRITES_H_

// What a thread writes to its connections, one message after the other, goes
// out together: each of its sendmsg() calls says that more is to follow
// (MSG_MORE in send(2)), and the last word is TCP_NODELAY (tcp(7)), set again.
// gRPC 1.51 writes what a call has to say as soon as it is said, and has no way
// to say "that, and then flush" (decisions/0033-corked-writes.md).
//
// Small pieces of a message are copied to one on the way: the kernel takes
// longer to fetch each.
//
// A hint: Linux sends what waits also when the other side acknowledges what
// went before.
//
// gRPC calls sendmsg() by its name, so the program that links this file has
// another one: of a thread that never corks it is the C library's. It must
// write to TCP and Unix sockets alone while it does; at worst, where it
// neither flushes nor writes, Linux sends after 200 ms. ThreadSanitizer needs
// the C library's: with it, nothing is corked.
//
// Thread: any, each for itself.
namespace gather::async {

// From now on what this thread writes waits.
void CorkWrites() noexcept;

// Sends what waits. Also done where that is much, in bytes or sockets.
void FlushWrites() noexcept;

// Sends what waits, and from now on each write at once.
void UncorkWrites() noexcept;

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_CORKED_WRITES_H_
